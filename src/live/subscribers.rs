//! The subscribers and the position that each has reached.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};

use futures_util::Stream;
use tokio::sync::{Notify, mpsc, watch};

use super::{SubscribeError, SubscriberLimits};
use crate::domain::award::{Award, ChangePosition};
use crate::domain::id::UserId;
use crate::metrics;
use crate::store::award_changes::ChangesAfter;

/// Buffer size of one subscriber, in awards.
pub(super) const ROOM: usize = 32;

/// All subscribers of a process.
pub(super) struct Subscribers {
    limits: SubscriberLimits,
    book: Mutex<Book>,
    /// Number of subscribers and of waiting readers of the feed.
    count: watch::Sender<usize>,
    /// Changes with each Postgres notification.
    pub(super) heard: watch::Sender<()>,
    /// Notified when a subscriber becomes ready to be read for.
    pub(super) wanted: Notify,
    /// Notified on a Postgres notification, and when notifications may have been lost.
    pub(super) notified: Notify,
}

#[derive(Default)]
struct Book {
    next_id: u64,
    subscribers: HashMap<u64, Subscriber>,
    /// Readers of the host application's feed that wait for a change.
    waiting: usize,
    of_user: HashMap<UserId, Vec<u64>>,
}

struct Subscriber {
    user: UserId,
    /// All changes up to this position have been delivered. `None` until the subscription begins.
    position: Option<ChangePosition>,
    sender: mpsc::Sender<Arc<Award>>,
    /// True if not all available changes fitted into the buffer.
    starving: Arc<AtomicBool>,
}

impl Subscribers {
    pub(super) fn new(limits: SubscriberLimits) -> Self {
        Self {
            limits,
            book: Mutex::default(),
            count: watch::Sender::new(0),
            heard: watch::Sender::new(()),
            wanted: Notify::new(),
            notified: Notify::new(),
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().expect("nothing panics while it holds the book")
    }

    pub(super) fn count(&self) -> usize {
        self.book().subscribers.len()
    }

    /// Returns the number of waiting readers.
    pub(super) fn waiting(&self) -> usize {
        self.book().waiting
    }

    /// Registers a waiting reader, unless `most` of them wait already.
    pub(super) fn wait(this: &Arc<Self>, most: usize) -> Option<ChangeWait> {
        let mut book = this.book();
        if book.waiting >= most {
            return None;
        }
        book.waiting += 1;
        let heard = this.heard.subscribe();
        this.publish_count(&book);
        Some(ChangeWait {
            subscribers: Arc::clone(this),
            heard,
        })
    }

    /// Waits until there is a subscriber.
    pub(super) async fn wait_for_subscribers(&self) {
        // Never fails: `self` is the sender.
        let _ = self.count.subscribe().wait_for(|count| *count > 0).await;
    }

    /// Waits until there are no subscribers.
    pub(super) async fn wait_for_no_subscribers(&self) {
        let _ = self.count.subscribe().wait_for(|count| *count == 0).await;
    }

    /// Registers a subscription, within the limits.
    ///
    /// # Errors
    /// If a limit is reached.
    pub(super) fn admit(this: &Arc<Self>, user: UserId) -> Result<Changes, SubscribeError> {
        let (sender, receiver) = mpsc::channel(ROOM);
        let starving = Arc::<AtomicBool>::default();
        let mut book = this.book();
        if book.subscribers.len() >= this.limits.in_all {
            return Err(SubscribeError::TooMany);
        }
        if book.of_user.get(&user).map_or(0, Vec::len) >= this.limits.per_user {
            return Err(SubscribeError::TooManyOfUser(this.limits.per_user));
        }
        let id = book.next_id;
        book.next_id += 1;
        book.of_user.entry(user).or_default().push(id);
        let subscriber = Subscriber {
            user,
            position: None,
            sender,
            starving: Arc::clone(&starving),
        };
        book.subscribers.insert(id, subscriber);
        this.publish_count(&book);
        Ok(Changes {
            id,
            receiver,
            starving,
            subscribers: Arc::clone(this),
        })
    }

    fn publish_count(&self, book: &Book) {
        metrics::live_subscriptions(book.subscribers.len());
        self.count.send_replace(book.subscribers.len() + book.waiting);
    }

    /// Returns the users and positions to read for. Duplicates and subscribers without room are omitted.
    pub(super) fn asks(&self) -> Vec<(UserId, ChangePosition)> {
        let mut asks: Vec<_> = self
            .book()
            .subscribers
            .values()
            .filter_map(|subscriber| Some((subscriber.user, subscriber.position?)).filter(|_| subscriber.has_room()))
            .collect();
        asks.sort_unstable();
        asks.dedup();
        asks
    }

    /// Delivers the result of one read to all subscribers that wait for it.
    pub(super) fn deliver(&self, ask: (UserId, ChangePosition), changes: ChangesAfter) {
        let Some(last_change) = changes.last_change else {
            return;
        };
        let is_all = changes.awards.len() < ROOM;
        let awards: Vec<_> = changes.awards.into_iter().map(Arc::new).collect();
        let (user, after) = ask;
        let mut book = self.book();
        let Book {
            subscribers, of_user, ..
        } = &mut *book;
        for id in of_user.get(&user).into_iter().flatten() {
            if let Some(subscriber) = subscribers.get_mut(id)
                && subscriber.position == Some(after)
                && subscriber.take(&awards)
                && is_all
            {
                // Some numbers have no award: it changed again, or the change was not made.
                subscriber.position = Some(last_change);
            }
        }
    }
}

impl Subscriber {
    /// Returns true if there is room in the buffer. If not, the subscriber requests a read itself once it has drained
    /// the buffer.
    fn has_room(&self) -> bool {
        if self.sender.capacity() > 0 {
            return true;
        }
        self.starving.store(true, Ordering::SeqCst);
        // The buffer may have been drained just before `starving` became visible.
        self.sender.capacity() > 0
    }

    /// Takes as many awards as there is room for; returns true if that was all.
    fn take(&mut self, awards: &[Arc<Award>]) -> bool {
        for award in awards {
            if self.sender.try_send(Arc::clone(award)).is_err() {
                return false;
            }
            metrics::live_event();
            self.position = Some(award.position());
        }
        true
    }
}

/// A reader of the host application's feed that waits for changes. The wait ends on drop.
pub struct ChangeWait {
    subscribers: Arc<Subscribers>,
    heard: watch::Receiver<()>,
}

impl ChangeWait {
    /// Waits until awards may have changed since the last call, in any process.
    pub async fn changed(&mut self) {
        // Never fails: `subscribers` has the sender.
        let _ = self.heard.changed().await;
    }
}

impl Drop for ChangeWait {
    fn drop(&mut self) {
        let mut book = self.subscribers.book();
        book.waiting -= 1;
        self.subscribers.publish_count(&book);
    }
}

/// The changes of one subscription, in order and without duplicates. The subscription ends on drop.
pub struct Changes {
    id: u64,
    receiver: mpsc::Receiver<Arc<Award>>,
    starving: Arc<AtomicBool>,
    subscribers: Arc<Subscribers>,
}

impl Changes {
    /// Activates the subscription from a position on.
    pub(super) fn begin(self, position: ChangePosition) -> Self {
        if let Some(subscriber) = self.subscribers.book().subscribers.get_mut(&self.id) {
            subscriber.position = Some(position);
        }
        self.subscribers.wanted.notify_one();
        self
    }
}

impl Stream for Changes {
    type Item = Arc<Award>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Arc<Award>>> {
        let taken = self.receiver.poll_recv(context);
        // Wait until the buffer is half empty, to avoid one statement per award.
        if self.receiver.len() <= ROOM / 2 && self.starving.swap(false, Ordering::SeqCst) {
            self.subscribers.wanted.notify_one();
        }
        taken
    }
}

impl Drop for Changes {
    fn drop(&mut self) {
        let mut book = self.subscribers.book();
        let Some(gone) = book.subscribers.remove(&self.id) else {
            return;
        };
        if let Entry::Occupied(mut of_user) = book.of_user.entry(gone.user) {
            of_user.get_mut().retain(|id| *id != self.id);
            if of_user.get().is_empty() {
                of_user.remove();
            }
        }
        self.subscribers.publish_count(&book);
    }
}

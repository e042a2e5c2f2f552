//! Changes of awards for all subscribers of this process, with one shared listener and one shared reader.
//!
//! A Postgres notification only says that something changed. The reader then reads the changes after each subscriber's
//! position, in one statement for all subscribers, and delivers as many as fit into each subscriber's buffer: for a
//! slow subscriber, changes are read again after it has drained its buffer. A missed notification delays changes by a
//! few seconds, because the reader also polls. Without subscribers there are no queries and no listener.

mod listener;
mod reader;
mod subscribers;

use std::sync::Arc;

use crate::store::bounded::PgPool;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::batcher::{Batcher, BatcherLimits};
use crate::domain::award::ChangePosition;
use crate::domain::id::UserId;
use crate::live::subscribers::Subscribers;
use crate::loaders::ServiceError;
use crate::store::award_changes::last_changes;

pub use crate::live::subscribers::{ChangeWait, Changes};

/// Limits on concurrent subscriptions in one process.
#[derive(Clone, Copy, Debug)]
pub struct SubscriberLimits {
    pub per_user: usize,
    pub in_all: usize,
}

impl Default for SubscriberLimits {
    fn default() -> Self {
        Self {
            per_user: 10,
            in_all: 3_000,
        }
    }
}

/// Maximum number of readers of the host application's feed that wait in one process. Each occupies one of the
/// concurrent operations of the admin API.
const MAX_WAITING: usize = 4;

/// Reason why a subscription was rejected.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SubscribeError {
    /// The user already has this number of subscriptions in this process.
    #[error("the user has {0} subscriptions")]
    TooManyOfUser(usize),
    #[error("there are too many subscriptions")]
    TooMany,
    #[error(transparent)]
    Read(#[from] ServiceError),
}

/// Source of subscriptions to changes. Clones share one listener and one reader, which end when the last clone is
/// dropped.
#[derive(Clone)]
pub struct AwardChanges {
    subscribers: Arc<Subscribers>,
    last_changes: Batcher<UserId, Result<ChangePosition, ServiceError>>,
    _end: Arc<DropGuard>,
}

impl AwardChanges {
    /// Starts the listener and the reader; must be called within a Tokio runtime. The pool is used only by them and
    /// must have at least two connections.
    pub fn start(pool: PgPool, limits: SubscriberLimits) -> Self {
        let subscribers = Arc::new(Subscribers::new(limits));
        let end = CancellationToken::new();
        tokio::spawn({
            let (listening, end) = (listener::run(pool.clone(), Arc::clone(&subscribers)), end.clone());
            async move { end.run_until_cancelled(listening).await }
        });
        tokio::spawn({
            let (reading, end) = (reader::run(pool.clone(), Arc::clone(&subscribers)), end.clone());
            async move { end.run_until_cancelled(reading).await }
        });
        let last_changes = Batcher::start(BatcherLimits::default(), move |users: Vec<UserId>| {
            let pool = pool.clone();
            async move {
                match last_changes(&pool, &users).await.map_err(ServiceError::from) {
                    Ok(found) => found.into_iter().map(Ok).collect(),
                    Err(error) => vec![Err(error); users.len()],
                }
            }
        });
        Self {
            subscribers,
            last_changes,
            _end: Arc::new(end.drop_guard()),
        }
    }

    /// Returns the changes of a user's awards from now on, or after a position that was reached before. The
    /// subscription is active when this returns: everything committed from then on is included.
    ///
    /// A position in the future cannot be from this database, for example after a restore: all changes are then sent
    /// from the start.
    ///
    /// # Errors
    /// If a limit is reached, or the database fails.
    pub async fn subscribe(&self, user: UserId, after: Option<ChangePosition>) -> Result<Changes, SubscribeError> {
        let place = Subscribers::admit(&self.subscribers, user)?;
        let now = self.last_changes.load(user).await.map_err(ServiceError::from)??;
        let begin = match after {
            None => now,
            Some(position) if position > now => ChangePosition::START,
            Some(position) => position,
        };
        Ok(place.begin(begin))
    }

    /// Listens for changes of awards until the wait is dropped. Returns `None` if too many readers wait already.
    pub fn wait(&self) -> Option<ChangeWait> {
        Subscribers::wait(&self.subscribers, MAX_WAITING)
    }

    /// Returns the number of waiting readers.
    pub fn waiting(&self) -> usize {
        self.subscribers.waiting()
    }

    /// Returns the number of subscriptions.
    pub fn subscriptions(&self) -> usize {
        self.subscribers.count()
    }
}

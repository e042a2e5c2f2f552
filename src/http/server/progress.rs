//! Deadlines for clients that do not receive their replies.
//!
//! A piece of a reply is pending from its handover to hyper until hyper requests the next one, which over HTTP/2 waits
//! for the client's window, and over HTTP/1 for space in the socket buffer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hyper::rt::Executor;
use tokio::sync::Notify;

/// Limits for slow receivers.
#[derive(Clone, Copy, Debug)]
pub struct ReplyDeadlines {
    /// Maximum time that a piece may be pending.
    pub stall: Duration,
    /// Minimum rate of a whole reply after `stall`, in bytes per second.
    pub bytes_per_second: u64,
    /// Number of stalled streams after which their connection is closed.
    pub stalled_streams: u32,
}

/// Progress of one reply.
pub struct Progress {
    deadlines: ReplyDeadlines,
    created: Instant,
    /// Milliseconds from `created` to the handover of the pending piece, plus one; 0 if none is pending.
    waiting_since: AtomicU64,
    /// Milliseconds from `created` to the beginning of the reply.
    begun: AtomicU64,
    handed_over: AtomicU64,
    /// 1 for an endless reply, which has no minimum rate.
    endless: AtomicU32,
}

impl Progress {
    pub fn new(deadlines: ReplyDeadlines) -> Arc<Self> {
        Arc::new(Self {
            deadlines,
            created: Instant::now(),
            waiting_since: AtomicU64::new(0),
            begun: AtomicU64::new(0),
            handed_over: AtomicU64::new(0),
            endless: AtomicU32::new(0),
        })
    }

    /// Records the beginning of a reply.
    pub fn begin(&self, is_endless: bool) {
        self.begun.store(self.now(), Ordering::Relaxed);
        self.handed_over.store(0, Ordering::Relaxed);
        self.endless.store(is_endless.into(), Ordering::Relaxed);
        self.waiting_since.store(0, Ordering::Relaxed);
    }

    /// Records that hyper requested the next piece, or that the reply has ended.
    pub fn taken(&self) {
        self.waiting_since.store(0, Ordering::Relaxed);
    }

    /// Records the handover of a piece.
    pub fn handed_over(&self, bytes: usize) {
        self.handed_over.fetch_add(bytes as u64, Ordering::Relaxed);
        self.waiting_since.store(self.now() + 1, Ordering::Relaxed);
    }

    /// Waits until the client is too slow.
    pub async fn stalled(&self) {
        while let Some(left) = self.time_left() {
            tokio::time::sleep(left.min(self.deadlines.stall)).await;
        }
    }

    fn time_left(&self) -> Option<Duration> {
        let stall = self.deadlines.stall;
        let waiting_since = self.waiting_since.load(Ordering::Relaxed);
        if waiting_since == 0 {
            return Some(stall);
        }
        let mut until = Duration::from_millis(waiting_since) + stall;
        if self.endless.load(Ordering::Relaxed) == 0 {
            let begun = Duration::from_millis(self.begun.load(Ordering::Relaxed) + 1);
            let bytes = self.handed_over.load(Ordering::Relaxed);
            let in_all = Duration::from_millis(bytes.saturating_mul(1_000) / self.deadlines.bytes_per_second.max(1));
            until = until.min(begun + stall + in_all);
        }
        until.checked_sub(self.created.elapsed()).filter(|left| !left.is_zero())
    }

    fn now(&self) -> u64 {
        u64::try_from(self.created.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

tokio::task_local! {
    static STREAM: Arc<Progress>;
}

/// Executor of the streams of one HTTP/2 connection. A stalled stream is dropped, which resets it with the code CANCEL
/// and frees its unsent data.
#[derive(Clone)]
pub struct Streams {
    deadlines: ReplyDeadlines,
    stalled: Arc<(AtomicU32, Notify)>,
}

impl Streams {
    pub fn new(deadlines: ReplyDeadlines) -> Self {
        Self {
            deadlines,
            stalled: Arc::default(),
        }
    }

    /// Returns the progress of the current stream; `None` over HTTP/1, which has no streams.
    pub fn current() -> Option<Arc<Progress>> {
        STREAM.try_with(Arc::clone).ok()
    }

    /// Waits until the limit of stalled streams is reached.
    pub async fn too_many_stalled(&self) {
        let (count, notify) = &*self.stalled;
        loop {
            let next = notify.notified();
            if count.load(Ordering::Relaxed) >= self.deadlines.stalled_streams {
                return;
            }
            next.await;
        }
    }
}

impl<F> Executor<F> for Streams
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, stream: F) {
        let progress = Progress::new(self.deadlines);
        let stalled = Arc::clone(&self.stalled);
        tokio::spawn(STREAM.scope(Arc::clone(&progress), async move {
            tokio::select! {
                biased;
                () = stream => {}
                () = progress.stalled() => {
                    tracing::debug!("a stream is reset: its reply was not taken");
                    stalled.0.fetch_add(1, Ordering::Relaxed);
                    stalled.1.notify_one();
                }
            }
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEADLINES: ReplyDeadlines = ReplyDeadlines {
        stall: Duration::from_secs(30),
        bytes_per_second: 1_000,
        stalled_streams: 3,
    };

    fn left(progress: &Progress) -> u64 {
        progress
            .time_left()
            .map_or(0, |left| left.as_millis().div_ceil(1_000) as u64)
    }

    #[test]
    fn only_a_piece_that_is_not_taken_counts() {
        let progress = Progress::new(DEADLINES);
        progress.begin(false);
        assert_eq!(left(&progress), 30);
        progress.handed_over(500);
        let waiting = progress.waiting_since.load(Ordering::Relaxed);
        progress.waiting_since.store(waiting, Ordering::Relaxed);
        assert!((30..=31).contains(&left(&progress)));
        progress.taken();
        assert_eq!(left(&progress), 30);
    }

    #[tokio::test]
    async fn a_reply_that_is_not_taken_stalls() {
        let progress = Progress::new(ReplyDeadlines {
            stall: Duration::from_millis(50),
            ..DEADLINES
        });
        progress.begin(true);
        progress.handed_over(1);
        tokio::time::timeout(Duration::from_secs(10), progress.stalled())
            .await
            .expect("it stalls");
    }

    #[tokio::test]
    async fn slow_readers_do_not_hold_finite_replies() {
        let deadlines = ReplyDeadlines {
            stall: Duration::from_millis(100),
            bytes_per_second: 1_000_000,
            ..DEADLINES
        };
        let progress = Progress::new(deadlines);
        progress.begin(false);
        let trickle = async {
            loop {
                progress.taken();
                progress.handed_over(1);
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::select! {
            () = trickle => {}
            ended = tokio::time::timeout(Duration::from_secs(10), progress.stalled()) => ended.expect("it stalls"),
        }
    }
}

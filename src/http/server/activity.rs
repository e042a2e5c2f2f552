//! Activity of one connection: its open requests and idle time.
//!
//! Events are only recorded, without notification. A timer checks the records at least once per head timeout, so that a
//! deadline set after the timer started is still met exactly.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Open requests of a connection, and the start times of its deadlines.
#[derive(Clone)]
pub struct Activity(Arc<Inner>);

struct Inner {
    opened: Instant,
    open: AtomicUsize,
    ever: AtomicU64,
    /// Milliseconds from `opened` to the end of the last request.
    quiet_since: AtomicU64,
    /// Milliseconds from `opened` to the first byte of the next head, plus one; 0 if none has arrived.
    head_since: AtomicU64,
    /// True if bytes between requests are the head of the next one. False for HTTP/2, which also sends control frames.
    is_http1: AtomicBool,
}

impl Activity {
    pub fn new() -> Self {
        Self(Arc::new(Inner {
            opened: Instant::now(),
            open: AtomicUsize::new(0),
            ever: AtomicU64::new(0),
            quiet_since: AtomicU64::new(0),
            head_since: AtomicU64::new(0),
            is_http1: AtomicBool::new(false),
        }))
    }

    /// Counts a request until the guard is dropped.
    pub fn begin(&self, is_http1: bool) -> OpenRequest {
        self.0.open.fetch_add(1, Ordering::Relaxed);
        self.0.ever.fetch_add(1, Ordering::Relaxed);
        self.0.is_http1.store(is_http1, Ordering::Relaxed);
        self.0.head_since.store(0, Ordering::Relaxed);
        OpenRequest(self.clone())
    }

    /// Records the arrival of bytes.
    pub fn bytes_came(&self) {
        let inner = &self.0;
        let begins_head = inner.is_http1.load(Ordering::Relaxed)
            && inner.open.load(Ordering::Relaxed) == 0
            && inner.head_since.load(Ordering::Relaxed) == 0;
        if begins_head {
            inner.head_since.store(self.now() + 1, Ordering::Relaxed);
        }
    }

    /// Returns true if no request is open and none has begun since `earlier`, a value of [`Activity::begun`].
    pub fn is_quiet_since(&self, earlier: u64) -> bool {
        self.begun() == earlier && self.0.open.load(Ordering::Relaxed) == 0
    }

    /// Returns the number of requests begun so far.
    pub fn begun(&self) -> u64 {
        self.0.ever.load(Ordering::Relaxed)
    }

    /// Waits until a head has taken longer than `head`, or the connection has had no request for `keep_alive`.
    pub async fn quiet(&self, head: Duration, keep_alive: Duration) {
        while let Some(left) = self.time_left(head, keep_alive) {
            tokio::time::sleep(left.min(head)).await;
        }
    }

    fn time_left(&self, head: Duration, keep_alive: Duration) -> Option<Duration> {
        if self.0.open.load(Ordering::Relaxed) > 0 {
            return Some(head);
        }
        let (since, patience) = match self.0.head_since.load(Ordering::Relaxed) {
            _ if self.begun() == 0 => (0, head),
            0 => (self.0.quiet_since.load(Ordering::Relaxed), keep_alive),
            head_since => (head_since, head),
        };
        let until = Duration::from_millis(since) + patience;
        until
            .checked_sub(self.0.opened.elapsed())
            .filter(|left| !left.is_zero())
    }

    fn now(&self) -> u64 {
        u64::try_from(self.0.opened.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// A request that is not answered yet.
pub struct OpenRequest(Activity);

impl Drop for OpenRequest {
    fn drop(&mut self) {
        let activity = &self.0;
        activity.0.quiet_since.store(activity.now(), Ordering::Relaxed);
        activity.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: Duration = Duration::from_secs(10);
    const KEEP_ALIVE: Duration = Duration::from_secs(75);

    fn left(activity: &Activity) -> u64 {
        // Rounded up, because the test itself takes some microseconds.
        activity
            .time_left(HEAD, KEEP_ALIVE)
            .map_or(0, |left| left.as_millis().div_ceil(1_000) as u64)
    }

    #[test]
    fn idle_connections_are_kept_longer_than_half_sent_heads() {
        let activity = Activity::new();
        assert_eq!(left(&activity), 10, "the first head");
        let request = activity.begin(true);
        activity.bytes_came();
        assert_eq!(
            left(&activity),
            10,
            "an open request has no deadline here: looked at again"
        );
        drop(request);
        assert_eq!(left(&activity), 75, "idle");
        activity.bytes_came();
        assert_eq!(left(&activity), 10, "the next head has begun");
        drop(activity.begin(true));
        assert_eq!(left(&activity), 75, "idle again");
    }

    #[test]
    fn http2_frames_do_not_start_a_head() {
        let activity = Activity::new();
        drop(activity.begin(false));
        activity.bytes_came();
        assert_eq!(left(&activity), 75);
    }
}

//! Sampling of log lines about rejected requests, which clients can cause in any number: one line per second and kind.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Minimum time between two lines of one kind.
const INTERVAL: Duration = Duration::from_secs(1);

/// Reason for a rejection, as used in logs and metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RejectionKind {
    /// The key is missing or invalid.
    Unauthenticated,
    /// The rate limit is exceeded.
    RateLimited,
    /// The service is overloaded, or a dependency does not respond.
    Unavailable,
}

impl RejectionKind {
    /// Returns the kind of a reply by its status and codes, including legacy codes; `None` for any other reply.
    pub fn of(status: u16, error_codes: &str) -> Option<Self> {
        let has = |wanted: &str| error_codes.split(',').any(|code| code == wanted);
        match status {
            429 => Some(Self::RateLimited),
            _ if has("RATE_LIMITED") => Some(Self::RateLimited),
            401 => Some(Self::Unauthenticated),
            // All legacy replies have status 200: code 2 is a missing key, 3 an invalid one.
            200 if matches!(error_codes, "2" | "3") => Some(Self::Unauthenticated),
            503 => Some(Self::Unavailable),
            _ if has("SERVICE_UNAVAILABLE") => Some(Self::Unavailable),
            _ => None,
        }
    }

    /// Returns the value of the metric label.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::RateLimited => "rate_limited",
            Self::Unavailable => "unavailable",
        }
    }
}

/// Log sampler of one server. A metric counts the requests without a log line.
pub struct LogSampler {
    started: Instant,
    kinds: [Slot; 3],
}

struct Slot {
    /// Earliest time of the next line, in milliseconds since the start.
    next: AtomicU64,
    suppressed: AtomicU64,
}

impl LogSampler {
    pub fn new() -> Self {
        let slot = || Slot {
            next: AtomicU64::new(0),
            suppressed: AtomicU64::new(0),
        };
        Self {
            started: Instant::now(),
            kinds: [slot(), slot(), slot()],
        }
    }

    /// Returns the number of omitted lines since the last one if a line of this kind may be logged now; `None` if it is
    /// omitted.
    pub fn admit(&self, kind: RejectionKind) -> Option<u64> {
        self.admit_at(kind, self.started.elapsed())
    }

    fn admit_at(&self, kind: RejectionKind, elapsed: Duration) -> Option<u64> {
        let slot = &self.kinds[kind as usize];
        let now = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        let next = now + INTERVAL.as_millis() as u64;
        let is_due = slot
            .next
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |due| (now >= due).then_some(next));
        if is_due.is_ok() {
            return Some(slot.suppressed.swap(0, Ordering::Relaxed));
        }
        slot.suppressed.fetch_add(1, Ordering::Relaxed);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_a_second_contains_the_number_of_omitted_lines() {
        let sampler = LogSampler::new();
        let at = |kind, milliseconds| sampler.admit_at(kind, Duration::from_millis(milliseconds));
        assert_eq!(at(RejectionKind::RateLimited, 0), Some(0));
        assert_eq!(at(RejectionKind::RateLimited, 10), None);
        assert_eq!(at(RejectionKind::RateLimited, 999), None);
        assert_eq!(at(RejectionKind::Unauthenticated, 999), Some(0), "another kind");
        assert_eq!(at(RejectionKind::RateLimited, 1_000), Some(2));
        assert_eq!(at(RejectionKind::RateLimited, 2_000), Some(0));
    }

    #[test]
    fn rejection_kinds_depend_on_status_and_code() {
        for (status, codes, expected) in [
            (200, "", None),
            (200, "102", None),
            (200, "3", Some(RejectionKind::Unauthenticated)),
            (200, "5,RATE_LIMITED", Some(RejectionKind::RateLimited)),
            (200, "5,SERVICE_UNAVAILABLE", Some(RejectionKind::Unavailable)),
            (200, "5", None),
            (401, "UNAUTHENTICATED", Some(RejectionKind::Unauthenticated)),
            (429, "RATE_LIMITED", Some(RejectionKind::RateLimited)),
            (503, "SERVICE_UNAVAILABLE", Some(RejectionKind::Unavailable)),
            (500, "INTERNAL_SERVER_ERROR", None),
        ] {
            assert_eq!(RejectionKind::of(status, codes), expected, "{status} {codes}");
        }
    }
}

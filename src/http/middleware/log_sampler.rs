//! Lines about refused requests, of which anybody can cause any number: one a second of each kind goes into the log.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How often a line of one kind is logged, at most.
const INTERVAL: Duration = Duration::from_secs(1);

/// Why a request was refused, as far as the log and the metrics tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RejectionKind {
    /// A key that is missing or not good.
    Unauthenticated,
    /// The caller asked too often.
    RateLimited,
    /// Too much is under way, or something that is needed does not answer.
    Unavailable,
}

impl RejectionKind {
    /// Kind of a reply by its status and its codes, those of the legacy wire included; `None` for any other.
    pub fn of(status: u16, error_codes: &str) -> Option<Self> {
        let has = |wanted: &str| error_codes.split(',').any(|code| code == wanted);
        match status {
            429 => Some(Self::RateLimited),
            _ if has("RATE_LIMITED") => Some(Self::RateLimited),
            401 => Some(Self::Unauthenticated),
            // The legacy wire answers everything with 200: 2 is no key, 3 one that is not good.
            200 if matches!(error_codes, "2" | "3") => Some(Self::Unauthenticated),
            503 => Some(Self::Unavailable),
            _ if has("SERVICE_UNAVAILABLE") => Some(Self::Unavailable),
            _ => None,
        }
    }

    /// The value of the metric's label.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::RateLimited => "rate_limited",
            Self::Unavailable => "unavailable",
        }
    }
}

/// The lines of one server. Its metric counts the requests that have none.
pub struct LogSampler {
    started: Instant,
    kinds: [Slot; 3],
}

struct Slot {
    /// Milliseconds from the start after which the next line may be logged.
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

    /// Number of lines left out since the last one, when a line of this kind may be logged now; `None` when it is left out.
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
    fn one_line_a_second_says_how_many_were_left_out() {
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
    fn refusals_differ_by_status_and_code() {
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

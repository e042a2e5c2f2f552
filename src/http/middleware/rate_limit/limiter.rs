//! Rate limiter for any number of clients, in bounded memory.

use std::hash::{BuildHasher, Hash, RandomState};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::config::Rate;

/// Maximum number of stored clients. A client is removed once its state equals that of a new one, so the maximum is
/// only reached by that many clients active at the same time.
const MAX_CALLERS: usize = 100_000;
/// Number of entries that further clients share when the table is full.
const SHARED_PLACES: u64 = 1_024;
/// Maximum burst, as the time in which the rate allows as many requests.
const MAX_BURST: Duration = Duration::from_secs(10);
const SMALLEST_BURST: u32 = 60;
/// Minimum number of requests between two sweeps.
const SWEEP_AFTER: u64 = 1_024;

/// Rate limiter keyed by a hash of the client. The hash is seeded per process, so that a client cannot choose an entry
/// to collide with.
pub struct Limiter<C: Clock = DefaultClock> {
    places: RateLimiter<u64, DashMapStateStore<u64>, C, NoOpMiddleware<C::Instant>>,
    clock: C,
    burst: NonZeroU32,
    hasher: RandomState,
    most_callers: usize,
    questions: AtomicU64,
    next_sweep: AtomicU64,
    full: AtomicBool,
}

impl Limiter {
    pub fn new(rate: Rate) -> Self {
        Self::with_clock(rate, rate.requests, DefaultClock::default(), MAX_CALLERS)
    }

    /// Creates a limiter whose burst is the number of requests allowed in ten seconds.
    pub fn without_bursts(rate: Rate) -> Self {
        Self::with_clock(rate, short_burst(rate), DefaultClock::default(), MAX_CALLERS)
    }
}

/// Returns the burst of ten seconds, but at least [`SMALLEST_BURST`] if the rate allows that many: pages send several
/// requests at once.
fn short_burst(rate: Rate) -> NonZeroU32 {
    let of_ten_seconds = u128::from(rate.requests.get()) * MAX_BURST.as_millis() / rate.time.as_millis().max(1);
    let burst = u32::try_from(of_ten_seconds).unwrap_or(u32::MAX).max(SMALLEST_BURST);
    NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN).min(rate.requests)
}

impl<C: Clock + Clone> Limiter<C> {
    fn with_clock(rate: Rate, burst: NonZeroU32, clock: C, most_callers: usize) -> Self {
        let interval = (rate.time / rate.requests.get()).max(Duration::from_nanos(1));
        let quota = Quota::with_period(interval)
            .expect("the interval is not zero")
            .allow_burst(burst);
        Self {
            places: RateLimiter::dashmap_with_clock(quota, clock.clone()),
            clock,
            burst: rate.requests,
            hasher: RandomState::new(),
            most_callers,
            questions: AtomicU64::new(0),
            next_sweep: AtomicU64::new(SWEEP_AFTER),
            full: AtomicBool::new(false),
        }
    }

    /// Charges one request to a client.
    ///
    /// # Errors
    /// The time until the next request is allowed.
    pub fn take(&self, caller: &impl Hash) -> Result<(), Duration> {
        self.take_together(caller, NonZeroU32::MIN)
    }

    /// Charges the additional cost of an admitted request to a client: the full cost, or nothing on error. The cost is
    /// capped at what an otherwise idle client can pay.
    ///
    /// # Errors
    /// The time until the same cost is allowed.
    pub fn take_more(&self, caller: &impl Hash, requests: u32) -> Result<(), Duration> {
        match NonZeroU32::new(requests.min(self.burst.get() - 1)) {
            Some(requests) => self.take_together(caller, requests),
            None => Ok(()),
        }
    }

    fn take_together(&self, caller: &impl Hash, requests: NonZeroU32) -> Result<(), Duration> {
        self.sweep_if_due();
        let hash = self.hasher.hash_one(caller);
        let place = if self.full.load(Ordering::Relaxed) {
            hash % SHARED_PLACES
        } else {
            hash
        };
        match self.places.check_key_n(&place, requests) {
            Ok(taken) => taken.map_err(|until| until.wait_time_from(self.clock.now())),
            Err(_) => unreachable!("no more are taken than the burst"),
        }
    }

    /// Removes clients whose state equals that of a new one. The interval grows with the number of clients, so that the
    /// cost per request is negligible.
    fn sweep_if_due(&self) {
        let question = self.questions.fetch_add(1, Ordering::Relaxed);
        let due = self.next_sweep.load(Ordering::Relaxed);
        let is_mine = question >= due
            && self
                .next_sweep
                .compare_exchange(due, u64::MAX, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if !is_mine {
            return;
        }
        self.places.retain_recent();
        let left = self.places.len();
        self.full.store(left >= self.most_callers, Ordering::Relaxed);
        let pause = SWEEP_AFTER.max(left.min(self.most_callers) as u64 / 4);
        self.next_sweep.store(question + pause, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn limiter(rate: &str, most_callers: usize) -> (Limiter<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        let rate: Rate = rate.parse().expect("a rate");
        (
            Limiter::with_clock(rate, rate.requests, clock.clone(), most_callers),
            clock,
        )
    }

    #[test]
    fn the_burst_is_ten_seconds_of_the_rate() {
        for (rate, burst) in [
            ("6000/1m", 1_000),
            ("100/1m", 60),
            ("3/1m", 3),
            ("500/5s", 500),
            ("86400/1d", 60),
        ] {
            assert_eq!(short_burst(rate.parse().expect("a rate")).get(), burst, "{rate}");
        }
    }

    #[test]
    fn each_caller_has_its_own_rate_that_refills() {
        let (limiter, clock) = limiter("3/1m", 1_000);
        for _ in 0..3 {
            assert_eq!(limiter.take(&"ann"), Ok(()));
        }
        assert_eq!(limiter.take(&"ann"), Err(Duration::from_secs(20)));
        assert_eq!(limiter.take(&"bob"), Ok(()), "another caller");
        clock.advance(Duration::from_secs(15));
        assert_eq!(
            limiter.take(&"ann"),
            Err(Duration::from_secs(5)),
            "a rejected request costs nothing"
        );
        clock.advance(Duration::from_secs(5));
        assert_eq!(limiter.take(&"ann"), Ok(()));
        assert!(limiter.take(&"ann").is_err());
        clock.advance(Duration::from_secs(60));
        for _ in 0..3 {
            assert_eq!(limiter.take(&"ann"), Ok(()));
        }
        assert!(limiter.take(&"ann").is_err());
    }

    #[test]
    fn additional_costs_are_charged_completely_or_not() {
        let (limiter, clock) = limiter("10/10s", 1_000);
        assert_eq!(limiter.take_more(&"ann", 6), Ok(()));
        assert_eq!(limiter.take_more(&"ann", 6), Err(Duration::from_secs(2)));
        assert_eq!(limiter.take_more(&"ann", 4), Ok(()), "the six before were not taken");
        assert_eq!(limiter.take_more(&"ann", 0), Ok(()));
        clock.advance(Duration::from_secs(10));
        assert_eq!(limiter.take(&"ann"), Ok(()));
        assert_eq!(limiter.take_more(&"ann", 1_000), Ok(()), "as much as the rate admits");
        assert!(limiter.take(&"ann").is_err());
    }

    #[test]
    fn memory_is_bounded_for_many_different_callers() {
        let (limiter, clock) = limiter("1/1h", 5_000);
        for caller in 0..200_000_u64 {
            let _ = limiter.take(&caller);
        }
        let kept = limiter.places.len();
        let most = 5_000 + SHARED_PLACES as usize + 2 * SWEEP_AFTER as usize;
        assert!((5_000..most).contains(&kept), "{kept} callers are kept");
        // By now, new clients share entries; three hours later they do not.
        assert!((0..2_000_u64).any(|caller| limiter.take(&(caller, "new")).is_err()));
        clock.advance(Duration::from_secs(3 * 60 * 60));
        for caller in 0..3_000_u64 {
            let _ = limiter.take(&(caller, "later"));
        }
        assert!(
            limiter.places.len() < 4_000,
            "{} callers are kept",
            limiter.places.len()
        );
        assert!((0..1_000_u64).all(|caller| limiter.take(&(caller, "last")).is_ok()));
    }

    #[test]
    fn idle_clients_are_removed_soon() {
        let (limiter, clock) = limiter("6000/1m", 100_000);
        for caller in 0..50_000_u64 {
            assert_eq!(limiter.take(&caller), Ok(()));
            clock.advance(Duration::from_millis(1));
        }
        assert!(
            limiter.places.len() < 5_000,
            "{} callers are kept",
            limiter.places.len()
        );
    }
}

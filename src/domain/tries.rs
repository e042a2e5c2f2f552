//! Protection against guessing: a limited number of tries in a window, then a lock that doubles each time.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::rejection::rejections;

/// Action whose tries are limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitedAction {
    /// Submission of a wrong word.
    SubmitWord,
    /// Preview of the owner of an invitation code.
    PreviewInvitation,
}

/// Limit on the tries of one action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TryLimit {
    /// Number of tries in a window; the last of them starts the lock.
    pub tries: i32,
    pub window: TimeDelta,
    pub first_lock: TimeDelta,
    /// Maximum duration of a lock.
    pub longest_lock: TimeDelta,
    /// Time without a lock after which the next lock has the first duration again.
    pub forgiven_after: TimeDelta,
}

impl LimitedAction {
    pub fn limit(self) -> TryLimit {
        let (tries, forgiven_after) = match self {
            Self::SubmitWord => (5, TimeDelta::days(1)),
            // Previews are limited less strictly than guesses: people mistype and look again.
            Self::PreviewInvitation => (20, TimeDelta::days(1)),
        };
        TryLimit {
            tries,
            window: TimeDelta::minutes(10),
            first_lock: TimeDelta::minutes(10),
            longest_lock: TimeDelta::days(1),
            forgiven_after,
        }
    }
}

/// Recorded tries of one user at one action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tries {
    /// Number of tries within the window.
    pub count: i32,
    pub window_began_at: DateTime<Utc>,
    /// End of the last lock, even if it is over.
    pub locked_until: Option<DateTime<Utc>>,
    /// Number of consecutive locks.
    pub locks: i32,
}

impl Tries {
    /// Returns the state of a user without any tries.
    pub fn none(at: DateTime<Utc>) -> Self {
        Self {
            count: 0,
            window_began_at: at,
            locked_until: None,
            locks: 0,
        }
    }

    /// Returns the time from which trying is possible again; `None` if it is possible now.
    pub fn locked_until(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.locked_until.filter(|until| at < *until)
    }

    /// Returns true if both are equal, compared with the database's precision of instants.
    pub fn is(&self, other: &Self) -> bool {
        let same = |one: DateTime<Utc>, other: DateTime<Utc>| (one - other).abs() < TimeDelta::microseconds(1);
        (self.count, self.locks) == (other.count, other.locks)
            && same(self.window_began_at, other.window_began_at)
            && match (self.locked_until, other.locked_until) {
                (Some(one), Some(other)) => same(one, other),
                (one, other) => one == other,
            }
    }

    /// Returns the state after one more try.
    pub fn count_one(mut self, limit: &TryLimit, at: DateTime<Utc>) -> Self {
        if at >= self.window_began_at + limit.window {
            self.count = 0;
            self.window_began_at = at;
        }
        self.count += 1;
        if self.count >= limit.tries {
            if self
                .locked_until
                .is_some_and(|until| at >= until + limit.forgiven_after)
            {
                self.locks = 0;
            }
            // The exponent is bounded to prevent overflow; the maximum lock is reached before 20 doublings.
            let doubled = limit.first_lock * (1 << self.locks.min(20));
            self.locked_until = Some(at + doubled.min(limit.longest_lock));
            self.locks += 1;
            self.count = 0;
            self.window_began_at = at;
        }
        self
    }
}

rejections! {
    /// Rejection of an action whose tries are limited.
    #[derive(Copy, Serialize, Deserialize)]
    pub enum TriesRejection {
        /// Too many attempts; the error has the time of the next possible one.
        TooMany { until: DateTime<Utc>, minutes: i64 } => "TOO_MANY_TRIES" legacy (206, "尝试次数过多，请稍后再试"),
            format!("Too many attempts. Try again in {minutes} min."),
            format!("尝试次数过多，请在{minutes}分钟后再试。");
    }
}

impl TriesRejection {
    /// Returns the rejection of a try at an instant before the end of the lock.
    pub fn until(until: DateTime<Utc>, at: DateTime<Utc>) -> Self {
        let minutes = minutes_until(until, at);
        Self::TooMany { until, minutes }
    }
}

/// Returns the minutes until a later instant, rounded up, for the message that says when to try again.
fn minutes_until(until: DateTime<Utc>, at: DateTime<Utc>) -> i64 {
    ((until - at).num_milliseconds() + 59_999).div_euclid(60_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    fn after(mut tries: Tries, times: impl IntoIterator<Item = i64>) -> Tries {
        for at in times {
            tries = tries.count_one(&LimitedAction::SubmitWord.limit(), minute(at));
        }
        tries
    }

    #[test]
    fn the_fifth_try_in_ten_minutes_locks_and_each_lock_is_twice_as_long_as_the_previous() {
        let four = after(Tries::none(minute(0)), [0, 1, 2, 3]);
        assert_eq!(four.locked_until(minute(3)), None);
        let first = after(four, [9]);
        assert_eq!(first.locked_until(minute(9)), Some(minute(19)));
        assert_eq!(first.locked_until(minute(19)), None);
        let second = after(first, [20, 20, 20, 20, 20]);
        assert_eq!(second.locked_until(minute(20)), Some(minute(40)));
        let third = after(second, [40, 41, 42, 43, 44]);
        assert_eq!(third.locked_until(minute(44)), Some(minute(84)));
    }

    #[test]
    fn minutes_are_rounded_up() {
        let second = TimeDelta::seconds(1);
        assert_eq!(minutes_until(minute(3), minute(2) + second), 1);
        assert_eq!(minutes_until(minute(3), minute(1)), 2);
        assert_eq!(minutes_until(minute(3), minute(2) - second), 2);
    }

    #[test]
    fn tries_far_apart_never_lock() {
        let tries = after(Tries::none(minute(0)), (0..100).map(|number| number * 3));
        assert_eq!(tries.locks, 0);
    }

    #[test]
    fn no_lock_is_longer_than_a_day_and_a_day_without_locks_resets_the_duration() {
        let mut tries = Tries::none(minute(0));
        let mut at = 0;
        for _ in 0..40 {
            tries = after(tries, [at; 5]);
            let until = tries.locked_until.unwrap();
            assert!(until - minute(at) <= TimeDelta::days(1));
            at = (until - DateTime::UNIX_EPOCH).num_minutes();
        }
        at += 24 * 60;
        assert_eq!(after(tries, [at; 5]).locked_until, Some(minute(at + 10)));
    }
}

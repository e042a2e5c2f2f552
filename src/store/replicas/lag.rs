//! Delay of a replica, measured by positions in the write-ahead log.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Position in the write-ahead log, in bytes.
pub type Position = u64;

/// Maximum number of remembered positions: twenty minutes. The delay of a replica that is further behind is
/// underestimated after it has caught up with these.
const MAX_POSITIONS: usize = 4_096;

/// Positions of the primary that a replica has not reached, each with the time at which the primary was there.
///
/// The delay is the age of the oldest one. Only the clock of this process counts, and a replica that has replayed
/// everything has no delay, however long the primary has been idle.
#[derive(Debug, Default)]
pub struct Lag {
    missing: VecDeque<(Instant, Position)>,
    replayed: Position,
}

impl Lag {
    /// Records a position of the primary. A position before the last one belongs to another primary, whose log replaces
    /// the positions that the former one had not sent.
    pub fn primary_was_at(&mut self, position: Position, at: Instant) {
        if self.missing.back().is_some_and(|(_, last)| position < *last) {
            self.missing.clear();
        }
        let last = self.missing.back().map_or(self.replayed, |(_, last)| *last);
        if position > last && self.missing.len() < MAX_POSITIONS {
            self.missing.push_back((at, position));
        }
    }

    /// Records the position up to which the replica has replayed the log.
    pub fn replica_is_at(&mut self, position: Position) {
        self.replayed = position;
        while self.missing.front().is_some_and(|(_, missing)| *missing <= position) {
            self.missing.pop_front();
        }
    }

    /// Returns the delay at a time.
    pub fn at(&self, now: Instant) -> Duration {
        let oldest = self.missing.front();
        oldest.map_or(Duration::ZERO, |(at, _)| now.saturating_duration_since(*at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_is_the_age_of_the_oldest_missing_position() {
        let start = Instant::now();
        let second = |n: u64| start + Duration::from_secs(n);
        let mut lag = Lag::default();
        lag.replica_is_at(100);
        lag.primary_was_at(100, second(0));
        assert_eq!(lag.at(second(9)), Duration::ZERO, "an idle primary");
        lag.primary_was_at(200, second(10));
        lag.primary_was_at(300, second(11));
        lag.primary_was_at(300, second(12));
        lag.replica_is_at(150);
        assert_eq!(lag.at(second(12)), Duration::from_secs(2), "since it lacks 200");
        lag.replica_is_at(200);
        assert_eq!(lag.at(second(12)), Duration::from_secs(1), "since it lacks 300");
        lag.replica_is_at(300);
        assert_eq!(lag.at(second(12)), Duration::ZERO);
    }

    #[test]
    fn the_log_of_a_new_primary_replaces_the_unsent_one() {
        let now = Instant::now();
        let mut lag = Lag::default();
        lag.replica_is_at(100);
        lag.primary_was_at(500, now);
        lag.primary_was_at(120, now + Duration::from_secs(5));
        lag.replica_is_at(120);
        assert_eq!(lag.at(now + Duration::from_secs(9)), Duration::ZERO);
    }
}

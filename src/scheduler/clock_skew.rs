//! How far this machine's clock is off the database's.
//!
//! Business days and due times go by the machine's clock. With two replicas far apart a day would end twice.

use std::time::Instant;

use crate::store::bounded::PgPool;
use chrono::{DateTime, TimeDelta, Utc};

use crate::clock::Clock;
use crate::store::job_runs::listing::database_time;

/// Beyond this no run is started.
pub const MAX_SKEW: TimeDelta = TimeDelta::seconds(2);

/// How far `clock` is ahead of the database's; negative when it is behind. Half a round trip is the error.
///
/// Meaningless for a manual clock.
pub async fn clock_skew(pool: &PgPool, clock: &Clock) -> sqlx::Result<TimeDelta> {
    // The connection is had first: waiting for one is no part of the round trip.
    let mut connection = pool.acquire().await?;
    let asked = clock.now();
    let database = database_time(&mut connection).await?;
    let answered = clock.now();
    Ok(asked + (answered - asked) / 2 - database)
}

/// Beyond this a difference between the wall clock and the time that passed is a jump.
const JUMP: TimeDelta = TimeDelta::seconds(30);

/// Compares a wall clock with the monotonic clock of the machine between looks.
#[derive(Debug, Default)]
pub struct JumpDetector(Option<(DateTime<Utc>, Instant)>);

impl JumpDetector {
    /// Returns by how much the clock jumped since the last look; `None` when it did not.
    pub fn look(&mut self, now: DateTime<Utc>) -> Option<TimeDelta> {
        let (before, looked_at) = self.0.replace((now, Instant::now()))?;
        let passed = TimeDelta::from_std(looked_at.elapsed()).unwrap_or(TimeDelta::MAX);
        let jump = (now - before).checked_sub(&passed)?;
        (jump.abs() > JUMP).then_some(jump)
    }
}

/// Whether runs may be started at this skew.
pub fn is_tolerable(skew: TimeDelta) -> bool {
    skew.abs() <= MAX_SKEW
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jumps_are_seen_in_both_directions() {
        let noon: DateTime<Utc> = "2026-11-20T12:00:00Z".parse().unwrap();
        let mut jumps = JumpDetector::default();
        assert_eq!(jumps.look(noon), None);
        assert_eq!(jumps.look(noon + TimeDelta::seconds(2)), None);
        let ahead = jumps.look(noon + TimeDelta::hours(2)).unwrap();
        assert!(ahead > TimeDelta::minutes(119), "{ahead}");
        let back = jumps.look(noon).unwrap();
        assert!(back < TimeDelta::minutes(-119), "{back}");
    }
}

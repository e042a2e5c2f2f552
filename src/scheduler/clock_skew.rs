//! Offset between this machine's clock and the database's clock.
//!
//! Business days and due times use the machine's clock. If two replicas differed, a day would end twice.

use std::time::Instant;

use crate::store::bounded::PgPool;
use chrono::{DateTime, TimeDelta, Utc};

use crate::clock::Clock;
use crate::store::job_runs::listing::database_time;

/// Maximum offset, in either direction, at which runs are started.
pub const MAX_SKEW: TimeDelta = TimeDelta::seconds(2);

/// Returns the time by which `clock` is ahead of the database's; negative if it is behind. The error is at most half a
/// round trip.
///
/// The result is meaningless for a manual clock.
///
/// # Errors
/// If the database fails.
pub async fn clock_skew(pool: &PgPool, clock: &Clock) -> sqlx::Result<TimeDelta> {
    // Acquire the connection first, so that waiting for it is not part of the round trip.
    let mut connection = pool.acquire().await?;
    let asked = clock.now();
    let database = database_time(&mut connection).await?;
    let answered = clock.now();
    Ok(asked + (answered - asked) / 2 - database)
}

/// Difference between wall-clock time and elapsed time above which a clock change counts as a jump.
const JUMP: TimeDelta = TimeDelta::seconds(30);

/// Detects jumps of a wall clock by comparing it with the machine's monotonic clock.
#[derive(Debug, Default)]
pub struct JumpDetector(Option<(DateTime<Utc>, Instant)>);

impl JumpDetector {
    /// Returns the size of a jump since the last call; `None` if there was none.
    pub fn look(&mut self, now: DateTime<Utc>) -> Option<TimeDelta> {
        let (before, looked_at) = self.0.replace((now, Instant::now()))?;
        let passed = TimeDelta::from_std(looked_at.elapsed()).unwrap_or(TimeDelta::MAX);
        let jump = (now - before).checked_sub(&passed)?;
        (jump.abs() > JUMP).then_some(jump)
    }
}

/// Returns true if runs may be started with this offset.
pub fn is_tolerable(skew: TimeDelta) -> bool {
    skew.abs() <= MAX_SKEW
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jumps_are_detected_in_both_directions() {
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

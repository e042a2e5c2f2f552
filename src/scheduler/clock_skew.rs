//! How far this machine's clock is off the database's.
//!
//! Business days and due times go by the machine's clock. With two replicas far apart a day would end twice.

use crate::store::bounded::PgPool;
use chrono::TimeDelta;

use crate::clock::Clock;
use crate::store::job_runs::listing::database_time;

/// Beyond this no run is started.
pub const MOST_SKEW: TimeDelta = TimeDelta::seconds(2);

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

/// Whether runs may be started at this skew.
pub fn is_tolerable(skew: TimeDelta) -> bool {
    skew.abs() <= MOST_SKEW
}

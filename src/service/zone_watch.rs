//! Monitoring of the stored business time zone: a process must not continue with a different one.

use std::time::Duration;

use chrono_tz::Tz;

use super::business_zone::changed_zone;
use crate::store::bounded::PgPool;

/// Interval between two checks.
const EVERY: Duration = Duration::from_secs(5);

/// Waits until the stored zone differs from the zone of this process, and returns it. Database errors are ignored until
/// the next check.
pub async fn until_changed(pool: PgPool, zone: Tz) -> String {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match changed_zone(&pool, zone).await {
            Ok(Some(stored)) => return stored,
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, "the business time zone could not be read"),
        }
    }
}

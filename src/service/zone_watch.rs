//! Watching the stored business time zone: a process must not go on with another one.

use std::time::Duration;

use chrono_tz::Tz;

use super::business_zone::changed_zone;
use crate::store::bounded::PgPool;

/// Time between two looks.
const EVERY: Duration = Duration::from_secs(5);

/// Waits until the installation stores another zone than the one of this process, and returns it. While the database does
/// not answer nothing is known, and the next look decides.
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

//! The heartbeat of a process: records that it is running, and deletes the record on an orderly shutdown.

use std::time::Duration;

use crate::store::bounded::PgPool;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::domain::process::ProcessInfo;
use crate::store::processes;

/// Interval between two heartbeats.
const EVERY: Duration = Duration::from_secs(10);

/// Renews the record of a process until `stop` is cancelled, then deletes it. A failed heartbeat is retried at the next
/// interval.
pub async fn keep(pool: PgPool, clock: Clock, process: ProcessInfo, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        if let Err(error) = processes::renew(&pool, &process, clock.now()).await {
            tracing::debug!(%error, "the heartbeat of this process could not be recorded");
        }
    }
    if let Err(error) = processes::remove(&pool, process.id).await {
        tracing::debug!(%error, "the record of this process could not be removed");
    }
}

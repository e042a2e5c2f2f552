//! Reads changes for all subscribers.

use std::sync::Arc;
use std::time::Duration;

use crate::store::bounded::PgPool;
use tokio::time::{Instant, sleep, sleep_until};

use super::subscribers::{ROOM, Subscribers};
use crate::domain::award::ChangePosition;
use crate::domain::id::UserId;
use crate::metrics;
use crate::store::award_changes::after;

/// Minimum interval between two rounds; notifications in between are combined.
const PACE: Duration = Duration::from_millis(100);
/// Polling interval without notifications, because notifications may be lost.
const SAFETY: Duration = Duration::from_secs(5);
/// Shortest pause after a failed statement; it doubles.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
/// Maximum number of positions per statement. Together with [`ROOM`] it limits the size of a result.
const POSITIONS: usize = 512;

/// Reads changes until the pool is closed.
pub(super) async fn run(pool: PgPool, subscribers: Arc<Subscribers>) {
    let (mut pause, mut last_round) = (SHORTEST_PAUSE, None);
    loop {
        subscribers.wait_for_subscribers().await;
        let notified_at = tokio::select! {
            () = subscribers.wanted.notified() => None,
            () = subscribers.notified.notified() => {
                let at = Instant::now();
                if let Some(last) = last_round {
                    sleep_until(last + PACE).await;
                }
                Some(at)
            }
            () = sleep(SAFETY) => None,
        };
        last_round = Some(Instant::now());
        match round(&pool, &subscribers).await {
            Ok(()) => {
                pause = SHORTEST_PAUSE;
                if let Some(at) = notified_at {
                    metrics::live_lag(at.elapsed());
                }
            }
            Err(sqlx::Error::PoolClosed) => return,
            Err(error) => {
                tracing::warn!(%error, "reading changes failed: trying again shortly");
                sleep(pause).await;
                pause = (pause * 2).min(SAFETY);
                // The notification has not been handled yet.
                subscribers.notified.notify_one();
            }
        }
    }
}

/// Returns the positions of each statement: of users of one shard, if the database is distributed.
fn chunks(pool: &PgPool, asks: Vec<(UserId, ChangePosition)>) -> Vec<Vec<(UserId, ChangePosition)>> {
    let groups = match pool.database().shards() {
        Some(shards) => shards.group(asks, |(user, _)| *user),
        None => vec![asks],
    };
    let chunks = groups.iter().flat_map(|group| group.chunks(POSITIONS));
    chunks.map(<[_]>::to_vec).collect()
}

/// Delivers all visible changes to all subscribers with room.
async fn round(pool: &PgPool, subscribers: &Subscribers) -> sqlx::Result<()> {
    let mut is_complete = false;
    while !is_complete {
        is_complete = true;
        let asks = subscribers.asks();
        for asks in chunks(pool, asks) {
            let asks = &asks[..];
            let answers = after(pool, asks, ROOM as i64).await?;
            for (ask, changes) in asks.iter().zip(answers) {
                is_complete &= changes.awards.len() < ROOM;
                subscribers.deliver(*ask, changes);
            }
        }
    }
    Ok(())
}

//! Reads changes for all subscribers.

use std::sync::Arc;
use std::time::Duration;

use crate::store::bounded::PgPool;
use tokio::time::{Instant, sleep, sleep_until};

use super::subscribers::{ROOM, Subscribers};
use crate::metrics;
use crate::store::award_changes::{SnapshotBounds, after, horizon};

/// Minimum interval between two rounds; notifications in between are combined.
const PACE: Duration = Duration::from_millis(100);
/// Shortest interval between reads while a change waits for an earlier transaction that is still in progress; it
/// doubles.
const SHORTEST_WAIT: Duration = Duration::from_millis(25);
const MAX_WAIT: Duration = Duration::from_millis(400);
/// Polling interval without notifications, because notifications may be lost.
const SAFETY: Duration = Duration::from_secs(5);
/// Shortest pause after a failed statement; it doubles.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
/// Maximum number of positions per statement. Together with [`ROOM`] it limits the size of a result.
const POSITIONS: usize = 512;

/// Reason for a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    Notified,
    /// A subscriber is new or has room again.
    Wanted,
    /// A timer has elapsed.
    Time,
}

/// Reads changes until the pool is closed.
pub(super) async fn run(pool: PgPool, subscribers: Arc<Subscribers>) {
    let mut reader = Reader {
        pool,
        subscribers,
        pending: PendingNotifications::default(),
        wait: SHORTEST_WAIT,
        last_round: None,
    };
    let mut pause = SHORTEST_PAUSE;
    loop {
        reader.subscribers.wait_for_subscribers().await;
        let cause = reader.next_cause().await;
        match reader.round(cause).await {
            Ok(()) => pause = SHORTEST_PAUSE,
            Err(sqlx::Error::PoolClosed) => return,
            Err(error) => {
                tracing::warn!(%error, "reading changes failed: trying again shortly");
                sleep(pause).await;
                pause = (pause * 2).min(SAFETY);
                // The notification has not been handled yet.
                reader.subscribers.notified.notify_one();
            }
        }
    }
}

struct Reader {
    pool: PgPool,
    subscribers: Arc<Subscribers>,
    pending: PendingNotifications,
    wait: Duration,
    last_round: Option<Instant>,
}

impl Reader {
    async fn next_cause(&mut self) -> Cause {
        let look_again = if self.pending.is_awaited() { self.wait } else { SAFETY };
        tokio::select! {
            () = self.subscribers.wanted.notified() => Cause::Wanted,
            () = self.subscribers.notified.notified() => {
                self.pending.hear(Instant::now());
                if let Some(last) = self.last_round {
                    sleep_until(last + PACE).await;
                }
                Cause::Notified
            }
            () = sleep(look_again) => Cause::Time,
        }
    }

    /// Delivers all currently visible changes to all subscribers with room.
    async fn round(&mut self, cause: Cause) -> sqlx::Result<()> {
        self.last_round = Some(Instant::now());
        let horizon = horizon(&self.pool).await?;
        loop {
            let asks = self.subscribers.asks(horizon.below);
            if asks.is_empty() {
                break;
            }
            for asks in asks.chunks(POSITIONS) {
                let answers = after(&self.pool, asks, horizon.below, ROOM as i64).await?;
                for (ask, awards) in asks.iter().zip(answers) {
                    let is_all = awards.len() < ROOM;
                    self.subscribers.deliver(*ask, awards, is_all, horizon.below);
                }
            }
        }
        self.pending.look(horizon, Instant::now());
        self.wait = match cause {
            Cause::Notified => SHORTEST_WAIT,
            Cause::Wanted | Cause::Time => (self.wait * 2).min(MAX_WAIT),
        };
        Ok(())
    }
}

/// Pending notifications, and whether their changes have been read. A notified change has a number below `next` of the
/// following round, but may have to wait for an earlier transaction that has not committed yet.
#[derive(Debug, Default)]
struct PendingNotifications {
    /// Time of the first notification since the last read.
    heard: Option<Instant>,
    /// Notified before the last read, with the time of the first one: read completely once the horizon reaches this
    /// number.
    awaited: Option<(i64, Instant)>,
    /// Notified while `awaited` was set; kept separately so that its goal does not move under constant load.
    later: Option<(i64, Instant)>,
}

impl PendingNotifications {
    fn hear(&mut self, at: Instant) {
        self.heard.get_or_insert(at);
    }

    fn is_awaited(&self) -> bool {
        self.awaited.is_some()
    }

    /// Records that all subscribers with room have everything below this horizon.
    fn look(&mut self, horizon: SnapshotBounds, at: Instant) {
        if let Some(heard) = self.heard.take() {
            let place = if self.awaited.is_none() {
                &mut self.awaited
            } else {
                &mut self.later
            };
            *place = Some((horizon.next, place.map_or(heard, |(_, first)| first)));
        }
        while let Some((goal, first)) = self.awaited
            && horizon.below >= goal
        {
            metrics::live_lag(at - first);
            self.awaited = self.later.take();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notified_at(pending: &mut PendingNotifications, horizon: SnapshotBounds) {
        pending.hear(Instant::now());
        pending.look(horizon, Instant::now());
    }

    #[test]
    fn a_change_is_awaited_until_all_before_it_have_ended() {
        let mut pending = PendingNotifications::default();
        notified_at(&mut pending, SnapshotBounds { below: 7, next: 10 });
        assert!(pending.is_awaited());
        pending.look(SnapshotBounds { below: 9, next: 12 }, Instant::now());
        assert!(pending.is_awaited());
        pending.look(SnapshotBounds { below: 10, next: 12 }, Instant::now());
        assert!(!pending.is_awaited());
    }

    #[test]
    fn later_changes_do_not_move_the_goal_and_are_not_forgotten() {
        let mut pending = PendingNotifications::default();
        notified_at(&mut pending, SnapshotBounds { below: 7, next: 10 });
        notified_at(&mut pending, SnapshotBounds { below: 8, next: 20 });
        notified_at(&mut pending, SnapshotBounds { below: 9, next: 30 });
        pending.look(SnapshotBounds { below: 10, next: 40 }, Instant::now());
        assert_eq!(pending.awaited.map(|(goal, _)| goal), Some(30));
        pending.look(SnapshotBounds { below: 40, next: 40 }, Instant::now());
        assert!(!pending.is_awaited());
    }

    #[test]
    fn a_quiet_database_has_nothing_to_wait_for() {
        let mut pending = PendingNotifications::default();
        notified_at(&mut pending, SnapshotBounds { below: 10, next: 10 });
        assert!(!pending.is_awaited());
    }
}

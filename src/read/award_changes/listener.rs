//! Hears Postgres say that something changed, as long as anybody is subscribed.

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;

use super::subscribers::Subscribers;
use crate::store::award_changes::listen;

/// A page that is loaded anew goes and comes: not worth a new listener each time.
const LINGER: Duration = Duration::from_secs(10);
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Listens until the pool is closed.
pub(super) async fn run(pool: PgPool, subscribers: Arc<Subscribers>) {
    let mut pause = SHORTEST_PAUSE;
    loop {
        subscribers.somebody().await;
        let listened = tokio::select! {
            ended = hear(&pool, &subscribers, &mut pause) => ended,
            () = nobody_for_long(&subscribers) => continue,
        };
        match listened {
            Err(sqlx::Error::PoolClosed) => return,
            Err(error) => {
                tracing::warn!(%error, "changes are not listened for at the moment; they are looked for instead")
            }
            Ok(()) => {}
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Passes on what is heard, until the connection is lost.
async fn hear(pool: &PgPool, subscribers: &Subscribers, pause: &mut Duration) -> sqlx::Result<()> {
    let mut listener = listen(pool).await?;
    listener.eager_reconnect(false);
    *pause = SHORTEST_PAUSE;
    loop {
        // The first time for whatever was said before anybody listened.
        subscribers.notified.notify_one();
        if listener.try_recv().await?.is_none() {
            return Ok(());
        }
    }
}

async fn nobody_for_long(subscribers: &Subscribers) {
    loop {
        subscribers.nobody().await;
        if tokio::time::timeout(LINGER, subscribers.somebody()).await.is_err() {
            return;
        }
    }
}

//! Listens for Postgres notifications about changes, as long as there are subscribers.

use std::sync::Arc;
use std::time::Duration;

use crate::store::bounded::PgPool;

use super::subscribers::Subscribers;
use crate::store::award_changes::listen;

/// Time to keep listening without subscribers, so that a page reload does not restart the listener.
const LINGER: Duration = Duration::from_secs(10);
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const MAX_PAUSE: Duration = Duration::from_secs(5);

/// Listens while there are subscribers, unless the database offers no way to listen: the reader then only polls.
pub(super) async fn run(pool: PgPool, subscribers: Arc<Subscribers>) {
    let mut pause = SHORTEST_PAUSE;
    loop {
        subscribers.wait_for_subscribers().await;
        let error = tokio::select! {
            error = hear(&pool, &subscribers, &mut pause) => error,
            () = nobody_for_long(&subscribers) => continue,
        };
        tracing::warn!(%error, "listening for changes failed: polling until it works again");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(MAX_PAUSE);
    }
}

/// Forwards notifications until the connection fails.
async fn hear(pool: &PgPool, subscribers: &Subscribers, pause: &mut Duration) -> sqlx::Error {
    let mut listener = match listen(pool) {
        Ok(Some(listener)) => listener,
        Ok(None) => std::future::pending().await,
        Err(error) => return error,
    };
    loop {
        if let Err(error) = listener.notified().await {
            return error;
        }
        *pause = SHORTEST_PAUSE;
        subscribers.notified.notify_one();
        subscribers.heard.send_replace(());
    }
}

async fn nobody_for_long(subscribers: &Subscribers) {
    loop {
        subscribers.wait_for_no_subscribers().await;
        if tokio::time::timeout(LINGER, subscribers.wait_for_subscribers())
            .await
            .is_err()
        {
            return;
        }
    }
}

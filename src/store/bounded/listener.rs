//! LISTEN on a dedicated connection, which is abandoned when the server stops responding.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sqlx::{Executor, raw_sql};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::connection::{late, next_move};
use super::hosts::moved;
use super::{Bounds, PgPool};
use crate::store::session_limits;

/// Time without a notification after which the connection is pinged.
const PING_AFTER_SILENCE: Duration = Duration::from_secs(5);

/// Notifications of one channel. Their payloads are ignored.
#[derive(Debug)]
pub struct Listener {
    notified: mpsc::Receiver<sqlx::Result<()>>,
    /// When dropped, sqlx's listener sends UNLISTEN in a spawned task and waits for the answer without a bound. Here
    /// that task ends with its runtime.
    runtime: Option<Runtime>,
}

impl Listener {
    /// Starts to listen, outside the pool's connections but with its bounds. Returns `None` behind a pooler that shares
    /// sessions: LISTEN would remain in a session of other clients, whose statements its notifications would disturb.
    ///
    /// # Errors
    /// Returns an error if no thread can be started. A connection failure is reported by [`Listener::notified`].
    pub fn start(pool: &PgPool, channel: &'static str) -> sqlx::Result<Option<Self>> {
        let database = pool.database().clone();
        if !database.has_own_sessions() {
            return Ok(None);
        }
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("listener")
            .enable_all()
            .build()?;
        // Capacity 1: pending notifications are coalesced.
        let (sender, notified) = mpsc::channel(1);
        let bounds = *pool.bounds();
        runtime.spawn(async move {
            let mut moves = database.watch();
            let listening = async {
                match database.own_session().await? {
                    Some(options) => listen(&options, &bounds, channel, &sender).await,
                    None => Ok(()),
                }
            };
            let ended = tokio::select! {
                ended = listening => ended,
                () = next_move(moves.as_mut()) => Err(moved()),
            };
            if let Err(error) = ended {
                let _ = sender.send(Err(error)).await;
            }
        });
        Ok(Some(Self {
            notified,
            runtime: Some(runtime),
        }))
    }

    /// Waits for the next notification. The first one is reported as soon as the channel is listened to, and covers
    /// everything that happened before.
    ///
    /// # Errors
    /// Returns an error if the connection cannot be established, is lost, or does not answer in time. The listener
    /// cannot be used afterwards.
    pub async fn notified(&mut self) -> sqlx::Result<()> {
        self.notified.recv().await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn listen(
    options: &PgConnectOptions,
    bounds: &Bounds,
    channel: &str,
    sender: &mpsc::Sender<sqlx::Result<()>>,
) -> sqlx::Result<()> {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(bounds.acquire)
        .after_connect({
            let bounds = *bounds;
            move |connection, _| Box::pin(async move { session_limits::set(connection, &bounds, true).await })
        })
        .connect_lazy_with(session_limits::parameters(options));
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.eager_reconnect(false);
    in_time(bounds, listener.listen(channel)).await?;
    let _ = sender.try_send(Ok(()));
    loop {
        match timeout(PING_AFTER_SILENCE, listener.try_recv()).await {
            Ok(received) => match received? {
                Some(_) => {
                    let _ = sender.try_send(Ok(()));
                }
                None => return Err(sqlx::Error::Io(std::io::ErrorKind::ConnectionAborted.into())),
            },
            Err(_) => {
                in_time(bounds, listener.execute(raw_sql("select 1"))).await?;
            }
        }
    }
}

async fn in_time<T>(bounds: &Bounds, exchange: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    let deadline = bounds.deadline();
    timeout(deadline, exchange)
        .await
        .unwrap_or_else(|_| Err(late(deadline)))
}

//! Accepts connections and sees them off. In place of axum's own `serve`, which sets no time limit on the head of a
//! request: a slow client could hold a connection for ever, and a half-sent head the shutdown.

mod activity;
mod connection;
mod sockets;
mod watched_stream;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::limits::ServeLimits;
pub(super) use sockets::Sockets;

/// How long to wait when the process has no file left for another connection, rather than ask again at once.
const BREATHER: Duration = Duration::from_millis(200);

/// Serves until `shutdown` is cancelled and the requests then open are answered, or `limits.drain_limit` is over.
///
/// # Errors
/// When the bound on connections cannot be kept; accept errors are logged and tried again.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: CancellationToken,
    limits: ServeLimits,
) -> anyhow::Result<()> {
    let places = Arc::new(Semaphore::new(limits.connections));
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            Some(_ended) = connections.join_next() => {}
            (stream, peer, place) = next_connection(&listener, &places) => {
                let connection = connection::serve(stream, peer, router.clone(), shutdown.clone(), limits);
                connections.spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
        }
    }
    drop(listener);
    drain(connections, limits.drain_limit).await;
    Ok(())
}

/// Waits for a place first, so that connections beyond the bound stay in the operating system's backlog.
async fn next_connection(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    let place = Arc::clone(places)
        .acquire_owned()
        .await
        .expect("the semaphore is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer, place),
            Err(error) if is_of_one_connection(&error) => {
                tracing::debug!(%error, "a connection was gone before it was accepted")
            }
            Err(error) => {
                tracing::error!(%error, "connections cannot be accepted at the moment");
                tokio::time::sleep(BREATHER).await;
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

async fn drain(mut connections: JoinSet<()>, limit: Duration) {
    let all_ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(limit, all_ended).await.is_err() {
        tracing::warn!(
            open = connections.len(),
            "the drain limit is over; the connections still open are cut"
        );
        connections.shutdown().await;
    }
}

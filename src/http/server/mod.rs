//! Accepts connections, serves them within limits, and drains them on shutdown. Replaces axum's `serve`, which sets no
//! deadlines: a slow client could hold a connection, its replies and the shutdown indefinitely.

mod activity;
pub mod connection;
pub mod host_header;
mod overflow;
mod places;
mod progress;
mod reply_body;
mod sockets;
mod watched_stream;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::overflow::Overflow;
use self::places::Places;
pub use self::sockets::Sockets;
use super::limits::ServeLimits;

/// Time to wait before accepting again if the process has no file descriptors left.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(200);

/// Serves until `shutdown` is cancelled and the open requests are answered, or `limits.drain_limit` has elapsed.
///
/// # Errors
/// None at present; errors of accept are logged and retried.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: CancellationToken,
    limits: ServeLimits,
) -> anyhow::Result<()> {
    let places = Places::new(&limits);
    let mut overflow = Overflow::new(limits.overflow_connections);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            Some(_ended) = connections.join_next() => {}
            (stream, peer) = next_connection(&listener) => match places.take(peer.ip()) {
                Some(place) => {
                    let (router, shutdown, limits) = (router.clone(), shutdown.clone(), limits.clone());
                    connections.spawn(async move {
                        connection::serve(stream, peer, place.requests(), router, shutdown, limits).await;
                        drop(place);
                    });
                }
                None => overflow.serve(stream, peer, router.clone()),
            }
        }
    }
    drop(listener);
    drop(overflow);
    drain(connections, limits.drain_limit).await;
    Ok(())
}

async fn next_connection(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if is_of_one_connection(&error) => {
                tracing::debug!(%error, "a connection was gone before it was accepted");
            }
            Err(error) => {
                tracing::error!(%error, "failed to accept connections, retrying");
                tokio::time::sleep(ACCEPT_RETRY_DELAY).await;
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
            "the drain limit has elapsed, closing the remaining connections"
        );
        connections.shutdown().await;
    }
}

//! Accepts connections, serves them within their limits, and drains them at the end. In place of axum's own `serve`, which
//! sets no deadline: a slow client could hold a connection, its replies and the shutdown without an end.

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

use axum::{Extension, Router};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::overflow::Overflow;
use self::places::Places;
pub use self::sockets::Sockets;
use super::limits::ServeLimits;
use super::limits::connections::ConnectionLimits;

/// How long to wait when the process has no file left for another connection, rather than ask again at once.
const BREATHER: Duration = Duration::from_millis(200);

/// Serves until `shutdown` is cancelled and the requests then open are answered, or `limits.drain_limit` is over.
///
/// # Errors
/// None at the moment; accept errors are logged and tried again.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: CancellationToken,
    limits: ServeLimits,
) -> anyhow::Result<()> {
    let router = router.layer(Extension(ConnectionLimits::new(&limits)));
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

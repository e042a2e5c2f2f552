//! One connection, from its first byte to its end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::UPGRADE;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::activity::{Activity, TrackedBody};
use super::sockets::Sockets;
use super::watched_stream::WatchedStream;
use crate::http::limits::ServeLimits;
use crate::http::rates::Peer;

/// How long a connection without an open request is left alone once it should end: enough for the last bytes of a reply
/// to leave, and for a request that was already on its way to be read.
const LAST_MOMENT: Duration = Duration::from_secs(1);

#[cfg(target_os = "linux")]
const UNACKNOWLEDGED_MILLISECONDS: u32 = 30_000;

/// Largest head of a request, in bytes: a query of 16 KiB fits into a URL even where each byte is written as `%xx`.
const MOST_HEAD_BYTES: usize = 64 * 1024;

/// Serves one connection until it ends, grows quiet, or the shutdown comes and its open requests are answered.
pub(super) async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    shutdown: CancellationToken,
    limits: ServeLimits,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection stays without TCP_NODELAY");
    }
    notice_vanished_client(&stream);
    let (stream, sending) = WatchedStream::new(stream);
    let activity = Activity::new();
    let requests = activity.clone();
    let sockets = Sockets::default();
    let upgrades = sockets.clone();
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        let open = requests.begin();
        if request.headers().contains_key(UPGRADE) {
            request.extensions_mut().insert(upgrades.clone());
        }
        let answering = router.clone().oneshot(request.map(Body::new));
        async move { Ok::<_, Infallible>(answering.await?.map(|body| TrackedBody::new(body, open))) }
    });

    let builder = builder(&limits);
    let mut connection = pin!(builder.serve_connection_with_upgrades(TokioIo::new(stream), service));
    tokio::select! {
        ended = connection.as_mut() => {
            log_end(ended);
            // A WebSocket is one connection still: it keeps its place, and the shutdown waits for it.
            return sockets.ended().await;
        }
        () = shutdown.cancelled() => {}
        // Hyper's own timer starts only once it knows the protocol: a client that says nothing would stay for ever.
        () = activity.quiet_for(limits.header_read_timeout, limits.idle_timeout) => {}
    }
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        ended = connection.as_mut() => return log_end(ended),
        nothing_came = activity.stays_quiet_for(LAST_MOMENT) => if nothing_came && !sending.is_blocked() { return },
    }
    // A request is open, or its reply on its way: hyper ends the connection once the last byte of its reply has left.
    log_end(connection.await);
}

/// A phone that changed its network says no goodbye. What was sent to it and is not acknowledged for so long ends the
/// connection, and with it the places that its streams hold; Linux would otherwise try for a quarter of an hour.
fn notice_vanished_client(stream: &TcpStream) {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::net::sockopt::set_tcp_user_timeout(stream, UNACKNOWLEDGED_MILLISECONDS) {
        tracing::debug!(%error, "a connection stays without TCP_USER_TIMEOUT");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = stream;
}

fn builder(limits: &ServeLimits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_read_timeout)
        .max_buf_size(MOST_HEAD_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams_per_connection)
        .max_header_list_size(MOST_HEAD_BYTES as u32)
        .keep_alive_interval(limits.header_read_timeout)
        .keep_alive_timeout(limits.header_read_timeout);
    builder
}

/// Clients break connections off all the time; that is no trouble of ours.
fn log_end(ended: Result<(), Box<dyn std::error::Error + Send + Sync>>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}

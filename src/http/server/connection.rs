//! Serves one connection from its first byte to its end.

use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::http::Version;
use axum::http::header::{CONTENT_TYPE, UPGRADE};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::activity::Activity;
use super::host_header;
use super::places::PeerRequests;
use super::progress::{Progress, ReplyDeadlines, Streams};
use super::reply_body::ReplyBody;
use super::sockets::Sockets;
use super::watched_stream::WatchedStream;
use crate::http::limits::ServeLimits;
use crate::http::limits::connections::{ConnectionLimits, MAX_HEAD_BYTES};
use crate::http::middleware::rate_limit::Peer;

/// Grace period before closing a connection without an open request: time to send the last bytes of a reply, and to
/// read a request already in transit.
const CLOSING_GRACE: Duration = Duration::from_secs(1);

#[cfg(target_os = "linux")]
const UNACKNOWLEDGED_MILLISECONDS: u32 = 30_000;

/// Interval of HTTP/2 pings, and time limit for the answer.
const PING_INTERVAL: Duration = Duration::from_secs(10);

/// Closes the connection (HTTP/1) or resets the stream (HTTP/2), because its peer has too many open requests.
#[derive(Debug, thiserror::Error)]
#[error("the peer has too many requests open")]
struct TooManyRequests;

/// Serves a connection until it ends, times out, stops receiving its replies, or the shutdown has begun and its open
/// requests are answered.
pub async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    peer_requests: Option<PeerRequests>,
    router: Router,
    shutdown: CancellationToken,
    limits: ServeLimits,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection stays without TCP_NODELAY");
    }
    set_unacknowledged_timeout(&stream);
    let deadlines = ReplyDeadlines {
        stall: limits.reply_stall_timeout,
        bytes_per_second: limits.reply_bytes_per_second,
        stalled_streams: limits.stalled_streams_per_connection,
    };
    let activity = Activity::new();
    let (stream, sending) = WatchedStream::new(stream, activity.clone());
    // HTTP/1 requests are answered one after the other, so a single reply stalls the whole connection.
    let progress = Progress::new(deadlines);
    let streams = Streams::new(deadlines);
    let sockets = Sockets::default();
    let published_limits = ConnectionLimits::new(&limits);
    let service = {
        let (requests, upgrades, progress) = (activity.clone(), sockets.clone(), progress.clone());
        service_fn(move |mut request: hyper::Request<Incoming>| {
            let is_http2 = request.version() == Version::HTTP_2;
            let open = requests.begin(!is_http2);
            let place = peer_requests.as_ref().map(PeerRequests::begin);
            request.extensions_mut().insert(Peer(peer));
            request.extensions_mut().insert(published_limits);
            if request.headers().contains_key(UPGRADE) {
                request.extensions_mut().insert(upgrades.clone());
            }
            let (router, progress) = (router.clone(), progress.clone());
            async move {
                let place = place.map(|place| place.ok_or(TooManyRequests)).transpose()?;
                let response = match host_header::refuse(&request) {
                    Some(refused) => refused,
                    None => {
                        let Ok(response) = router.oneshot(request.map(Body::new)).await;
                        response
                    }
                };
                let is_endless = is_endless(&response);
                let progress = Streams::current().unwrap_or(progress);
                Ok::<_, TooManyRequests>(
                    response.map(|body| ReplyBody::new(body, is_http2, is_endless, progress, (open, place))),
                )
            }
        })
    };

    let builder = builder(&limits, streams.clone());
    let mut connection = pin!(builder.serve_connection_with_upgrades(TokioIo::new(stream), service));
    tokio::select! {
        ended = connection.as_mut() => {
            log_end(ended);
            // An open WebSocket keeps the place of its connection, and the shutdown waits for it.
            return sockets.ended().await;
        }
        () = shutdown.cancelled() => {}
        () = activity.quiet(limits.header_read_timeout, limits.keep_alive) => {}
        () = progress.stalled() => return log_stalled(peer),
        () = streams.too_many_stalled() => return log_stalled(peer),
    }
    connection.as_mut().graceful_shutdown();
    let begun = activity.begun();
    tokio::select! {
        ended = connection.as_mut() => return log_end(ended),
        () = tokio::time::sleep(CLOSING_GRACE) => if activity.is_quiet_since(begun) && !sending.is_blocked() { return },
    }
    // While a request is open or its reply is being sent, hyper ends the connection after the last byte of the reply.
    tokio::select! {
        ended = connection.as_mut() => log_end(ended),
        () = progress.stalled() => log_stalled(peer),
        () = streams.too_many_stalled() => log_stalled(peer),
        // After the last request hyper has little left to send, and no other deadline applies.
        () = activity.quiet(limits.reply_stall_timeout, limits.reply_stall_timeout) => log_stalled(peer),
    }
}

/// Returns true for event streams, which have no end and no minimum rate.
fn is_endless(response: &Response) -> bool {
    let content_type = response.headers().get(CONTENT_TYPE);
    response.body().size_hint().exact().is_none()
        && content_type.is_some_and(|name| name.as_bytes().starts_with(b"text/event-stream"))
}

/// Ends the connection if sent data is not acknowledged within the timeout, which frees the places of its streams. A
/// phone that changes its network closes no connections, and Linux would retransmit for about 15 minutes.
fn set_unacknowledged_timeout(stream: &TcpStream) {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::net::sockopt::set_tcp_user_timeout(stream, UNACKNOWLEDGED_MILLISECONDS) {
        tracing::debug!(%error, "a connection stays without TCP_USER_TIMEOUT");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = stream;
}

fn builder(limits: &ServeLimits, streams: Streams) -> auto::Builder<Streams> {
    let mut builder = auto::Builder::new(streams);
    builder
        .http1()
        .timer(TokioTimer::new())
        // Hyper's deadline for a head begins at the end of the previous reply; ours begins at the first byte of the
        // head.
        .header_read_timeout(None)
        .max_buf_size(MAX_HEAD_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams_per_connection)
        .max_header_list_size(MAX_HEAD_BYTES as u32)
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_INTERVAL);
    builder
}

fn log_stalled(peer: SocketAddr) {
    tracing::debug!(%peer, "a connection is closed: its replies were not taken");
}

/// Logs at debug level, because clients regularly break connections off.
fn log_end(ended: Result<(), Box<dyn std::error::Error + Send + Sync>>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}

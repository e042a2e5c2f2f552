//! Connections above the limits. They only answer health probes, so that a load balancer does not take a process with
//! many connections for a dead one; any other request gets 503 and the connection is closed.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::task::AbortHandle;
use tower::ServiceExt;

use crate::http::error::HttpError;
use crate::http::middleware::language;
use crate::http::middleware::rate_limit::{Peer, is_probe};
use crate::http::request_id::RequestId;
use crate::messages::Message;

/// Maximum duration of such a connection. Readiness checks take up to 3 seconds.
const MAX_TIME: Duration = Duration::from_secs(5);

/// Maximum size of a head, in bytes: the minimum that hyper accepts.
const MAX_HEAD_BYTES: usize = 8 * 1024;

/// Maximum number of body bytes to read before a request is rejected. Closing a connection with unread bytes resets it,
/// and the client could lose the reply.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// Open connections above the limits.
pub struct Overflow {
    max_open: usize,
    open: VecDeque<AbortHandle>,
}

impl Overflow {
    pub fn new(max_open: usize) -> Self {
        Self {
            max_open,
            open: VecDeque::new(),
        }
    }

    /// Serves another connection. It replaces the oldest one: probes send their requests at once, while connections
    /// opened to exhaust places stay silent.
    pub fn serve(&mut self, stream: TcpStream, peer: SocketAddr, router: Router) {
        self.open.retain(|connection| !connection.is_finished());
        if self.open.len() >= self.max_open
            && let Some(oldest) = self.open.pop_front()
        {
            oldest.abort();
        }
        let served = tokio::spawn(async move {
            let _ = tokio::time::timeout(MAX_TIME, serve(stream, peer, router)).await;
        });
        self.open.push_back(served.abort_handle());
    }
}

impl Drop for Overflow {
    fn drop(&mut self) {
        self.open.iter().for_each(AbortHandle::abort);
    }
}

async fn serve(stream: TcpStream, peer: SocketAddr, router: Router) {
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        let router = router.clone();
        async move {
            let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
            if is_read && is_probe(request.uri().path()) {
                request.extensions_mut().insert(Peer(peer));
                return router.oneshot(request.map(Body::new)).await;
            }
            let refused = refuse(request.headers());
            let _ = to_bytes(Body::new(request.into_body()), MAX_BODY_BYTES).await;
            Ok(refused)
        }
    });
    let ended = http1::Builder::new()
        .timer(TokioTimer::new())
        .keep_alive(false)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection above the limits broke off");
    }
}

fn refuse(headers: &HeaderMap) -> Response {
    let request_id = RequestId::from_headers(headers);
    HttpError::try_again(Message::TooMuchUnderWay).into_response(&request_id, language::from_headers(headers))
}

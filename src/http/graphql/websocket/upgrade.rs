//! WebSocket handshake and serving loop.
//!
//! A page may open a WebSocket if it may call the API: if its origin is newbee's own or is allow-listed. Browsers send
//! the `Origin` header with a handshake, but no preflight request.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequestParts, Request};
use axum::http::Method;
use axum::http::header::UPGRADE;
use axum::response::Response;
use tokio_util::sync::CancellationToken;

use super::connection::Peer;
use super::protocol::{Close, SUBPROTOCOL};
use crate::domain::language::Language;
use crate::http::auth::authenticator::Authenticator;
use crate::http::auth::bearer;
use crate::http::auth::requester::Requester;
use crate::http::error::HttpError;
use crate::http::graphql::endpoint::GraphqlEndpoint;
use crate::http::limits::admission::Admission;
use crate::http::middleware::origin;
use crate::http::middleware::rate_limit::ClientQuota;
use crate::http::request_id::RequestId;
use crate::http::server::Sockets;

/// Maximum size of unsent data for a client that does not read, including pongs, in bytes; larger than any reply.
const MAX_WAITING_BYTES: usize = 4 * 1024 * 1024;

/// Size of the read and write buffers, in bytes, which an idle socket keeps. A larger message takes several reads or
/// writes.
const BUFFER_BYTES: usize = 4 * 1024;

/// Time for the client to acknowledge that the socket is closed.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Returns true if a request is a WebSocket handshake.
pub fn is_wanted(request: &Request) -> bool {
    let upgrade = request.headers().get(UPGRADE).and_then(|value| value.to_str().ok());
    request.method() == Method::GET && upgrade.is_some_and(|name| name.eq_ignore_ascii_case("websocket"))
}

/// Performs the handshake, and serves the socket until it ends.
pub async fn answer<A: Authenticator>(
    endpoint: Arc<GraphqlEndpoint<A>>,
    admission: Arc<Admission>,
    draining: CancellationToken,
    request_id: &RequestId,
    language: Language,
    request: Request,
) -> Response {
    // Browsers cannot send the header with a handshake; other clients can.
    let mut requester = Requester::new(ClientQuota::of(&request), request_id.clone(), language);
    let taken = bearer::bearer_key(request.headers()).and_then(|key| {
        let taken = key.map(|key| requester.take_key::<A>(key)).transpose();
        taken.map_err(HttpError::from)
    });
    let taken = taken.and_then(|_| origin::check(&request));
    if let Err(refusal) = taken {
        return refusal.into_response(request_id, language);
    }
    let (mut parts, _body) = request.into_parts();
    let sockets = parts.extensions.get::<Sockets>().cloned().unwrap_or_default();
    let Ok(upgrade) = WebSocketUpgrade::from_request_parts(&mut parts, &()).await else {
        return HttpError::bad_request("This is not the handshake of a WebSocket, version 13, over HTTP/1.1.")
            .into_response(request_id, language);
    };
    let offered: Vec<_> = upgrade.requested_protocols().cloned().collect();
    let offered = offered
        .iter()
        .filter_map(|name| name.to_str().ok())
        .map(|name| Cow::Owned(name.to_owned()));
    // Unsupported subprotocols are accepted first, because only an open socket can be closed with a reason.
    let upgrade = upgrade.protocols([Cow::Borrowed(SUBPROTOCOL)].into_iter().chain(offered));
    let is_ours = upgrade.selected_protocol().is_some_and(|name| name == SUBPROTOCOL);
    let place = match admission.socket(requester.address()) {
        Ok(place) => place,
        Err(refusal) => return refusal.into_response(request_id, language),
    };
    let held = sockets.hold();
    let most_bytes = admission.limits().body_bytes;
    upgrade
        .max_message_size(most_bytes)
        .max_frame_size(most_bytes)
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(BUFFER_BYTES)
        .max_write_buffer_size(MAX_WAITING_BYTES)
        .on_upgrade(async move |mut socket| {
            let served = async {
                let close = if is_ours {
                    Peer::new(endpoint, admission, draining, requester, place)
                        .serve(&mut socket)
                        .await
                } else {
                    Some(Close::SUBPROTOCOL)
                };
                if let Some(close) = close {
                    close_socket(&mut socket, close).await;
                }
            };
            held.unless_cut(served).await;
        })
}

/// Closes a socket, and waits briefly for the acknowledgement of the client.
async fn close_socket(socket: &mut WebSocket, close: Close) {
    let closing = async {
        let frame = CloseFrame {
            code: close.code,
            reason: close.reason.as_ref().into(),
        };
        if socket.send(Message::Close(Some(frame))).await.is_ok() {
            while let Some(Ok(_)) = socket.recv().await {}
        }
    };
    let _ = tokio::time::timeout(CLOSE_TIMEOUT, closing).await;
}

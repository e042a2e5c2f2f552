//! Server-sent events, by the graphql-sse protocol in "distinct connections mode": each operation is a separate
//! request, and the reply has one event `next` per result, followed by `complete`.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use futures_util::{FutureExt, StreamExt};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{Events, KeyCheck};
use crate::domain::language::Language;
use crate::http::auth::authenticator::Authenticator;
use crate::http::auth::requester::Requester;
use crate::http::error::{HttpError, PRIVATE};
use crate::http::graphql::endpoint::GraphqlEndpoint;
use crate::http::graphql::response::{Answer, finish};
use crate::http::limits::RequestLimits;
use crate::http::request_id::RequestId;

const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream; charset=utf-8");
/// Disables buffering in nginx, so that each event is forwarded immediately.
const NO_BUFFERING: (HeaderName, HeaderValue) = (
    HeaderName::from_static("x-accel-buffering"),
    HeaderValue::from_static("no"),
);
/// A comment that keeps the connection alive for clients and proxies.
const KEEP_ALIVE: &[u8] = b":\n\n";
/// With an empty `data` line, because browsers ignore events without data.
const COMPLETE: &[u8] = b"event: complete\ndata:\n\n";

/// Returns the reply with the single result of an operation, in at most `max_bytes`, and the codes of its errors for
/// the log.
pub fn once(answer: Answer, max_bytes: usize, request_id: &RequestId, language: Language) -> (Response, Vec<String>) {
    let (json, codes) = finish(answer, request_id, language).to_json(max_bytes, request_id);
    let mut text = next(&json);
    text.extend_from_slice(COMPLETE);
    (reply(Body::from(text)), codes)
}

/// Returns the reply that streams all results of a subscription.
///
/// When the session or the subscription ends, the stream ends with the event `complete`. On shutdown, stream and
/// connection are cut without it: clients treat `complete` as a regular end, and resubscribe after a broken stream.
pub fn follow<A: Authenticator>(
    endpoint: &Arc<GraphqlEndpoint<A>>,
    events: Events,
    requester: Requester,
    limits: &RequestLimits,
    draining: &CancellationToken,
) -> Response {
    let now = Instant::now();
    let following = Following {
        endpoint: Arc::clone(endpoint),
        events,
        key_check: KeyCheck::new(&limits.live),
        requester,
        keep_alive: limits.live.keep_alive,
        comment_at: now + limits.live.keep_alive,
        max_bytes: limits.reply_bytes,
        draining: draining.clone(),
        has_ended: false,
    };
    // Send a comment at once, so that the client knows that the subscription has started.
    let beginning = stream::iter([Ok(Bytes::from_static(KEEP_ALIVE))]);
    let chunks = beginning.chain(stream::unfold(following, Following::chunk));
    reply(Body::from_stream(chunks))
}

/// The process shuts down while a stream is open.
#[derive(Debug, thiserror::Error)]
#[error("the process is shutting down")]
struct ShuttingDown;

type Chunk = Result<Bytes, ShuttingDown>;

fn reply(body: Body) -> Response {
    let headers = [(CONTENT_TYPE, EVENT_STREAM), (CACHE_CONTROL, PRIVATE), NO_BUFFERING];
    (headers, body).into_response()
}

/// Renders an event with a complete GraphQL reply, which is single-line JSON.
fn next(json: &[u8]) -> Vec<u8> {
    let mut text = b"event: next\ndata: ".to_vec();
    text.extend_from_slice(json);
    text.extend_from_slice(b"\n\n");
    text
}

/// State of an open event stream.
struct Following<A: Authenticator> {
    endpoint: Arc<GraphqlEndpoint<A>>,
    events: Events,
    requester: Requester,
    key_check: KeyCheck,
    keep_alive: Duration,
    /// Time of the next comment, independent of other events.
    comment_at: Instant,
    max_bytes: usize,
    draining: CancellationToken,
    has_ended: bool,
}

impl<A: Authenticator> Following<A> {
    /// Returns the next bytes to send; `None` after the event `complete`.
    async fn chunk(mut self) -> Option<(Chunk, Self)> {
        if self.has_ended {
            return None;
        }
        loop {
            let event = tokio::select! {
                biased;
                () = self.draining.cancelled() => {
                    self.has_ended = true;
                    return Some((Err(ShuttingDown), self));
                }
                () = self.key_check.due() => match self.key_check.run(&self.endpoint, &self.requester).await {
                    Ok(()) => continue,
                    Err(refusal) => return Some(self.last(refusal)),
                },
                () = sleep_until(self.comment_at) => {
                    self.comment_at += self.keep_alive;
                    return Some((Ok(Bytes::from_static(KEEP_ALIVE)), self));
                }
                event = AssertUnwindSafe(self.events.next()).catch_unwind() => match event {
                    Ok(event) => event,
                    Err(_panic) => {
                        tracing::error!(request_id = %self.requester.request_id, "a subscription panicked; the panic itself is on standard error");
                        return Some(self.last(HttpError::internal()));
                    }
                },
            };
            let Some(executed) = event else {
                self.has_ended = true;
                return Some((Ok(Bytes::from_static(COMPLETE)), self));
            };
            let text = self.event(Answer::Executed(executed));
            return Some((Ok(text.into()), self));
        }
    }

    /// Ends the stream early, with the reason.
    fn last(mut self, refusal: HttpError) -> (Chunk, Self) {
        self.has_ended = true;
        let mut text = self.event(Answer::from(refusal.into_error(self.requester.language)));
        text.extend_from_slice(COMPLETE);
        (Ok(text.into()), self)
    }

    fn event(&self, answer: Answer) -> Vec<u8> {
        let (request_id, language) = (&self.requester.request_id, self.requester.language);
        let (json, _codes) = finish(answer, request_id, language).to_json(self.max_bytes, request_id);
        next(&json)
    }
}

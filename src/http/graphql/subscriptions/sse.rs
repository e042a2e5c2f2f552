//! Server-sent events, by the protocol graphql-sse in its mode of distinct connections: each operation is a request of its
//! own, whose reply has an event `next` for each answer and then `complete`.

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
/// Tells nginx to pass each event on as it comes.
const NO_BUFFERING: (HeaderName, HeaderValue) = (
    HeaderName::from_static("x-accel-buffering"),
    HeaderValue::from_static("no"),
);
/// A comment: it says that the connection lives, to both ends and to whatever is between them.
const KEEP_ALIVE: &[u8] = b":\n\n";
/// With an empty line of data: browsers pass over events without any.
const COMPLETE: &[u8] = b"event: complete\ndata:\n\n";

/// The one answer of an operation that is over, in at most `max_bytes`, and the codes of its errors for the log.
pub fn once(answer: Answer, max_bytes: usize, request_id: &RequestId, language: Language) -> (Response, Vec<String>) {
    let (json, codes) = finish(answer, request_id, language).to_json(max_bytes, request_id);
    let mut text = next(&json);
    text.extend_from_slice(COMPLETE);
    (reply(Body::from(text)), codes)
}

/// All answers of a subscription, as they come.
///
/// At the end of its session or of its subscription a stream ends with the event `complete`. When the process shuts down it
/// breaks off without one, and the connection with it: clients take `complete` for the end that was wanted, but a stream that
/// broke for a reason to subscribe again.
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
    // Something at once: the client then knows that it has begun.
    let beginning = stream::iter([Ok(Bytes::from_static(KEEP_ALIVE))]);
    let chunks = beginning.chain(stream::unfold(following, Following::chunk));
    reply(Body::from_stream(chunks))
}

/// The process shuts down while a stream is open.
#[derive(Debug, thiserror::Error)]
#[error("the process shuts down")]
struct ShuttingDown;

type Chunk = Result<Bytes, ShuttingDown>;

fn reply(body: Body) -> Response {
    let headers = [(CONTENT_TYPE, EVENT_STREAM), (CACHE_CONTROL, PRIVATE), NO_BUFFERING];
    (headers, body).into_response()
}

/// An event with a whole GraphQL reply, which is JSON in one line.
fn next(json: &[u8]) -> Vec<u8> {
    let mut text = b"event: next\ndata: ".to_vec();
    text.extend_from_slice(json);
    text.extend_from_slice(b"\n\n");
    text
}

/// A stream of events under way.
struct Following<A: Authenticator> {
    endpoint: Arc<GraphqlEndpoint<A>>,
    events: Events,
    requester: Requester,
    key_check: KeyCheck,
    keep_alive: Duration,
    /// When the next comment is sent, whatever else is sent before.
    comment_at: Instant,
    max_bytes: usize,
    draining: CancellationToken,
    has_ended: bool,
}

impl<A: Authenticator> Following<A> {
    /// The next bytes to send; nothing after the event `complete`.
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

    /// Why it ends before its end.
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

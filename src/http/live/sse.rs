//! Server-sent events, by the protocol graphql-sse in its mode of distinct connections: each operation is a request of its
//! own, whose reply has an event `next` for each answer and then `complete`.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use futures_util::{FutureExt, StreamExt};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{Events, is_still_good};
use crate::domain::language::Language;
use crate::http::asker::Asker;
use crate::http::authenticator::Authenticator;
use crate::http::door::GraphqlDoor;
use crate::http::graphql_response::{Answer, Finished, finish};
use crate::http::limits::LiveLimits;
use crate::http::refusal::{PRIVATE, Refusal};
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

/// The one answer of an operation that is over, and the codes of its errors for the log.
pub(in crate::http) fn once(answer: Answer, request_id: &RequestId, language: Language) -> (Response, Vec<String>) {
    let finished = finish(answer, request_id, language);
    let codes = finished.codes();
    let mut text = next(&finished);
    text.extend_from_slice(COMPLETE);
    (reply(Body::from(text)), codes)
}

/// All answers of a subscription, as they come.
pub(in crate::http) fn follow<A: Authenticator>(
    door: &Arc<GraphqlDoor<A>>,
    events: Events,
    asker: Asker,
    limits: LiveLimits,
    draining: &CancellationToken,
) -> Response {
    let following = Following {
        door: Arc::clone(door),
        events,
        asker,
        limits,
        draining: draining.clone(),
        check_key_at: Instant::now() + limits.check_key_every,
        has_ended: false,
    };
    // Something at once: the client then knows that it has begun.
    let beginning = stream::iter([Bytes::from_static(KEEP_ALIVE)]);
    let chunks = beginning.chain(stream::unfold(following, Following::chunk));
    reply(Body::from_stream(chunks.map(Ok::<_, std::convert::Infallible>)))
}

fn reply(body: Body) -> Response {
    let headers = [(CONTENT_TYPE, EVENT_STREAM), (CACHE_CONTROL, PRIVATE), NO_BUFFERING];
    (headers, body).into_response()
}

/// An event with a whole GraphQL reply, which is JSON in one line.
fn next(finished: &Finished) -> Vec<u8> {
    let mut text = b"event: next\ndata: ".to_vec();
    text.extend(finished.to_json());
    text.extend_from_slice(b"\n\n");
    text
}

/// A stream of events under way.
struct Following<A: Authenticator> {
    door: Arc<GraphqlDoor<A>>,
    events: Events,
    asker: Asker,
    limits: LiveLimits,
    draining: CancellationToken,
    check_key_at: Instant,
    has_ended: bool,
}

impl<A: Authenticator> Following<A> {
    /// The next bytes to send; nothing after the event `complete`.
    async fn chunk(mut self) -> Option<(Bytes, Self)> {
        if self.has_ended {
            return None;
        }
        loop {
            let event = tokio::select! {
                biased;
                () = self.draining.cancelled() => None,
                () = sleep_until(self.check_key_at) => match is_still_good(&self.door, &self.asker).await {
                    Ok(()) => {
                        self.check_key_at = Instant::now() + self.limits.check_key_every;
                        continue;
                    }
                    Err(refusal) => return Some(self.last(refusal)),
                },
                event = AssertUnwindSafe(self.events.next()).catch_unwind() => match event {
                    Ok(event) => event,
                    Err(_panic) => {
                        tracing::error!(request_id = %self.asker.request_id, "a subscription panicked; the panic itself is on standard error");
                        return Some(self.last(Refusal::internal()));
                    }
                },
                () = sleep(self.limits.keep_alive) => return Some((Bytes::from_static(KEEP_ALIVE), self)),
            };
            let Some(executed) = event else {
                self.has_ended = true;
                return Some((Bytes::from_static(COMPLETE), self));
            };
            let finished = finish(Answer::Executed(executed), &self.asker.request_id, self.asker.language);
            return Some((next(&finished).into(), self));
        }
    }

    /// Why it ends before its end.
    fn last(mut self, refusal: Refusal) -> (Bytes, Self) {
        self.has_ended = true;
        let error = Answer::from(refusal.into_error(self.asker.language));
        let (request_id, language) = (&self.asker.request_id, self.asker.language);
        let mut text = next(&finish(error, request_id, language));
        text.extend_from_slice(COMPLETE);
        (text.into(), self)
    }
}

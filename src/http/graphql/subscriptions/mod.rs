//! Subscriptions, delivered as server-sent events (`sse`) or over a WebSocket.
//!
//! Both start an operation by [`begin`], which holds operation places only until it has started. Both end when the
//! process drains, and when their session key is no longer valid.

pub mod sse;

use std::sync::Arc;
use std::time::Duration;

use async_graphql::Response;
use axum::http::HeaderMap;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tokio::time::{Instant, sleep_until};

use super::endpoint::GraphqlEndpoint;
use super::handler;
use super::handler::Operation;
use super::query_text::relocate;
use crate::graphql::SubscriptionStarted;
use crate::http::auth::authenticator::Authenticator;
use crate::http::auth::requester::Requester;
use crate::http::error::HttpError;
use crate::http::headers::media_type::accepted_ranges;
use crate::http::limits::LiveLimits;
use crate::http::limits::admission::Admission;
use crate::messages::Message;

/// Results of a subscription.
pub type Events = BoxStream<'static, Response>;

/// Preference of a client for an event stream as the reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventStream {
    /// Not accepted.
    Unwanted,
    /// Accepted, but another type is preferred: used for subscriptions only.
    Accepted,
    /// Preferred, or equal to another type and listed first: used for all operations.
    Preferred,
}

impl EventStream {
    /// Returns the preference in the `Accept` header. Wildcards do not count: a client that sends one does not expect
    /// an endless reply.
    pub fn wish(headers: &HeaderMap) -> Self {
        let ranges = accepted_ranges(headers);
        let named = |range: &str| range == "text/event-stream";
        let Some(position) = ranges.iter().position(|(range, quality)| named(range) && *quality > 0) else {
            return Self::Unwanted;
        };
        let quality = ranges[position].1;
        let mut others = ranges.iter().enumerate().filter(|(_, (range, _))| {
            matches!(
                range.as_str(),
                "application/json" | "application/graphql-response+json" | "application/*" | "*/*"
            )
        });
        let is_liked_less = |(place, (range, liked)): (usize, &(String, u16))| {
            // A wildcard does not compete with a type that is listed.
            range.ends_with('*') || *liked < quality || (*liked == quality && place > position)
        };
        if others.all(is_liked_less) {
            Self::Preferred
        } else {
            Self::Accepted
        }
    }
}

/// Starts a subscription. When this returns, it has started, or its only result contains the reason for failure.
///
/// # Errors
/// [`HttpError`] if the key is invalid, or the operation has no place or times out.
pub async fn begin<A: Authenticator>(
    endpoint: &Arc<GraphqlEndpoint<A>>,
    admission: &Admission,
    requester: &Requester,
    mut operation: Operation,
) -> Result<Events, HttpError> {
    let begun = SubscriptionStarted::default();
    let (claim, kind) = (operation.claim(requester), operation.kind);
    let text = Arc::clone(&operation.document.text);
    let validation = operation.take_validation();
    let beginning = async {
        let (request, document) = operation.into_request(endpoint.executor.input_types().registry());
        let request = handler::attach_context(endpoint, requester, request, None, kind).await?;
        let errors = handler::validate(endpoint, validation, &document).await;
        if !errors.is_empty() {
            return Ok((Some(Some(Response::from_errors(errors))), stream::empty().boxed()));
        }
        let mut events = endpoint.executor.subscribe(request.data(begun.clone()));
        let first = tokio::select! {
            first = events.next() => Some(first),
            () = begun.notified() => None,
        };
        Ok::<_, HttpError>((first, events))
    };
    let (first, events) = admission.execute(&requester.request_id, claim, beginning).await??;
    let events = match first {
        None => events,
        // It has already ended.
        Some(None) => stream::empty().boxed(),
        Some(Some(only)) => stream::iter([only]).chain(events).boxed(),
    };
    let located = events.map(move |mut event| {
        relocate(&mut event.errors, &text);
        event
    });
    Ok(located.boxed())
}

/// Periodic check that the key of a stream or WebSocket is still valid.
pub struct KeyCheck {
    every: Duration,
    max_unchecked: Duration,
    due_at: Instant,
    last_good: Instant,
}

impl KeyCheck {
    /// Creates a check for a key that was valid just now.
    pub fn new(limits: &LiveLimits) -> Self {
        let now = Instant::now();
        Self {
            every: limits.check_key_every,
            max_unchecked: limits.max_unchecked,
            due_at: now + limits.check_key_every,
            last_good: now,
        }
    }

    /// Waits until the next check is due.
    pub async fn due(&self) {
        sleep_until(self.due_at).await;
    }

    /// Looks up the key. If lookups fail, the key counts as valid for a limited time.
    ///
    /// # Errors
    /// [`HttpError`] if the key is no longer valid, or lookups have failed for longer than the limit.
    pub async fn run<A: Authenticator>(
        &mut self,
        endpoint: &GraphqlEndpoint<A>,
        requester: &Requester,
    ) -> Result<(), HttpError> {
        let Some(key) = requester.key() else {
            self.due_at = Instant::now() + self.every;
            return Ok(());
        };
        let found = endpoint.authenticator.authenticate(key).await;
        let now = Instant::now();
        self.due_at = now + self.every;
        match found {
            Ok(None) => Err(HttpError::unauthenticated(Message::SessionEnded)),
            Ok(Some(_)) => {
                self.last_good = now;
                Ok(())
            }
            Err(_) if now - self.last_good < self.max_unchecked => Ok(()),
            Err(_) => Err(HttpError::try_again(Message::KeysNotChecked)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use axum::http::header::ACCEPT;

    fn wish(accept: &'static str) -> EventStream {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        EventStream::wish(&headers)
    }

    #[test]
    fn events_require_an_explicit_accept_header() {
        assert_eq!(EventStream::wish(&HeaderMap::new()), EventStream::Unwanted);
        assert_eq!(wish("*/*"), EventStream::Unwanted);
        assert_eq!(wish("text/event-stream;q=0"), EventStream::Unwanted);
        assert_eq!(wish("text/event-stream"), EventStream::Preferred);
        assert_eq!(wish("text/event-stream, multipart/mixed, */*"), EventStream::Preferred);
        assert_eq!(
            wish("application/json;q=0.9, text/event-stream"),
            EventStream::Preferred
        );
    }

    #[test]
    fn json_with_events_gets_events_for_subscriptions_only() {
        let urql = "application/graphql-response+json, application/json, text/event-stream, multipart/mixed";
        assert_eq!(wish(urql), EventStream::Accepted);
        assert_eq!(wish("text/event-stream;q=0.5, application/json"), EventStream::Accepted);
    }
}

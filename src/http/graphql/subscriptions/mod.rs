//! What stays open: subscriptions, answered as server-sent events (`sse`) or over a WebSocket (`socket`).
//!
//! Both begin an operation by [`begin`], which holds a place among the operations only until it has begun. Both end when the
//! process drains, and when the session key they were begun with is no longer good.

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

/// The answers of one subscription.
pub type Events = BoxStream<'static, Response>;

/// What a caller thinks of a stream of events as the reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventStream {
    /// Not named, or refused.
    Unwanted,
    /// Named, but another type is liked as well: for what has many answers.
    Accepted,
    /// Liked best, or as well as another type and named before it: for whatever is asked.
    Preferred,
}

impl EventStream {
    /// By the `Accept` header. Wildcards do not count: who sends them does not expect a reply without an end.
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
            // A wildcard says nothing of what is named.
            range.ends_with('*') || *liked < quality || (*liked == quality && place > position)
        };
        if others.all(is_liked_less) {
            Self::Preferred
        } else {
            Self::Accepted
        }
    }
}

/// Begins a subscription. When this returns it has begun, or its only answer says why not.
pub async fn begin<A: Authenticator>(
    endpoint: &Arc<GraphqlEndpoint<A>>,
    admission: &Admission,
    requester: &Requester,
    mut operation: Operation,
) -> Result<Events, HttpError> {
    let begun = SubscriptionStarted::default();
    let claim = operation.claim(requester);
    let text = Arc::clone(&operation.document.text);
    let validation = operation.take_validation();
    let beginning = async {
        let (request, _document) = operation.into_request(endpoint.executor.input_types().registry());
        let request = handler::attach_context(endpoint, requester, request, None).await?;
        if let Some(validation) = validation
            && let errors = endpoint.executor.validate(validation).await
            && !errors.is_empty()
        {
            return Ok((Some(Some(Response::from_errors(errors))), stream::empty().boxed()));
        }
        let mut events = endpoint.executor.subscribe(request.data(begun.clone()));
        let first = tokio::select! {
            first = events.next() => Some(first),
            () = begun.told() => None,
        };
        Ok::<_, HttpError>((first, events))
    };
    let (first, events) = admission.execute(&requester.request_id, claim, beginning).await??;
    let events = match first {
        None => events,
        // It has ended already.
        Some(None) => stream::empty().boxed(),
        Some(Some(only)) => stream::iter([only]).chain(events).boxed(),
    };
    let located = events.map(move |mut event| {
        relocate(&mut event.errors, &text);
        event
    });
    Ok(located.boxed())
}

/// Checks from time to time that the key of a stream or socket is still good.
pub struct KeyCheck {
    every: Duration,
    max_unchecked: Duration,
    due_at: Instant,
    last_good: Instant,
}

impl KeyCheck {
    /// The key was good just now.
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

    /// Looks the key up. One that cannot be looked up counts as good for a while, since it was before.
    ///
    /// # Errors
    /// When the key is no longer good, or could not be looked up for too long.
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
    fn events_are_sent_to_those_who_name_them() {
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
    fn who_likes_json_as_well_gets_events_only_where_there_are_many() {
        let urql = "application/graphql-response+json, application/json, text/event-stream, multipart/mixed";
        assert_eq!(wish(urql), EventStream::Accepted);
        assert_eq!(wish("text/event-stream;q=0.5, application/json"), EventStream::Accepted);
    }
}

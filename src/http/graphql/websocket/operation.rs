//! One operation on a WebSocket, run in a separate task from its start to its last result.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_graphql::Response;
use async_graphql::parser::types::OperationType;
use axum::http::StatusCode;
use futures_util::{FutureExt, StreamExt};
use serde_json::Value;
use tokio::sync::mpsc;

use super::protocol;
use crate::http::auth::authenticator::Authenticator;
use crate::http::auth::requester::Requester;
use crate::http::error::HttpError;
use crate::http::graphql::endpoint::GraphqlEndpoint;
use crate::http::graphql::handler;
use crate::http::graphql::request;
use crate::http::graphql::request_error::RequestError;
use crate::http::graphql::response::{Answer, Finished, finish};
use crate::http::graphql::subscriptions::{self, Events};
use crate::http::limits::admission::Admission;
use crate::http::middleware::access_log::AccessLog;
use crate::http::request_id::RequestId;

/// A message to the client.
pub struct Outgoing {
    pub id: String,
    pub number: u64,
    pub text: String,
    /// True if the message ends the operation.
    pub is_last: bool,
}

/// Sends the results of one operation. It waits while earlier results on the socket are unsent.
pub struct Sink {
    id: String,
    number: u64,
    request_id: RequestId,
    /// Maximum size of a result, in bytes.
    max_bytes: usize,
    sender: mpsc::Sender<Outgoing>,
}

impl Sink {
    pub fn new(
        id: String,
        number: u64,
        request_id: RequestId,
        max_bytes: usize,
        sender: mpsc::Sender<Outgoing>,
    ) -> Self {
        Self {
            id,
            number,
            request_id,
            max_bytes,
            sender,
        }
    }

    async fn send(&self, text: String, is_last: bool) {
        let outgoing = Outgoing {
            id: self.id.clone(),
            number: self.number,
            text,
            is_last,
        };
        // Without a receiver the socket is closed, and this task is about to be aborted.
        let _ = self.sender.send(outgoing).await;
    }

    /// Sends one result. Request errors end the operation.
    async fn answer(&self, finished: &Finished) -> Ended {
        match finished {
            Finished::Executed(_) => {
                let (json, _codes) = finished.to_json(self.max_bytes, &self.request_id);
                self.send(protocol::next(&self.id, &json), false).await;
                Ended::No
            }
            Finished::RequestErrors(_) => {
                self.send(protocol::error(&self.id, &finished.errors_to_json()), true)
                    .await;
                Ended::Yes
            }
        }
    }

    async fn complete(&self) {
        self.send(protocol::complete(&self.id), true).await;
    }
}

#[derive(PartialEq, Eq)]
enum Ended {
    Yes,
    No,
}

/// Runs an operation to its end.
pub async fn run<A: Authenticator>(
    endpoint: Arc<GraphqlEndpoint<A>>,
    admission: Arc<Admission>,
    requester: Requester,
    payload: Value,
    sink: Sink,
) {
    let ended = match AssertUnwindSafe(answers(&endpoint, &admission, &requester, payload, &sink))
        .catch_unwind()
        .await
    {
        Ok(ended) => ended,
        Err(_panic) => {
            tracing::error!(request_id = %requester.request_id, "a subscription panicked; the panic itself is on standard error");
            let error = Answer::from(HttpError::internal().into_error(requester.language));
            sink.answer(&finish(error, &requester.request_id, requester.language))
                .await
        }
    };
    if ended == Ended::No {
        sink.complete().await;
    }
}

/// An operation that was not rejected.
enum Begun {
    Subscription(Events),
    Executed(Box<Response>),
}

async fn answers<A: Authenticator>(
    endpoint: &Arc<GraphqlEndpoint<A>>,
    admission: &Admission,
    requester: &Requester,
    payload: Value,
    sink: &Sink,
) -> Ended {
    let finish = |answer| finish(answer, &requester.request_id, requester.language);
    let mut log = AccessLog::start(&requester.request_id, requester.log_sampler());
    let begun = async {
        let parameters = request::from_object(payload)?;
        let operation = handler::prepare(endpoint, requester, parameters, &mut log)?;
        Ok::<_, RequestError>(if operation.kind == OperationType::Subscription {
            Begun::Subscription(subscriptions::begin(endpoint, admission, requester, operation).await?)
        } else {
            Begun::Executed(Box::new(
                handler::execute(endpoint, admission, requester, operation, None).await?,
            ))
        })
    };
    let answer = match begun.await {
        Ok(Begun::Subscription(mut events)) => {
            log.answered(StatusCode::OK, &[]);
            drop(log);
            while let Some(executed) = events.next().await {
                if sink.answer(&finish(Answer::Executed(executed))).await == Ended::Yes {
                    return Ended::Yes;
                }
            }
            return Ended::No;
        }
        Ok(Begun::Executed(executed)) => finish(Answer::Executed(*executed)),
        Err(RequestError::Errors(errors)) => finish(Answer::RequestErrors(errors)),
        Err(RequestError::HttpError(refusal)) => finish(Answer::from(refusal.into_error(requester.language))),
    };
    log.answered(StatusCode::OK, &answer.codes());
    sink.answer(&answer).await
}

//! Turns what came of an operation into an HTTP reply: status, media type, bounded errors.

use async_graphql::{Response as Executed, ServerError, Value};
use async_graphql_axum::GraphQLResponse;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::errors::{self, code, code_of, mask, with_code};
use super::media_type::MediaType;
use super::refusal::{PRIVATE, Refusal};
use super::request_id::RequestId;
use crate::domain::language::Language;

/// What came of an operation that was at least read.
pub(super) enum Answer {
    /// The executor has spoken.
    Executed(Executed),
    /// It was never asked: the document, the operation or its variables are wrong.
    RequestError(ServerError),
}

/// A reply, and the codes of its errors for the log.
type Rendered = (Response, Vec<String>);

/// Renders an answer in the media type that the caller likes best.
pub(super) fn render(answer: Answer, media_type: MediaType, request_id: &RequestId, language: Language) -> Rendered {
    let (mut response, outcome, codes) = match answer {
        Answer::Executed(executed) if !was_refused_by_validation(&executed) => {
            render_executed(executed, request_id, language)
        }
        Answer::Executed(refused) => render_request_errors(refused.errors, request_id),
        Answer::RequestError(error) => render_request_errors(vec![error], request_id),
    };
    *response.status_mut() = status(outcome, media_type);
    response.headers_mut().insert(CONTENT_TYPE, media_type.header_value());
    response.headers_mut().insert(CACHE_CONTROL, PRIVATE);
    (response, codes)
}

/// Renders what never was GraphQL: its own status, and always plain JSON.
pub(super) fn render_refusal(refusal: Refusal, request_id: &RequestId, language: Language) -> Rendered {
    let codes = vec![refusal.code().to_owned()];
    (refusal.into_response(request_id, language), codes)
}

#[derive(Clone, Copy)]
enum Outcome {
    Executed,
    RequestError,
}

/// The one place that knows statuses. The draft standard of 2026 would have 422 for most request errors, and the same
/// statuses under both media types; its audits, and clients, are not there yet.
fn status(outcome: Outcome, media_type: MediaType) -> StatusCode {
    match (outcome, media_type) {
        (Outcome::RequestError, MediaType::GraphqlResponse) => StatusCode::BAD_REQUEST,
        (Outcome::RequestError, MediaType::Json) | (Outcome::Executed, _) => StatusCode::OK,
    }
}

/// Errors of execution always have a path: the field that failed. Errors of validation and of cost limits have none.
fn was_refused_by_validation(executed: &Executed) -> bool {
    executed.data == Value::Null && executed.is_err() && executed.errors.iter().all(|error| error.path.is_empty())
}

fn render_executed(
    mut executed: Executed,
    request_id: &RequestId,
    language: Language,
) -> (Response, Outcome, Vec<String>) {
    if executed.is_err() {
        executed.errors = executed
            .errors
            .into_iter()
            .map(|error| mask(error, request_id, language))
            .collect();
        errors::finish(&mut executed.errors, request_id);
    }
    let codes = codes(&executed.errors);
    (
        GraphQLResponse::from(executed).into_response(),
        Outcome::Executed,
        codes,
    )
}

/// Without `data`: that is how clients tell a request that was not executed from one that failed.
fn render_request_errors(errors: Vec<ServerError>, request_id: &RequestId) -> (Response, Outcome, Vec<String>) {
    #[derive(Serialize)]
    struct Body<'a> {
        errors: &'a [ServerError],
    }

    let mut errors: Vec<_> = errors
        .into_iter()
        .map(|error| with_code(error, code::VALIDATION_FAILED))
        .collect();
    errors::finish(&mut errors, request_id);
    let body = serde_json::to_vec(&Body { errors: &errors }).expect("errors are plain JSON: text, numbers and lists");
    (body.into_response(), Outcome::RequestError, codes(&errors))
}

fn codes(errors: &[ServerError]) -> Vec<String> {
    errors.iter().filter_map(code_of).map(str::to_owned).collect()
}

//! Conversion of the outcome of an operation to an HTTP reply: status, media type, bounded errors.

use async_graphql::{Response as Executed, ServerError, Value};
use async_graphql_axum::GraphQLResponse;
use axum::body::HttpBody;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::errors;
use super::errors::{code, code_of, with_code};
use super::response_json;
use crate::domain::language::Language;
use crate::http::error::{HttpError, PRIVATE};
use crate::http::headers::media_type::MediaType;
use crate::http::request_id::RequestId;

/// Outcome of an operation whose request could be read.
pub enum Answer {
    /// The operation was executed.
    Executed(Executed),
    /// The operation was not executed: the document, the operation or its variables are invalid.
    RequestErrors(Vec<ServerError>),
}

impl From<ServerError> for Answer {
    fn from(error: ServerError) -> Self {
        Self::RequestErrors(vec![error])
    }
}

/// A reply, and the codes of its errors for the log.
type Rendered = (Response, Vec<String>);

/// Renders an answer in the negotiated media type, in at most `max_bytes`.
pub fn render(
    answer: Answer,
    media_type: MediaType,
    max_bytes: usize,
    request_id: &RequestId,
    language: Language,
) -> Rendered {
    let finished = finish(answer, request_id, language);
    let outcome = match &finished {
        Finished::Executed(_) => Outcome::Executed,
        Finished::RequestErrors(_) => Outcome::RequestError,
    };
    let (mut response, codes) = match finished {
        // A reply that is not JSON yet is the library's to write.
        Finished::Executed(executed) if !response_json::holds_json(&executed.data) => {
            library_response(executed, max_bytes, request_id)
        }
        finished => {
            let (json, codes) = finished.to_json(max_bytes, request_id);
            (Response::new(json.into()), codes)
        }
    };
    *response.status_mut() = status(outcome, media_type);
    response.headers_mut().insert(CONTENT_TYPE, media_type.header_value());
    response.headers_mut().insert(CACHE_CONTROL, PRIVATE);
    (response, codes)
}

/// Renders an error at the HTTP level: with its own status, and always as plain JSON.
pub fn render_refusal(refusal: HttpError, request_id: &RequestId, language: Language) -> Rendered {
    let codes = vec![refusal.code().to_owned()];
    (refusal.into_response(request_id, language), codes)
}

#[derive(Clone, Copy)]
enum Outcome {
    Executed,
    RequestError,
}

/// Returns the HTTP status. The 2026 draft of GraphQL over HTTP specifies 422 for most request errors, and the same
/// statuses for both media types; its conformance tests and the clients do not support that yet.
fn status(outcome: Outcome, media_type: MediaType) -> StatusCode {
    match (outcome, media_type) {
        (Outcome::RequestError, MediaType::GraphqlResponse) => StatusCode::BAD_REQUEST,
        (Outcome::RequestError, MediaType::Json) | (Outcome::Executed, _) => StatusCode::OK,
    }
}

/// Returns true if validation rejected the operation. Execution errors always have a path to the failed field; errors
/// of validation and of cost limits have none.
fn was_refused_by_validation(executed: &Executed) -> bool {
    executed.data == Value::Null && executed.is_err() && executed.errors.iter().all(|error| error.path.is_empty())
}

/// An answer ready to be sent: errors masked, with codes and request ID, and bounded.
pub enum Finished {
    Executed(Executed),
    RequestErrors(Vec<ServerError>),
}

impl Finished {
    /// Returns the codes of the errors, for the log.
    pub fn codes(&self) -> Vec<String> {
        match self {
            Self::Executed(executed) => codes(&executed.errors),
            Self::RequestErrors(errors) => codes(errors),
        }
    }

    /// Returns the list of errors as JSON.
    pub fn errors_to_json(&self) -> Vec<u8> {
        let (Self::Executed(Executed { errors, .. }) | Self::RequestErrors(errors)) = self;
        serde_json::to_vec(errors).expect("errors are plain JSON: text, numbers and lists")
    }

    /// Returns the whole reply in at most `max_bytes`, and the codes of its errors.
    pub fn to_json(&self, max_bytes: usize, request_id: &RequestId) -> (Vec<u8>, Vec<String>) {
        let json = match self {
            Self::Executed(executed) => response_json::to_json(executed),
            Self::RequestErrors(errors) => request_errors(errors),
        };
        if json.len() <= max_bytes {
            return (json, self.codes());
        }
        let instead = too_large(max_bytes, request_id);
        (response_json::to_json(&instead), codes(&instead.errors))
    }
}

/// Prepares an answer for sending.
pub fn finish(answer: Answer, request_id: &RequestId, language: Language) -> Finished {
    match answer {
        Answer::Executed(mut executed) if !was_refused_by_validation(&executed) => {
            if executed.is_err() {
                executed.errors = errors::finish_errors(executed.errors, request_id, language);
            }
            Finished::Executed(executed)
        }
        Answer::Executed(refused) => Finished::RequestErrors(of_request(refused.errors, request_id)),
        Answer::RequestErrors(errors) => Finished::RequestErrors(of_request(errors, request_id)),
    }
}

fn of_request(errors: Vec<ServerError>, request_id: &RequestId) -> Vec<ServerError> {
    let mut errors: Vec<_> = errors
        .into_iter()
        .map(|error| with_code(error, code::VALIDATION_FAILED))
        .collect();
    errors::finish(&mut errors, request_id);
    errors
}

/// Renders request errors without `data`, which is how clients distinguish them from execution errors.
fn request_errors(errors: &[ServerError]) -> Vec<u8> {
    #[derive(Serialize)]
    struct Body<'a> {
        errors: &'a [ServerError],
    }
    serde_json::to_vec(&Body { errors }).expect("errors are plain JSON: text, numbers and lists")
}

/// Returns the reply of the library in at most `max_bytes`, and the codes of its errors.
fn library_response(executed: Executed, max_bytes: usize, request_id: &RequestId) -> (Response, Vec<String>) {
    let codes = codes(&executed.errors);
    let response = GraphQLResponse::from(executed).into_response();
    if response.body().size_hint().lower() <= max_bytes as u64 {
        return (response, codes);
    }
    let instead = too_large(max_bytes, request_id);
    let codes = self::codes(&instead.errors);
    (GraphQLResponse::from(instead).into_response(), codes)
}

/// Returns the reply that replaces one larger than the limit.
fn too_large(max_bytes: usize, request_id: &RequestId) -> Executed {
    let message = format!(
        "The reply is larger than {max_bytes} bytes. Request fewer items or fields at once. A mutation was executed \
         nevertheless."
    );
    let mut errors = vec![errors::request_error(code::REPLY_TOO_LARGE, message)];
    errors::finish(&mut errors, request_id);
    Executed::from_errors(errors)
}

fn codes(errors: &[ServerError]) -> Vec<String> {
    errors.iter().filter_map(code_of).map(str::to_owned).collect()
}

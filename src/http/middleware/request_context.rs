//! Outermost step of every request: request ID in request and reply, and a reply even if a handler panics.

use std::panic::AssertUnwindSafe;

use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::X_CONTENT_TYPE_OPTIONS;
use axum::response::Response;
use futures_util::FutureExt;

use super::language;
use crate::http::error::HttpError;
use crate::http::request_id::{REQUEST_ID_HEADER, RequestId};

/// Prevents browsers from guessing a type other than the `Content-Type`.
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");

/// Stores a [`RequestId`] and the client's language in the request's extensions, adds the ID to the reply as
/// `x-request-id`, and converts a panic into a reply.
pub async fn wrap<Answer>(mut request: Request, next: impl FnOnce(Request) -> Answer) -> Response
where
    Answer: Future<Output = Response>,
{
    let request_id = RequestId::from_headers(request.headers());
    request.extensions_mut().insert(request_id.clone());
    let language = language::from_headers(request.headers());
    request.extensions_mut().insert(language);
    let mut response = match AssertUnwindSafe(next(request)).catch_unwind().await {
        Ok(response) => response,
        Err(_panic) => {
            tracing::error!(%request_id, "a handler panicked; the panic itself is on standard error");
            HttpError::internal().into_response(&request_id, language)
        }
    };
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID_HEADER, request_id.header_value());
    headers.insert(X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    response
}

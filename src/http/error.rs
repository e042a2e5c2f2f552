//! Errors answered before GraphQL execution: always the same JSON structure, never HTML or plain text.

use std::borrow::Cow;

use async_graphql::{ErrorExtensionValues, ServerError};
use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::request_id::RequestId;
use crate::domain::language::Language;
use crate::messages::Message;

/// `Cache-Control` of replies that may contain data of one user.
pub const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-store");

/// An HTTP error: status, machine-readable code, and a message that says what to do.
#[derive(Debug)]
pub struct HttpError {
    status: StatusCode,
    code: &'static str,
    message: Text,
    /// Whole seconds after which the client may repeat the request.
    retry_after: Option<u64>,
    /// Boxed to keep the error small, as few errors have a header.
    header: Option<Box<(HeaderName, HeaderValue)>>,
}

/// Text of an error: localized for users, English for client developers.
#[derive(Debug)]
enum Text {
    ForDevelopers(Cow<'static, str>),
    ForPeople(Message),
}

impl HttpError {
    /// Creates an error addressed to client developers, without an additional header.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            code,
            message: Text::ForDevelopers(message.into()),
            retry_after: None,
            header: None,
        }
    }

    fn for_people(status: StatusCode, code: &'static str, message: Message) -> Self {
        Self {
            status,
            code,
            message: Text::ForPeople(message),
            retry_after: None,
            header: None,
        }
    }

    /// 400: the request is malformed.
    pub fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", message)
    }

    /// 401: the key is invalid, or missing where one is required.
    pub fn unauthenticated(message: Message) -> Self {
        Self::for_people(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", message)
            .with_header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    /// 405, with the allowed methods in `Allow`.
    pub fn method_not_allowed(allow: &'static str, message: &'static str) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", message)
            .with_header(ALLOW, HeaderValue::from_static(allow))
    }

    /// 429: the client has too many requests in progress.
    pub fn too_many(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", message)
    }

    /// 429: the rate is exceeded; the client may retry after this many whole seconds.
    pub fn rate_limited(seconds: u64) -> Self {
        let refusal = Self::for_people(
            StatusCode::TOO_MANY_REQUESTS,
            "RATE_LIMITED",
            Message::AskedTooOften {
                seconds: seconds.try_into().unwrap_or(i64::MAX),
            },
        );
        Self {
            retry_after: Some(seconds),
            ..refusal.with_header(RETRY_AFTER, HeaderValue::from(seconds))
        }
    }

    /// 503: temporarily unavailable; the client may retry after one second.
    pub fn try_again(message: Message) -> Self {
        Self::for_people(StatusCode::SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE", message)
            .with_header(RETRY_AFTER, HeaderValue::from_static("1"))
    }

    /// 504: the operation timed out.
    pub fn timeout() -> Self {
        Self::for_people(StatusCode::GATEWAY_TIMEOUT, "TIMEOUT", Message::TookTooLong)
    }

    /// 500: internal error; its cause is only logged.
    pub fn internal() -> Self {
        Self::for_people(
            StatusCode::INTERNAL_SERVER_ERROR,
            "INTERNAL_SERVER_ERROR",
            Message::InternalFault,
        )
    }

    fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.header = Some(Box::new((name, value)));
        self
    }

    /// Returns the machine-readable code, for the log.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// Converts the error into an entry of `errors`, for WebSockets, where there is no separate HTTP reply.
    pub fn into_error(self, language: Language) -> ServerError {
        let message = match self.message {
            Text::ForDevelopers(text) => text,
            Text::ForPeople(message) => message.text(language),
        };
        let mut error = ServerError::new(message, None);
        error
            .extensions
            .get_or_insert_with(ErrorExtensionValues::default)
            .set("code", self.code);
        error
    }

    /// Returns the message in English.
    pub fn in_english(&self) -> Cow<'static, str> {
        match &self.message {
            Text::ForDevelopers(text) => text.clone(),
            Text::ForPeople(message) => message.text(Language::English),
        }
    }

    /// Returns the reply: `{"errors":[{"message","extensions":{"code","requestId"}}]}`, with `retryAfterSeconds` if a
    /// retry can succeed.
    pub fn into_response(self, request_id: &RequestId, language: Language) -> Response {
        let message = match self.message {
            Text::ForDevelopers(text) => text,
            Text::ForPeople(message) => message.text(language),
        };
        let extensions = Extensions {
            code: self.code,
            request_id: request_id.as_str(),
            retry_after_seconds: self.retry_after,
        };
        let body = Body {
            errors: [Entry {
                message: &message,
                extensions,
            }],
        };
        let body = serde_json::to_vec(&body).expect("three texts always make JSON");
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/json; charset=utf-8"),
        );
        headers.insert(CACHE_CONTROL, PRIVATE);
        if let Some(header) = self.header {
            let (name, value) = *header;
            headers.insert(name, value);
        }
        response
    }
}

#[derive(Serialize)]
struct Body<'a> {
    errors: [Entry<'a>; 1],
}

#[derive(Serialize)]
struct Entry<'a> {
    message: &'a str,
    extensions: Extensions<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Extensions<'a> {
    code: &'static str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_seconds: Option<u64>,
}

//! Post-processing of `errors`: each entry gets a code and the request ID, internal errors are masked, and the total
//! size is bounded. The cause of a masked error is only logged.

use async_graphql::{ErrorExtensionValues, PathSegment, ServerError, Value};

use crate::domain::language::Language;
use crate::graphql::PublicError;
use crate::http::request_id::RequestId;
use crate::messages::Message;
use crate::service::ServiceError;

/// Maximum number of `errors` entries in a reply.
pub const MAX_ENTRIES: usize = 10;
/// Maximum total size of the entries, in bytes. The first entry is always kept.
const MAX_BYTES: usize = 32 * 1024;
const MAX_MESSAGE_BYTES: usize = 1_000;

/// Error codes for rejected requests; the names are those of Apollo Server.
pub mod code {
    pub const PARSE_FAILED: &str = "GRAPHQL_PARSE_FAILED";
    pub const VALIDATION_FAILED: &str = "GRAPHQL_VALIDATION_FAILED";
    pub const OPERATION_RESOLUTION: &str = "OPERATION_RESOLUTION_FAILURE";
    pub const PERSISTED_QUERY_NOT_FOUND: &str = "PERSISTED_QUERY_NOT_FOUND";
    pub const PERSISTED_QUERY_NOT_SUPPORTED: &str = "PERSISTED_QUERY_NOT_SUPPORTED";
    /// Specific to newbee, so that no client treats it as a reason to retry.
    pub const OPERATION_NOT_ALLOWED: &str = "OPERATION_NOT_ALLOWED";
    pub const BAD_USER_INPUT: &str = "BAD_USER_INPUT";
    pub const REPLY_TOO_LARGE: &str = "REPLY_TOO_LARGE";
    pub const INTERNAL: &str = "INTERNAL_SERVER_ERROR";
}

/// Creates an error that concerns the whole request, raised before execution.
pub fn request_error(code: &str, message: impl Into<String>) -> ServerError {
    with_code(ServerError::new(message, None), code)
}

/// Creates the error for introspection that is disabled, marked as Apollo Server does.
pub fn introspection_is_off(message: &str) -> ServerError {
    let mut error = request_error(code::VALIDATION_FAILED, message);
    if let Some(extensions) = &mut error.extensions {
        extensions.set("validationErrorCode", "INTROSPECTION_DISABLED");
    }
    error
}

/// Sets the code of an error that has none.
pub fn with_code(mut error: ServerError, code: &str) -> ServerError {
    if code_of(&error).is_none() {
        error
            .extensions
            .get_or_insert_with(ErrorExtensionValues::default)
            .set("code", code);
    }
    error
}

/// Returns the `extensions.code` of an error.
pub fn code_of(error: &ServerError) -> Option<&str> {
    match error.extensions.as_ref()?.get("code") {
        Some(Value::String(code)) => Some(code),
        Some(Value::Enum(code)) => Some(code.as_str()),
        _ => None,
    }
}

/// Prepares the errors of an executed operation for sending: [`mask`], then [`finish`].
pub fn finish_errors(errors: Vec<ServerError>, request_id: &RequestId, language: Language) -> Vec<ServerError> {
    let mut errors = mask(errors, request_id, language);
    finish(&mut errors, request_id);
    errors
}

/// Renders the typed errors of resolvers, and replaces errors of unknown type by a generic message. Faults are logged
/// here and nowhere else, each cause once.
fn mask(errors: Vec<ServerError>, request_id: &RequestId, language: Language) -> Vec<ServerError> {
    let mut logged: Vec<ServiceError> = Vec::new();
    let mut masked = |error: ServerError| {
        if code_of(&error).is_some() {
            return error;
        }
        let public = PublicError::of(&error);
        if public.is_none() && is_about_an_argument(&error.message) {
            return with_code(error, code::BAD_USER_INPUT);
        }
        match public.as_ref().map(|public| &public.fault) {
            Some(None) => {}
            Some(Some(fault)) if logged.iter().any(|other| other.has_cause_of(fault)) => {}
            Some(Some(fault)) => {
                tracing::error!(%request_id, path = path_of(&error), cause = ?fault, "an operation failed");
                logged.push(fault.clone());
            }
            None => {
                tracing::error!(%request_id, path = path_of(&error), cause = error.message, "a resolver failed");
            }
        }
        let (code, message) = public
            .as_ref()
            .map_or((code::INTERNAL, &Message::InternalFault), |public| {
                (public.code.name(), &public.message)
            });
        let mut error = with_code(
            ServerError {
                message: message.text(language).into_owned(),
                source: None,
                ..error
            },
            code,
        );
        if let (Some(extensions), Some(seconds)) = (
            &mut error.extensions,
            public.and_then(|public| public.retry_after_seconds),
        ) {
            extensions.set("retryAfterSeconds", seconds);
        }
        error
    };
    errors.into_iter().map(&mut masked).collect()
}

/// Adds the request ID to each entry, and truncates the list to the size limits.
pub fn finish(errors: &mut Vec<ServerError>, request_id: &RequestId) {
    errors.truncate(MAX_ENTRIES);
    let mut bytes_left = MAX_BYTES;
    let mut kept = 0;
    for error in errors.iter_mut() {
        truncate(&mut error.message);
        error
            .extensions
            .get_or_insert_with(ErrorExtensionValues::default)
            .set("requestId", request_id.as_str());
        let bytes = serde_json::to_vec(error).map_or(MAX_BYTES, |json| json.len());
        // Always keep the first entry: otherwise the failure would not be visible.
        if bytes > bytes_left && kept > 0 {
            break;
        }
        bytes_left = bytes_left.saturating_sub(bytes);
        kept += 1;
    }
    errors.truncate(kept);
}

/// Returns true if the library rejected an argument while calling the resolver. These messages describe the value sent
/// by the caller.
fn is_about_an_argument(message: &str) -> bool {
    [
        "Failed to parse \"",
        "Expected input type \"",
        "Invalid value for argument ",
    ]
    .iter()
    .any(|words| message.starts_with(words))
}

fn path_of(error: &ServerError) -> String {
    let segments = error.path.iter().map(|segment| match segment {
        PathSegment::Field(name) => name.clone(),
        PathSegment::Index(index) => index.to_string(),
    });
    segments.collect::<Vec<_>>().join(".")
}

fn truncate(message: &mut String) {
    if message.len() > MAX_MESSAGE_BYTES {
        message.truncate(message.floor_char_boundary(MAX_MESSAGE_BYTES));
        message.push('…');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_failure_is_masked() {
        let error = ServerError::new("password of the database is hunter2", None);
        let masked = mask(vec![error], &RequestId::random(), Language::English).remove(0);
        assert_eq!(masked.message, Message::InternalFault.text(Language::English));
        assert_eq!(code_of(&masked), Some(code::INTERNAL));
    }

    #[test]
    fn an_error_with_a_code_is_not_masked() {
        let error = with_code(ServerError::new("Sign in first.", None), "UNAUTHENTICATED");
        let masked = mask(vec![error.clone()], &RequestId::random(), Language::English);
        assert_eq!(masked, [error]);
    }

    #[test]
    fn entries_and_their_bytes_are_bounded() {
        let request_id = RequestId::random();
        let mut many = vec![ServerError::new("é".repeat(5_000), None); 3_000];
        finish(&mut many, &request_id);
        assert_eq!(many.len(), MAX_ENTRIES);
        assert!(serde_json::to_vec(&many).unwrap().len() < 16 * 1024);

        let long_path = vec![PathSegment::Field("a".repeat(40_000))];
        let mut wide = vec![ServerError::new("no", None).with_path(long_path); 10];
        finish(&mut wide, &request_id);
        assert_eq!(wide.len(), 1);
    }
}

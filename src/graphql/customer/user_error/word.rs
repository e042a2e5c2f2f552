//! Rejections of a submitted word.

use async_graphql::SimpleObject;

use super::{UserError, UserErrorCode};
use crate::domain::word::WordRejection;
use crate::graphql::RequestContext;
use crate::messages::Message;

/// The word pays no award to this user.
#[derive(SimpleObject)]
pub(in crate::graphql::customer) struct WordError {
    /// Machine-readable code of the error.
    pub(super) code: UserErrorCode,
    /// Error and how to fix it, in the language of the request.
    pub(super) message: String,
    /// Path of the invalid argument; null if the error is not about a single argument.
    pub(super) field: Option<Vec<String>>,
    /// `status` that the legacy methods return for this error.
    pub(super) legacy_status: Option<i32>,
}

impl UserError {
    pub fn word(refusal: WordRejection, context: &RequestContext) -> Self {
        let (code, message) = match refusal {
            WordRejection::Unavailable => (UserErrorCode::WordUnavailable, Message::WordUnavailable),
            WordRejection::Expired => (UserErrorCode::WordExpired, Message::WordExpired),
            WordRejection::AlreadyClaimed => (UserErrorCode::WordAlreadyClaimed, Message::WordAlreadyClaimed),
            WordRejection::TooManyTries { until } => return Self::too_many_tries(until, "word", context),
        };
        Self::WordError(WordError {
            code,
            message: message.text(context.language).into_owned(),
            field: Some(vec!["word".to_owned()]),
            legacy_status: Some(code.legacy_status()),
        })
    }
}

//! Why a word pays nothing.

use async_graphql::SimpleObject;

use super::{UserError, UserErrorCode};
use crate::domain::word::WordRejection;
use crate::graphql::RequestContext;
use crate::messages::Message;

/// The word pays nothing to this user.
#[derive(SimpleObject)]
pub(in crate::graphql::customer) struct WordError {
    /// What is wrong, for programs.
    pub(super) code: UserErrorCode,
    /// What is wrong and what to do, for the person.
    pub(super) message: String,
    /// The path of the argument that is wrong; null when it is none in particular.
    pub(super) field: Option<Vec<String>>,
    /// The `status` that the legacy methods answer with.
    pub(super) legacy_status: Option<i32>,
}

impl UserError {
    pub fn word(refusal: WordRejection, scope: &RequestContext) -> Self {
        let (code, message) = match refusal {
            WordRejection::Unavailable => (UserErrorCode::WordUnavailable, Message::WordUnavailable),
            WordRejection::Expired => (UserErrorCode::WordExpired, Message::WordExpired),
            WordRejection::AlreadyClaimed => (UserErrorCode::WordAlreadyClaimed, Message::WordAlreadyClaimed),
            WordRejection::TooManyTries { until } => return Self::too_many_tries(until, "word", scope),
        };
        Self::WordError(WordError {
            code,
            message: message.text(scope.language).into_owned(),
            field: Some(vec!["word".to_owned()]),
            legacy_status: Some(code.legacy_status()),
        })
    }
}

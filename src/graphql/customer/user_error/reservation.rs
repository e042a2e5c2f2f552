//! Why a place was not reserved, or not given back.

use async_graphql::SimpleObject;

use super::{UserError, UserErrorCode};
use crate::domain::reservation::ReservationRejection;
use crate::graphql::RequestContext;
use crate::graphql::scalars::DateTime;
use crate::messages::Message;

/// The place was not reserved, or not given back.
#[derive(SimpleObject)]
pub(in crate::graphql::customer) struct ReservationError {
    /// What is wrong, for programs.
    pub(super) code: UserErrorCode,
    /// What is wrong and what to do, for the person.
    pub(super) message: String,
    /// The path of the argument that is wrong; null when it is none in particular.
    pub(super) field: Option<Vec<String>>,
    /// The `status` that the legacy methods answer with.
    pub(super) legacy_status: Option<i32>,
}

/// The campaign has not opened yet.
#[derive(SimpleObject)]
pub(in crate::graphql::customer) struct ReservationNotOpenError {
    /// What is wrong, for programs.
    pub(super) code: UserErrorCode,
    /// What is wrong and what to do, for the person.
    pub(super) message: String,
    /// The path of the argument that is wrong; null when it is none in particular.
    pub(super) field: Option<Vec<String>>,
    /// The `status` that the legacy methods answer with.
    pub(super) legacy_status: Option<i32>,
    /// When the first place can be taken.
    pub(super) opens_at: DateTime,
}

impl UserError {
    pub fn reservation(refusal: ReservationRejection, scope: &RequestContext) -> Self {
        let (code, message) = match refusal {
            ReservationRejection::Unknown => (UserErrorCode::ReservationUnknown, Message::ReservationUnknown),
            ReservationRejection::NotOpen { .. } => (UserErrorCode::ReservationNotOpen, Message::ReservationNotOpen),
            ReservationRejection::Closed => (UserErrorCode::ReservationClosed, Message::ReservationClosed),
            ReservationRejection::Full => (UserErrorCode::ReservationFull, Message::ReservationFull),
        };
        let message = message.text(scope.language).into_owned();
        let field = Some(vec!["key".to_owned()]);
        let legacy_status = Some(code.legacy_status());
        match refusal {
            ReservationRejection::NotOpen { opens_at } => Self::ReservationNotOpenError(ReservationNotOpenError {
                code,
                message,
                field,
                legacy_status,
                opens_at: DateTime(opens_at),
            }),
            _ => Self::ReservationError(ReservationError {
                code,
                message,
                field,
                legacy_status,
            }),
        }
    }
}

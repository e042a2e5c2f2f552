//! Rejections of a reservation or its cancellation.

use async_graphql::SimpleObject;

use super::{UserError, UserErrorCode};
use crate::domain::reservation::ReservationRejection;
use crate::graphql::RequestContext;
use crate::graphql::scalars::DateTime;
use crate::messages::Message;

/// The place was not reserved or not cancelled.
#[derive(SimpleObject)]
pub(in crate::graphql::customer) struct ReservationError {
    /// Machine-readable code of the error.
    pub(super) code: UserErrorCode,
    /// Error and how to fix it, in the language of the request.
    pub(super) message: String,
    /// Path of the invalid argument; null if the error is not about a single argument.
    pub(super) field: Option<Vec<String>>,
    /// `status` that the legacy methods return for this error.
    pub(super) legacy_status: Option<i32>,
}

/// The campaign is not open yet.
#[derive(SimpleObject)]
pub(in crate::graphql::customer) struct ReservationNotOpenError {
    /// Machine-readable code of the error.
    pub(super) code: UserErrorCode,
    /// Error and how to fix it, in the language of the request.
    pub(super) message: String,
    /// Path of the invalid argument; null if the error is not about a single argument.
    pub(super) field: Option<Vec<String>>,
    /// `status` that the legacy methods return for this error.
    pub(super) legacy_status: Option<i32>,
    /// Start of the reservation window.
    pub(super) opens_at: DateTime,
}

impl UserError {
    pub fn reservation(refusal: ReservationRejection, context: &RequestContext) -> Self {
        let (code, message) = match refusal {
            ReservationRejection::Unknown => (UserErrorCode::ReservationUnknown, Message::ReservationUnknown),
            ReservationRejection::NotOpen { .. } => (UserErrorCode::ReservationNotOpen, Message::ReservationNotOpen),
            ReservationRejection::Closed => (UserErrorCode::ReservationClosed, Message::ReservationClosed),
            ReservationRejection::Full => (UserErrorCode::ReservationFull, Message::ReservationFull),
        };
        let message = message.text(context.language).into_owned();
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

//! Errors that the user can fix: the objects of `userErrors`.

mod code;
mod reservation;
mod word;

use async_graphql::{Interface, SimpleObject};
use chrono::Utc;

use super::award::Award;
use crate::domain::invitation::InvitationRejection;
use crate::domain::tries::minutes_until;
use crate::graphql::RequestContext;
use crate::graphql::scalars::DateTime;
use crate::messages::Message;
pub(super) use code::UserErrorCode;
use reservation::{ReservationError, ReservationNotOpenError};
use word::WordError;

/// An error that the user can fix.
#[derive(Interface)]
#[graphql(
    field(name = "code", ty = "&UserErrorCode", desc = "Machine-readable code of the error."),
    field(
        name = "message",
        ty = "&String",
        desc = "Error and how to fix it, in the language of the request."
    ),
    field(
        name = "field",
        ty = "&Option<Vec<String>>",
        desc = "Path of the invalid argument; null if the error is not about a single argument."
    ),
    field(
        name = "legacy_status",
        ty = "&Option<i32>",
        desc = "`status` that the legacy methods return for this error."
    )
)]
#[allow(clippy::enum_variant_names)] // each is named as its type in the schema
pub(super) enum UserError {
    AlreadySignedInError(AlreadySignedInError),
    InvitationError(InvitationError),
    ReservationError(ReservationError),
    ReservationNotOpenError(ReservationNotOpenError),
    SignInClosedError(SignInClosedError),
    TooManyTriesError(TooManyTriesError),
    WordError(WordError),
}

/// The user has already signed in today; nothing changed.
#[derive(SimpleObject)]
pub(super) struct AlreadySignedInError {
    /// Machine-readable code of the error.
    code: UserErrorCode,
    /// Error and how to fix it, in the language of the request.
    message: String,
    /// Path of the invalid argument; null if the error is not about a single argument.
    field: Option<Vec<String>>,
    /// `status` that the legacy methods return for this error.
    legacy_status: Option<i32>,
    /// Award of today's sign-in.
    award: Award,
    /// Next time at which the user can sign in.
    next_sign_in_at: DateTime,
}

/// Sign-in is currently closed; nothing changed.
#[derive(SimpleObject)]
pub(super) struct SignInClosedError {
    /// Machine-readable code of the error.
    code: UserErrorCode,
    /// Error and how to fix it, in the language of the request.
    message: String,
    /// Path of the invalid argument; null if the error is not about a single argument.
    field: Option<Vec<String>>,
    /// `status` that the legacy methods return for this error.
    legacy_status: Option<i32>,
}

/// The invitation code was not bound, or cannot be bound.
#[derive(SimpleObject)]
pub(super) struct InvitationError {
    /// Machine-readable code of the error.
    code: UserErrorCode,
    /// Error and how to fix it, in the language of the request.
    message: String,
    /// Path of the invalid argument; null if the error is not about a single argument.
    field: Option<Vec<String>>,
    /// `status` that the legacy methods return for this error.
    legacy_status: Option<i32>,
}

/// The user made too many attempts and has to wait.
#[derive(SimpleObject)]
pub(super) struct TooManyTriesError {
    /// Machine-readable code of the error.
    code: UserErrorCode,
    /// Error and how to fix it, in the language of the request.
    message: String,
    /// Path of the invalid argument; null if the error is not about a single argument.
    field: Option<Vec<String>>,
    /// `status` that the legacy methods return for this error.
    legacy_status: Option<i32>,
    /// Earliest time of the next attempt.
    retry_at: DateTime,
}

impl UserError {
    pub fn already_signed_in(award: Award, context: &RequestContext) -> Self {
        let code = UserErrorCode::AlreadySignedIn;
        Self::AlreadySignedInError(AlreadySignedInError {
            code,
            message: Message::AlreadySignedIn.text(context.language).into_owned(),
            field: None,
            legacy_status: Some(code.legacy_status()),
            award,
            next_sign_in_at: DateTime(context.next_day_at()),
        })
    }

    pub fn sign_in_closed(context: &RequestContext) -> Self {
        let code = UserErrorCode::SignInClosed;
        Self::SignInClosedError(SignInClosedError {
            code,
            message: Message::SignInClosed.text(context.language).into_owned(),
            field: None,
            legacy_status: Some(code.legacy_status()),
        })
    }

    pub fn invitation(refusal: InvitationRejection, argument: &str, context: &RequestContext) -> Self {
        let (code, message) = match refusal {
            InvitationRejection::CodeUnknown => (UserErrorCode::InvitationCodeUnknown, Message::InvitationCodeUnknown),
            InvitationRejection::AlreadySet => (UserErrorCode::InvitationAlreadySet, Message::InvitationAlreadySet),
            InvitationRejection::CodeOwn => (UserErrorCode::InvitationCodeOwn, Message::InvitationCodeOwn),
            InvitationRejection::CodeDescendant => (
                UserErrorCode::InvitationCodeDescendant,
                Message::InvitationCodeDescendant,
            ),
            InvitationRejection::TooManyTries { until } => return Self::too_many_tries(until, argument, context),
        };
        Self::InvitationError(InvitationError {
            code,
            message: message.text(context.language).into_owned(),
            field: Some(vec![argument.to_owned()]),
            legacy_status: Some(code.legacy_status()),
        })
    }

    pub fn too_many_tries(until: chrono::DateTime<Utc>, argument: &str, context: &RequestContext) -> Self {
        let code = UserErrorCode::TooManyTries;
        let minutes = minutes_until(until, context.moment.at);
        Self::TooManyTriesError(TooManyTriesError {
            code,
            message: Message::TooManyTries { minutes }.text(context.language).into_owned(),
            field: Some(vec![argument.to_owned()]),
            legacy_status: Some(code.legacy_status()),
            retry_at: DateTime(until),
        })
    }
}

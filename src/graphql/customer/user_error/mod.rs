//! What a person can set right: the objects of `userErrors`.

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

/// Something that the person using the client can set right.
#[derive(Interface)]
#[graphql(
    field(name = "code", ty = "&UserErrorCode", desc = "What is wrong, for programs."),
    field(
        name = "message",
        ty = "&String",
        desc = "What is wrong and what to do, for the person."
    ),
    field(
        name = "field",
        ty = "&Option<Vec<String>>",
        desc = "The path of the argument that is wrong; null when it is none in particular."
    ),
    field(
        name = "legacy_status",
        ty = "&Option<i32>",
        desc = "The `status` that the legacy methods answer with."
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

/// Today's sign-in was done before; nothing changed.
#[derive(SimpleObject)]
pub(super) struct AlreadySignedInError {
    /// What is wrong, for programs.
    code: UserErrorCode,
    /// What is wrong and what to do, for the person.
    message: String,
    /// The path of the argument that is wrong; null when it is none in particular.
    field: Option<Vec<String>>,
    /// The `status` that the legacy methods answer with.
    legacy_status: Option<i32>,
    /// The award of today's sign-in.
    award: Award,
    /// When the user can sign in again.
    next_sign_in_at: DateTime,
}

/// Signing in is closed at present; nothing changed.
#[derive(SimpleObject)]
pub(super) struct SignInClosedError {
    /// What is wrong, for programs.
    code: UserErrorCode,
    /// What is wrong and what to do, for the person.
    message: String,
    /// The path of the argument that is wrong; null when it is none in particular.
    field: Option<Vec<String>>,
    /// The `status` that the legacy methods answer with.
    legacy_status: Option<i32>,
}

/// The invitation code was not bound, or cannot be.
#[derive(SimpleObject)]
pub(super) struct InvitationError {
    /// What is wrong, for programs.
    code: UserErrorCode,
    /// What is wrong and what to do, for the person.
    message: String,
    /// The path of the argument that is wrong; null when it is none in particular.
    field: Option<Vec<String>>,
    /// The `status` that the legacy methods answer with.
    legacy_status: Option<i32>,
}

/// The user tried too often, and has to wait.
#[derive(SimpleObject)]
pub(super) struct TooManyTriesError {
    /// What is wrong, for programs.
    code: UserErrorCode,
    /// What is wrong and what to do, for the person.
    message: String,
    /// The path of the argument that is wrong; null when it is none in particular.
    field: Option<Vec<String>>,
    /// The `status` that the legacy methods answer with.
    legacy_status: Option<i32>,
    /// When the user can try again.
    retry_at: DateTime,
}

impl UserError {
    pub fn already_signed_in(award: Award, scope: &RequestContext) -> Self {
        let code = UserErrorCode::AlreadySignedIn;
        Self::AlreadySignedInError(AlreadySignedInError {
            code,
            message: Message::AlreadySignedIn.text(scope.language).into_owned(),
            field: None,
            legacy_status: Some(code.legacy_status()),
            award,
            next_sign_in_at: DateTime(scope.next_day_at()),
        })
    }

    pub fn sign_in_closed(scope: &RequestContext) -> Self {
        let code = UserErrorCode::SignInClosed;
        Self::SignInClosedError(SignInClosedError {
            code,
            message: Message::SignInClosed.text(scope.language).into_owned(),
            field: None,
            legacy_status: Some(code.legacy_status()),
        })
    }

    pub fn invitation(refusal: InvitationRejection, argument: &str, scope: &RequestContext) -> Self {
        let (code, message) = match refusal {
            InvitationRejection::CodeUnknown => (UserErrorCode::InvitationCodeUnknown, Message::InvitationCodeUnknown),
            InvitationRejection::AlreadySet => (UserErrorCode::InvitationAlreadySet, Message::InvitationAlreadySet),
            InvitationRejection::CodeOwn => (UserErrorCode::InvitationCodeOwn, Message::InvitationCodeOwn),
            InvitationRejection::CodeDescendant => (
                UserErrorCode::InvitationCodeDescendant,
                Message::InvitationCodeDescendant,
            ),
            InvitationRejection::TooManyTries { until } => return Self::too_many_tries(until, argument, scope),
        };
        Self::InvitationError(InvitationError {
            code,
            message: message.text(scope.language).into_owned(),
            field: Some(vec![argument.to_owned()]),
            legacy_status: Some(code.legacy_status()),
        })
    }

    pub fn too_many_tries(until: chrono::DateTime<Utc>, argument: &str, scope: &RequestContext) -> Self {
        let code = UserErrorCode::TooManyTries;
        let minutes = minutes_until(until, scope.moment.at);
        Self::TooManyTriesError(TooManyTriesError {
            code,
            message: Message::TooManyTries { minutes }.text(scope.language).into_owned(),
            field: Some(vec![argument.to_owned()]),
            legacy_status: Some(code.legacy_status()),
            retry_at: DateTime(until),
        })
    }
}

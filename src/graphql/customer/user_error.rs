//! Errors that the user can fix: the objects of `userErrors`.

use async_graphql::{Interface, SimpleObject};

use super::award::Award;
use crate::domain::invitation::InvitationRejection;
use crate::domain::make_up::MakeUpRejection;
use crate::domain::rejection::{RejectionCode, RejectionTable};
use crate::domain::reservation::ReservationRejection;
use crate::domain::sign_in::SignInRejection;
use crate::domain::tries::TriesRejection;
use crate::domain::word::WordRejection;
use crate::graphql::RequestContext;
use crate::graphql::rejections::{Code, CodeSet};
use crate::graphql::scalars::DateTime;

/// The enum `UserErrorCode`.
pub struct UserErrorCodes;

impl CodeSet for UserErrorCodes {
    const NAME: &'static str = "UserErrorCode";
    const DESCRIPTION: &'static str = "Reason for rejecting a mutation.";
    const TABLES: &'static [&'static [RejectionCode]] = &[
        SignInRejection::CODES,
        MakeUpRejection::CODES,
        InvitationRejection::CODES,
        WordRejection::CODES,
        TriesRejection::CODES,
        ReservationRejection::CODES,
    ];
}

type UserErrorCode = Code<UserErrorCodes>;

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
    MakeUpError(MakeUpError),
    ReservationError(ReservationError),
    ReservationNotOpenError(ReservationNotOpenError),
    SignInClosedError(SignInClosedError),
    TooManyTriesError(TooManyTriesError),
    WordError(WordError),
}

/// Defines an object type of the interface: the fields of every error, and its own.
macro_rules! error_type {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(SimpleObject)]
        pub(super) struct $name {
            /// Machine-readable code of the error.
            code: UserErrorCode,
            /// Error and how to fix it, in the language of the request.
            message: String,
            /// Path of the invalid argument; null if the error is not about a single argument.
            field: Option<Vec<String>>,
            /// `status` that the legacy methods return for this error.
            legacy_status: Option<i32>,
            $($(#[$field_doc])* $field: $type,)*
        }

        impl $name {
            /// Creates the error of a rejection of an argument.
            fn new(
                rejection: &impl RejectionTable,
                argument: Option<&str>,
                context: &RequestContext,
                $($field: $type,)*
            ) -> Self {
                Self {
                    code: Code::of(rejection),
                    message: rejection.text(context.language).into_owned(),
                    field: argument.map(|argument| vec![argument.to_owned()]),
                    legacy_status: rejection.legacy().map(|legacy| legacy.number.into()),
                    $($field,)*
                }
            }
        }
    };
}

error_type! {
    /// The user has already signed in today; nothing changed.
    AlreadySignedInError {
        /// Award of today's sign-in.
        award: Award,
        /// Next time at which the user can sign in.
        next_sign_in_at: DateTime,
    }
}

error_type! {
    /// Sign-in is currently closed, or its awards have all been given out; nothing changed.
    SignInClosedError {}
}

error_type! {
    /// The invitation code was not bound, or cannot be bound.
    InvitationError {}
}

error_type! {
    /// The missed sign-in was not made up.
    MakeUpError {}
}

error_type! {
    /// The word pays no award to this user.
    WordError {}
}

error_type! {
    /// The user made too many attempts and has to wait.
    TooManyTriesError {
        /// Earliest time of the next attempt.
        retry_at: DateTime,
    }
}

error_type! {
    /// The place was not reserved or not cancelled.
    ReservationError {}
}

error_type! {
    /// The campaign is not open yet.
    ReservationNotOpenError {
        /// Start of the reservation window.
        opens_at: DateTime,
    }
}

impl UserError {
    pub fn already_signed_in(award: Award, context: &RequestContext) -> Self {
        let (rejection, next) = (SignInRejection::AlreadySignedIn, DateTime(context.next_day_at()));
        Self::AlreadySignedInError(AlreadySignedInError::new(&rejection, None, context, award, next))
    }

    /// Creates the error of a sign-in that pays nothing at the moment.
    pub fn sign_in_closed(rejection: SignInRejection, context: &RequestContext) -> Self {
        Self::SignInClosedError(SignInClosedError::new(&rejection, None, context))
    }

    pub fn invitation(rejection: InvitationRejection, argument: &str, context: &RequestContext) -> Self {
        match rejection {
            InvitationRejection::Tries(tries) => Self::tries(tries, argument, context),
            rejection => Self::InvitationError(InvitationError::new(&rejection, Some(argument), context)),
        }
    }

    pub fn make_up(rejection: MakeUpRejection, context: &RequestContext) -> Self {
        Self::MakeUpError(MakeUpError::new(&rejection, Some("day"), context))
    }

    pub fn word(rejection: WordRejection, context: &RequestContext) -> Self {
        match rejection {
            WordRejection::Tries(tries) => Self::tries(tries, "word", context),
            rejection => Self::WordError(WordError::new(&rejection, Some("word"), context)),
        }
    }

    pub fn reservation(rejection: ReservationRejection, context: &RequestContext) -> Self {
        let argument = Some("key");
        match rejection {
            ReservationRejection::NotOpen { opens_at } => Self::ReservationNotOpenError(ReservationNotOpenError::new(
                &rejection,
                argument,
                context,
                DateTime(opens_at),
            )),
            rejection => Self::ReservationError(ReservationError::new(&rejection, argument, context)),
        }
    }

    fn tries(rejection: TriesRejection, argument: &str, context: &RequestContext) -> Self {
        let TriesRejection::TooMany { until, .. } = rejection;
        Self::TooManyTriesError(TooManyTriesError::new(
            &rejection,
            Some(argument),
            context,
            DateTime(until),
        ))
    }
}

//! Codes of `userErrors`, with the `status` of the legacy methods for each.

use async_graphql::Enum;

/// Reason for rejecting a mutation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(in crate::graphql::customer) enum UserErrorCode {
    /// The user has already signed in today. Status 202 of the legacy methods.
    AlreadySignedIn,
    /// The sign-in rule is disabled or outside its window. Status 6 of the legacy methods.
    SignInClosed,
    /// No user has this invitation code. Status 102 of the legacy methods.
    InvitationCodeUnknown,
    /// The user has already bound another code, which is permanent. Status 103 of the legacy methods.
    InvitationAlreadySet,
    /// The code is the user's own. Status 110 of the legacy methods.
    InvitationCodeOwn,
    /// The code belongs to a user whom this user invited, directly or through others. Status 111 of the legacy methods.
    InvitationCodeDescendant,
    /// The word is unknown, not open yet, or has no shares left. Status 203 of the legacy methods.
    WordUnavailable,
    /// The word's campaign is over. Status 204 of the legacy methods.
    WordExpired,
    /// The user has already claimed a share of this word. Status 205 of the legacy methods.
    WordAlreadyClaimed,
    /// Too many attempts; the error has the time of the next possible one. Status 206 of the legacy methods.
    TooManyTries,
    /// There is no such campaign. Status 221 of the legacy methods.
    ReservationUnknown,
    /// The campaign is not open yet. Status 222 of the legacy methods.
    ReservationNotOpen,
    /// The campaign is closed or was launched. Status 223 of the legacy methods.
    ReservationClosed,
    /// Every place is taken. Status 224 of the legacy methods.
    ReservationFull,
}

impl UserErrorCode {
    /// Returns the `status` of the legacy methods for this code.
    pub fn legacy_status(self) -> i32 {
        match self {
            Self::AlreadySignedIn => 202,
            Self::SignInClosed => 6,
            Self::InvitationCodeUnknown => 102,
            Self::InvitationAlreadySet => 103,
            Self::InvitationCodeOwn => 110,
            Self::InvitationCodeDescendant => 111,
            Self::WordUnavailable => 203,
            Self::WordExpired => 204,
            Self::WordAlreadyClaimed => 205,
            Self::TooManyTries => 206,
            Self::ReservationUnknown => 221,
            Self::ReservationNotOpen => 222,
            Self::ReservationClosed => 223,
            Self::ReservationFull => 224,
        }
    }
}

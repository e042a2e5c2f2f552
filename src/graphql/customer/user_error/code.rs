//! The codes of `userErrors`, and the legacy number behind each.

use async_graphql::Enum;

/// Why a mutation did not do what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(in crate::graphql::customer) enum UserErrorCode {
    /// Today's sign-in was done before. Status 202 of the legacy methods.
    AlreadySignedIn,
    /// The rule of the sign-in is disabled or outside its window. Status 6 of the legacy methods.
    SignInClosed,
    /// No user has this invitation code. Status 102 of the legacy methods.
    InvitationCodeUnknown,
    /// Another code was bound before, and a code is bound once. Status 103 of the legacy methods.
    InvitationAlreadySet,
    /// The code is the user's own. Status 110 of the legacy methods.
    InvitationCodeOwn,
    /// The code belongs to somebody whom the user invited, directly or through others. Status 111 of the legacy methods.
    InvitationCodeDescendant,
    /// There is no such word, it has not opened yet, or all of its shares are gone. Status 203 of the legacy methods.
    WordUnavailable,
    /// The word's campaign is over. Status 204 of the legacy methods.
    WordExpired,
    /// The user had their share of this word before. Status 205 of the legacy methods.
    WordAlreadyClaimed,
    /// The user tried too often; the error says when to try again. Status 206 of the legacy methods.
    TooManyTries,
    /// There is no such campaign. Status 221 of the legacy methods.
    ReservationUnknown,
    /// The campaign has not opened yet. Status 222 of the legacy methods.
    ReservationNotOpen,
    /// The campaign is closed or was launched. Status 223 of the legacy methods.
    ReservationClosed,
    /// Every place is taken. Status 224 of the legacy methods.
    ReservationFull,
}

impl UserErrorCode {
    /// The `status` of the legacy methods.
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

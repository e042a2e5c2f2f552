//! English.

use std::borrow::Cow;

use super::Message;

pub(super) fn text(message: &Message) -> Cow<'static, str> {
    let text = match message {
        Message::AlreadySignedIn => "You have signed in today. Come back tomorrow.",
        Message::InvitationCodeUnknown => "Nobody has this invitation code. Check its spelling.",
        Message::InvitationAlreadySet => "You have bound another invitation code before. It cannot be changed.",
        Message::InvitationCodeOwn => "This is your own invitation code. Enter the code of the friend who invited you.",
        Message::InvitationCodeDescendant => {
            "This code belongs to somebody you invited. Enter the code of the friend who invited you."
        }
        Message::WordUnavailable => "There is no such word, or all of its shares are gone. Check its spelling.",
        Message::WordExpired => "This word has expired. Watch out for the next one.",
        Message::WordAlreadyClaimed => "You have had your share of this word.",
        Message::TooManyTries { minutes } => {
            return format!("That was tried too often. Try again in {minutes} min.").into();
        }
        Message::ReservationUnknown => "There is nothing to reserve by this name. Check its spelling.",
        Message::ReservationNotOpen => "Reserving has not begun yet. Come back when it opens.",
        Message::ReservationClosed => "Reserving is over.",
        Message::ReservationFull => "Every place is taken. Somebody may still cancel: try again later.",
        Message::SignInClosed => "Signing in is closed at present. todayTasks says what is open.",
        Message::Unauthenticated => "Send the header Authorization: Bearer <session key>.",
        Message::Busy => "The service is busy. Try again in a few seconds.",
        Message::InternalFault => {
            "This could not be answered because of a fault of the service. Try again; if it stays, report the request id."
        }
    };
    text.into()
}

//! English texts of the messages.

use std::borrow::Cow;

use super::Message;
use crate::domain::number::{counted, grouped};

pub(super) fn text(message: &Message) -> Cow<'static, str> {
    let text = match message {
        Message::Unauthenticated => "Send the header Authorization: Bearer <session key>.",
        Message::Busy => "The service is busy. Try again in a few seconds.",
        Message::InternalFault => "Internal error. Please try again; if it persists, report the request ID.",
        Message::ScopeNeeded { scope } => return format!("This requires an API key with the scope {scope}.").into(),
        Message::ApiKeyNeeded => {
            "Send the header Authorization: Bearer <API key>. Create a key with newbee key create."
        }
        Message::ApiKeyUnknown => "The API key is unknown or revoked. Create a new one with newbee key create.",
        Message::SessionKeyUnknown => {
            "The session key is unknown, expired or revoked. Get a new one from the chat app, or omit the Authorization header to continue as a visitor."
        }
        Message::AuthorizationMalformed => {
            "The Authorization header must be \"Bearer <key>\" with a key of at most 55 characters. Correct it, or omit the header to continue as a visitor where that is allowed."
        }
        Message::KeysNotChecked => "Keys cannot be verified at the moment. Try again in a second.",
        Message::TooMuchUnderWay => "Too many requests are in progress. Try again in a second.",
        Message::TookTooLong => {
            "The operation took too long and was cancelled. Request less at once, or try again later."
        }
        Message::AskedTooOften { seconds } => {
            return format!("Too many requests. Try again in {seconds} s and reduce the request rate.").into();
        }
        Message::DaysClosedAhead { count, day } => {
            let days = counted(*count, "business day");
            return format!("{days} starting with {day}: closed before their end. Check the clock, then reopen them.")
                .into();
        }
        Message::BooksDoNotBalance { violations, checks } => {
            let violations = counted(*violations, "violation");
            return format!("The books do not balance: {violations} found by: {checks}.").into();
        }
        Message::ChecksUnfinished { checks } => {
            return format!("These checks of the books did not finish: {checks}.").into();
        }
        Message::AwardsParked { count, error } => {
            let awards = counted(*count, "award");
            let are = if *count == 1 { "is" } else { "are" };
            return format!(
                "{awards} {are} parked: {}. Retry or void them.",
                error.trim_end_matches('.')
            )
            .into();
        }
        Message::TotalsDiffer { day } => {
            return format!("The totals of the closed day {day} differ from its awards.").into();
        }
        Message::LastRunFailed { error } => {
            return format!("The last run failed: {}.", error.trim_end_matches('.')).into();
        }
        Message::JobPausedWithBacklog { by, count, unit } => {
            return format!("Paused by {by} while {} {unit} wait.", grouped(*count)).into();
        }
        Message::SessionEnded => "Your session has ended. Sign in again.",
        Message::TooManySubscriptions { most } => {
            return format!("You have {most} live connections open. Close one of them first.").into();
        }
    };
    text.into()
}

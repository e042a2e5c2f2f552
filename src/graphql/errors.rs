//! Errors as clients see them: a code, a sentence that says what to do, and never the cause.

use std::sync::Arc;

use async_graphql::{Error, ErrorExtensions};

use super::scope::RequestContext;
use crate::domain::id::UserId;
use crate::domain::language::Language;
use crate::live::SubscribeError;
use crate::loaders::ReadError;
use crate::messages::Message;
use crate::service::ServiceError;
use crate::service::user_slots::UserSlot;

/// The `extensions.code` of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    Unauthenticated,
    Forbidden,
    BadUserInput,
    RateLimited,
    ServiceUnavailable,
    InternalServerError,
}

impl Code {
    pub fn name(self) -> &'static str {
        match self {
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::RateLimited => "RATE_LIMITED",
            Self::ServiceUnavailable => "SERVICE_UNAVAILABLE",
            Self::InternalServerError => "INTERNAL_SERVER_ERROR",
        }
    }
}

/// An error for a client.
pub fn client_error(code: Code, message: impl Into<String>) -> Error {
    Error::new(message).extend_with(|_, extensions| extensions.set("code", code.name()))
}

/// What a client asked for cannot be; the message says what to send instead.
pub(super) fn bad_user_input(message: impl Into<String>) -> Error {
    client_error(Code::BadUserInput, message)
}

/// Seconds after which a client may try again when there was too much to do.
const RETRY_AFTER_SECONDS: i32 = 2;

impl RequestContext {
    /// The viewer, or the error that says how to become one.
    pub(super) fn require_viewer(&self) -> Result<UserId, Error> {
        self.viewer
            .ok_or_else(|| client_error(Code::Unauthenticated, Message::Unauthenticated.text(self.language)))
    }

    /// The user of the request, with one of the slots for writes of that user. It must be held until the write is done.
    ///
    /// # Errors
    /// Without a session, and when the user has too many writes under way.
    pub(super) async fn acting_viewer(&self) -> Result<(UserId, UserSlot), Error> {
        let user = self.require_viewer()?;
        let slot = self.user_slots.take(user).await;
        Ok((user, slot.map_err(|error| self.write_failed(&error))?))
    }

    /// The client's side of a failed read. The cause goes to the log, once a request however many fields it blanked.
    pub(super) fn read_failed(&self, error: &ReadError) -> Error {
        let cause = match error {
            ReadError::Database(cause) | ReadError::Unavailable(cause) => Arc::as_ptr(cause) as usize,
            // These have no identity: once each.
            ReadError::Overloaded => 0,
            ReadError::Lost => 1,
        };
        if self
            .logged
            .lock()
            .expect("nothing panics while it holds the set")
            .insert(cause)
        {
            tracing::error!(request_id = self.request_id, %error, "a read failed");
        }
        if error.is_unavailable() {
            busy(&self.request_id, self.language)
        } else {
            masked(&Message::InternalFault, &self.request_id, self.language)
        }
    }

    /// Why somebody could not subscribe, and what to do.
    pub(super) fn not_subscribed(&self, error: &SubscribeError) -> Error {
        match error {
            SubscribeError::TooManyOfUser(most) => {
                let most = i64::try_from(*most).unwrap_or(i64::MAX);
                client_error(
                    Code::RateLimited,
                    Message::TooManySubscriptions { most }.text(self.language),
                )
            }
            SubscribeError::TooMany => busy(&self.request_id, self.language),
            SubscribeError::Read(error) => self.read_failed(error),
        }
    }

    /// The client's side of a failed write; the cause goes to the log.
    pub(super) fn write_failed(&self, error: &ServiceError) -> Error {
        if matches!(error, ServiceError::UserBusy) {
            // Not a fault of the service, and not logged: the user could fill the log.
            let seconds = i64::from(RETRY_AFTER_SECONDS);
            return client_error(
                Code::RateLimited,
                Message::AskedTooOften { seconds }.text(self.language),
            )
            .extend_with(|_, extensions| extensions.set("retryAfterSeconds", RETRY_AFTER_SECONDS));
        }
        tracing::error!(request_id = self.request_id, ?error, "a write failed");
        if error.is_unavailable() {
            busy(&self.request_id, self.language)
        } else {
            masked(&Message::InternalFault, &self.request_id, self.language)
        }
    }
}

/// The error of an operation that the database could not do at the moment, for too much work or because it is away.
pub(super) fn busy(request_id: &str, language: Language) -> Error {
    client_error(Code::ServiceUnavailable, Message::Busy.text(language)).extend_with(|_, extensions| {
        extensions.set("requestId", request_id);
        extensions.set("retryAfterSeconds", RETRY_AFTER_SECONDS);
    })
}

/// A fault of ours, without its cause.
pub(super) fn masked(message: &Message, request_id: &str, language: Language) -> Error {
    client_error(Code::InternalServerError, message.text(language))
        .extend_with(|_, extensions| extensions.set("requestId", request_id))
}

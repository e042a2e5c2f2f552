//! Client errors: a code and a message that says what to do, without the cause.

use std::sync::Arc;

use async_graphql::{Error, ErrorExtensions};

use super::context::RequestContext;
use crate::domain::id::UserId;
use crate::domain::language::Language;
use crate::live::SubscribeError;
use crate::loaders::ReadError;
use crate::messages::Message;
use crate::service::ServiceError;
use crate::service::user_slots::UserSlot;

/// Value of `extensions.code` in an error.
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

/// Returns an error with a code and a message for the client.
pub fn client_error(code: Code, message: impl Into<String>) -> Error {
    Error::new(message).extend_with(|_, extensions| extensions.set("code", code.name()))
}

/// Returns the error for invalid input; the message says what to send instead.
pub(super) fn bad_user_input(message: impl Into<String>) -> Error {
    client_error(Code::BadUserInput, message)
}

/// Seconds after which a client may retry when the service is overloaded.
const RETRY_AFTER_SECONDS: i32 = 2;

impl RequestContext {
    /// Returns the viewer.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` without a session; the message says how to sign in.
    pub(super) fn require_viewer(&self) -> Result<UserId, Error> {
        self.viewer
            .ok_or_else(|| client_error(Code::Unauthenticated, Message::Unauthenticated.text(self.language)))
    }

    /// Returns the viewer and one of the user's slots for concurrent writes. Hold the slot until the write is complete.
    ///
    /// # Errors
    /// Without a session, and if the user has too many writes in progress.
    pub(super) async fn acting_viewer(&self) -> Result<(UserId, UserSlot), Error> {
        let user = self.require_viewer()?;
        let slot = self.user_slots.take(user).await;
        Ok((user, slot.map_err(|error| self.write_failed(&error))?))
    }

    /// Returns the client error for a failed read. The cause is logged once per request, however many fields it
    /// affects.
    pub(super) fn read_failed(&self, error: &ReadError) -> Error {
        let cause = match error {
            ReadError::Database(cause) | ReadError::Unavailable(cause) => Arc::as_ptr(cause) as usize,
            // These have no identity: log each kind once.
            ReadError::Overloaded => 0,
            ReadError::Lost => 1,
        };
        if self
            .logged
            .lock()
            .expect("no panic occurs while the set is locked")
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

    /// Returns the client error for a failed subscription.
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

    /// Returns the client error for a failed write, and logs the cause.
    pub(super) fn write_failed(&self, error: &ServiceError) -> Error {
        if matches!(error, ServiceError::UserBusy) {
            // Not a fault of the service, and not logged: users could flood the log.
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

/// Returns the error for an operation that the database cannot serve at the moment, because it is overloaded or
/// unavailable.
pub(super) fn busy(request_id: &str, language: Language) -> Error {
    client_error(Code::ServiceUnavailable, Message::Busy.text(language)).extend_with(|_, extensions| {
        extensions.set("requestId", request_id);
        extensions.set("retryAfterSeconds", RETRY_AFTER_SECONDS);
    })
}

/// Returns the error for an internal fault, without its cause.
pub(super) fn masked(message: &Message, request_id: &str, language: Language) -> Error {
    client_error(Code::InternalServerError, message.text(language))
        .extend_with(|_, extensions| extensions.set("requestId", request_id))
}

//! Errors of resolvers. A resolver returns a typed error; `http` renders it: code, text in the language of the request,
//! and log.

use async_graphql::{Error, ErrorExtensions, ServerError};

use super::context::RequestContext;
use crate::domain::api_key::Scope;
use crate::domain::id::UserId;
use crate::live::SubscribeError;
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

/// Error of a resolver that is not a fault of the service.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub enum AccessError {
    #[error("the field needs a session key")]
    Unauthenticated,
    #[error("the field needs the scope {}", .0.name())]
    ScopeNeeded(Scope),
}

/// Seconds after which a client may retry when the service is overloaded.
const RETRY_AFTER_SECONDS: i32 = 2;

/// Public form of a resolver's typed error: code, message, and time until a retry.
#[derive(Debug)]
pub struct PublicError {
    pub code: Code,
    pub message: Message,
    pub retry_after_seconds: Option<i32>,
    /// Fault of the service, for the log.
    pub fault: Option<ServiceError>,
}

impl PublicError {
    /// Returns the public form of an error; `None` if its type is not one of newbee's.
    pub fn of(error: &ServerError) -> Option<Self> {
        if let Some(fault) = error.source::<ServiceError>() {
            return Some(Self::of_fault(fault));
        }
        if let Some(error) = error.source::<SubscribeError>() {
            return Some(match error {
                SubscribeError::TooManyOfUser(most) => Self::new(
                    Code::RateLimited,
                    Message::TooManySubscriptions {
                        most: i64::try_from(*most).unwrap_or(i64::MAX),
                    },
                ),
                SubscribeError::TooMany => Self::busy(),
                SubscribeError::Read(fault) => Self::of_fault(fault),
            });
        }
        Some(match error.source::<AccessError>()? {
            AccessError::Unauthenticated => Self::new(Code::Unauthenticated, Message::Unauthenticated),
            AccessError::ScopeNeeded(scope) => Self::new(
                Code::Forbidden,
                Message::ScopeNeeded {
                    scope: scope.name().to_owned(),
                },
            ),
        })
    }

    fn of_fault(fault: &ServiceError) -> Self {
        let public = match fault {
            // Not a fault of the service, and not logged: users could flood the log.
            ServiceError::UserBusy => {
                return Self {
                    retry_after_seconds: Some(RETRY_AFTER_SECONDS),
                    ..Self::new(
                        Code::RateLimited,
                        Message::AskedTooOften {
                            seconds: RETRY_AFTER_SECONDS.into(),
                        },
                    )
                };
            }
            fault if fault.is_unavailable() => Self::busy(),
            _ => Self::new(Code::InternalServerError, Message::InternalFault),
        };
        Self {
            fault: Some(fault.clone()),
            ..public
        }
    }

    /// The database cannot serve the operation at the moment, because it is overloaded or unavailable.
    fn busy() -> Self {
        Self {
            retry_after_seconds: Some(RETRY_AFTER_SECONDS),
            ..Self::new(Code::ServiceUnavailable, Message::Busy)
        }
    }

    fn new(code: Code, message: Message) -> Self {
        Self {
            code,
            message,
            retry_after_seconds: None,
            fault: None,
        }
    }
}

impl RequestContext {
    /// Returns the viewer; `None` without a session key.
    ///
    /// # Errors
    /// If the key is not valid, or cannot be looked up. The whole reply is then an error.
    pub(super) async fn viewer(&self) -> Result<Option<UserId>, Error> {
        match &self.viewer {
            None => Ok(None),
            Some(viewer) => match viewer.user().await? {
                Some(user) => Ok(Some(user)),
                None => Err(AccessError::Unauthenticated.into()),
            },
        }
    }

    /// Returns the viewer.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` without a session; the message says how to sign in.
    pub(super) async fn require_viewer(&self) -> Result<UserId, Error> {
        self.viewer().await?.ok_or_else(|| AccessError::Unauthenticated.into())
    }

    /// Returns the viewer and one of the user's slots for concurrent writes. Hold the slot until the write is complete.
    ///
    /// # Errors
    /// Without a session, and if the user has too many writes in progress.
    pub(super) async fn acting_viewer(&self) -> Result<(UserId, UserSlot), Error> {
        let user = self.require_viewer().await?;
        Ok((user, self.state.user_slots.take(user).await?))
    }
}

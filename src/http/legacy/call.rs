//! Context and errors of a legacy method call.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::LegacyEndpoint;
use super::methods::SESSION_KEY;
use super::parameters::{Parameters, Undecodable};
use super::status::Status;
use crate::domain::business_day::BusinessTime;
use crate::domain::id::UserId;
use crate::domain::rejection::RejectionTable;
use crate::domain::session::SessionKey;
use crate::domain::text::match_form;
use crate::http::auth::authenticator::{AuthUnavailable, Authenticator};
use crate::http::middleware::rate_limit::{AdmittedKey, ClientQuota, KeyKind, TooOften};
use crate::service::user_slots::UserSlot;
use crate::service::{Failure, ServiceError};
use crate::state::AppState;

/// Object-safe [`Authenticator`] of users.
pub trait Callers: Send + Sync {
    fn find<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<UserId>, AuthUnavailable>>;
}

impl<A: Authenticator<Caller = UserId>> Callers for A {
    fn find<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<UserId>, AuthUnavailable>> {
        self.authenticate(key).boxed()
    }
}

/// A call of a legacy method.
pub struct Call<'a> {
    pub state: &'a AppState,
    /// Time of the request. It is taken once, so that a request at midnight uses a single business day.
    pub moment: BusinessTime,
    callers: &'a dyn Callers,
    caller: ClientQuota,
    parameters: Parameters,
}

impl<'a> Call<'a> {
    pub fn new(endpoint: &'a LegacyEndpoint, caller: ClientQuota, parameters: Parameters) -> Self {
        Self {
            state: &endpoint.state,
            moment: endpoint.state.calendar.moment(endpoint.state.clock.now()),
            callers: &*endpoint.callers,
            caller,
            parameters,
        }
    }

    /// Returns the user of `session_key`. Call it before anything else, because a client that is not signed in must be
    /// notified of that first.
    ///
    /// # Errors
    /// Status 2 if there is no key, 3 if it is invalid; [`CallError::TooOften`] if the rate is exceeded.
    pub async fn user(&self) -> Result<UserId, CallError> {
        Ok(self.authenticate().await?.0)
    }

    /// Returns the user and one of the user's write slots, which must be held until the write is done. A write costs
    /// more than one request of the key's rate, as for GraphQL mutations.
    ///
    /// # Errors
    /// As [`Self::user`], and if no slot becomes free in time.
    pub async fn acting_user(&self) -> Result<(UserId, UserSlot), CallError> {
        let (user, admitted) = self.authenticate().await?;
        admitted.charge_mutations(1)?;
        Ok((user, self.state.user_slots.take(user).await?))
    }

    async fn authenticate(&self) -> Result<(UserId, AdmittedKey), CallError> {
        let key = self.parameters.get(SESSION_KEY);
        let key = key
            .map_err(|Undecodable| Status::BadSession)?
            .ok_or(Status::NoSession)?;
        if !SessionKey::is_well_formed(key) {
            return Err(Status::BadSession.into());
        }
        let admitted = self.caller.admit_key(KeyKind::Session, key)?;
        let found = self.callers.find(key).await?;
        admitted.record_key_result(found.is_some())?;
        Ok((found.ok_or(Status::BadSession)?, admitted))
    }

    /// Returns an optional parameter.
    ///
    /// # Errors
    /// Status 0 if it cannot be decoded.
    pub fn optional(&self, name: &str) -> Result<Option<&str>, CallError> {
        Ok(self.parameters.get(name).map_err(|Undecodable| Status::BadParameters)?)
    }

    /// Returns a required parameter.
    ///
    /// # Errors
    /// Status 0 if it is missing, cannot be decoded, or is empty or too long in the normalised form used for
    /// comparisons.
    pub fn text(&self, name: &str, most_characters: usize) -> Result<&str, CallError> {
        let text = self.optional(name)?.unwrap_or_default();
        let length = match_form(text).chars().count();
        if !(1..=most_characters).contains(&length) {
            return Err(Status::BadParameters.into());
        }
        Ok(text)
    }
}

/// Reason why a method returns no data.
pub enum CallError {
    /// Status for the client.
    Status(Status),
    /// The rate limit is exceeded.
    TooOften(TooOften),
    /// Internal error: status 5; the cause is only logged.
    Fault(String),
}

impl From<Status> for CallError {
    fn from(status: Status) -> Self {
        Self::Status(status)
    }
}

impl From<TooOften> for CallError {
    fn from(too_often: TooOften) -> Self {
        Self::TooOften(too_often)
    }
}

impl<R: RejectionTable> From<Failure<R>> for CallError {
    fn from(failure: Failure<R>) -> Self {
        match failure {
            Failure::Rejected(rejection) => Status::of(&rejection).into(),
            Failure::Failed(error) => error.into(),
        }
    }
}

macro_rules! faults {
    ($($error:ty),+ $(,)?) => {$(
        impl From<$error> for CallError {
            fn from(error: $error) -> Self {
                Self::Fault(error.to_string())
            }
        }
    )+};
}

faults!(AuthUnavailable, serde_json::Error);

impl From<ServiceError> for CallError {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::UserBusy => Self::Status(Status::AskedTooOften),
            error => Self::Fault(error.to_string()),
        }
    }
}

//! What a legacy method finds in its request, and how it fails.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::LegacyEndpoint;
use super::parameters::{Parameters, Undecodable};
use super::status::Status;
use crate::domain::business_day::BusinessTime;
use crate::domain::id::UserId;
use crate::domain::session::SessionKey;
use crate::domain::text::match_form;
use crate::domain::word::WordRejection;
use crate::graphql::Backend;
use crate::http::auth::authenticator::{AuthUnavailable, Authenticator};
use crate::http::middleware::rate_limit::{AdmittedKey, ClientQuota, KeyKind, TooOften};
use crate::loaders::ReadError;
use crate::service::ServiceError;
use crate::service::user_slots::UserSlot;

/// An [`Authenticator`] of users whose type does not matter.
pub trait Callers: Send + Sync {
    fn find<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<UserId>, AuthUnavailable>>;
}

impl<A: Authenticator<Caller = UserId>> Callers for A {
    fn find<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<UserId>, AuthUnavailable>> {
        self.authenticate(key).boxed()
    }
}

/// One request to a legacy method.
pub struct Call<'a> {
    pub backend: &'a Backend,
    /// Taken once, so that a request over midnight sees one day.
    pub moment: BusinessTime,
    callers: &'a dyn Callers,
    caller: ClientQuota,
    parameters: Parameters,
}

impl<'a> Call<'a> {
    pub fn new(endpoint: &'a LegacyEndpoint, caller: ClientQuota, parameters: Parameters) -> Self {
        Self {
            backend: &endpoint.backend,
            moment: endpoint.backend.calendar.moment(endpoint.clock.now()),
            callers: &*endpoint.callers,
            caller,
            parameters,
        }
    }

    /// Whose `session_key` came with the request: status 2 when none did, 3 when it is no good. To be asked before anything
    /// else, since a client that is not signed in must learn that first.
    pub async fn user(&self) -> Result<UserId, Failure> {
        Ok(self.authenticate().await?.0)
    }

    /// The user, with one of the slots for writes of that user, which must be held until the write is done. A write counts for
    /// more than one request of the key's rate, as a mutation does.
    pub async fn acting_user(&self) -> Result<(UserId, UserSlot), Failure> {
        let (user, admitted) = self.authenticate().await?;
        admitted.charge_mutations(1)?;
        Ok((user, self.backend.user_slots.take(user).await?))
    }

    async fn authenticate(&self) -> Result<(UserId, AdmittedKey), Failure> {
        let key = self.parameters.get("session_key");
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

    /// A parameter that may be missing; status 0 when it cannot be decoded.
    pub fn optional(&self, name: &str) -> Result<Option<&str>, Failure> {
        Ok(self.parameters.get(name).map_err(|Undecodable| Status::BadParameters)?)
    }

    /// A parameter; status 0 when it is missing, cannot be decoded, or has no character or more than it may in the form in
    /// which texts are compared.
    pub fn text(&self, name: &str, most_characters: usize) -> Result<&str, Failure> {
        let text = self.optional(name)?.unwrap_or_default();
        let length = match_form(text).chars().count();
        if !(1..=most_characters).contains(&length) {
            return Err(Status::BadParameters.into());
        }
        Ok(text)
    }
}

/// Why a method has no data.
pub enum Failure {
    /// What the caller is told.
    Status(Status),
    /// The caller asked too often.
    TooOften(TooOften),
    /// A fault of ours: status 5, and the cause for the log alone.
    Fault(String),
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        Self::Status(status)
    }
}

impl From<TooOften> for Failure {
    fn from(too_often: TooOften) -> Self {
        Self::TooOften(too_often)
    }
}

impl From<WordRejection> for Failure {
    fn from(refusal: WordRejection) -> Self {
        Self::Status(refusal.into())
    }
}

macro_rules! faults {
    ($($error:ty),+ $(,)?) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::Fault(error.to_string())
            }
        }
    )+};
}

faults!(AuthUnavailable, ReadError, serde_json::Error);

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::UserBusy => Self::Status(Status::AskedTooOften),
            error => Self::Fault(error.to_string()),
        }
    }
}

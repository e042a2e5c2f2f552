//! The two ways in which an operation fails: a fault of the service, or a rejection that the caller can correct.

use std::sync::Arc;

use super::transaction::AsSqlError;
use super::unavailable::{Unavailable, unavailable};
use crate::batcher::BatchError;
use crate::domain::draw_keys::DrawKeyUnknown;
use crate::domain::rejection::Rejection;

/// Internal fault of an operation, not caused by its input. Cheap to clone, because one failed statement can affect
/// many callers of a batch.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ServiceError {
    #[error("the database failed: {0}")]
    Database(Arc<sqlx::Error>),
    #[error(transparent)]
    Batch(#[from] BatchError),
    #[error("inconsistent data: {0}")]
    InconsistentData(&'static str),
    /// The limit of concurrent writes per user was reached.
    #[error("the user has too many writes in progress")]
    UserBusy,
    #[error(transparent)]
    DrawKeyUnknown(#[from] DrawKeyUnknown),
    /// Not supported in a database that is distributed over the nodes of Citus.
    #[error("not yet possible in a distributed database: {0} (deploy/scale.md)")]
    Undistributed(&'static str),
}

impl ServiceError {
    /// Error of a batch that ended without a result for one of its callers.
    pub const LOST: Self = Self::Batch(BatchError::Lost);

    /// Returns true if the service is overloaded, so that the same request may succeed in a few seconds.
    pub fn is_overload(&self) -> bool {
        self.unavailable() == Some(Unavailable::Busy)
    }

    /// Returns true if the database is overloaded or unavailable, so that the same request may succeed in a few
    /// seconds.
    pub fn is_unavailable(&self) -> bool {
        self.unavailable().is_some()
    }

    fn unavailable(&self) -> Option<Unavailable> {
        match self {
            Self::Batch(error) => (*error == BatchError::Overloaded).then_some(Unavailable::Busy),
            Self::Database(error) => unavailable(error),
            Self::InconsistentData(_) | Self::DrawKeyUnknown(_) | Self::Undistributed(_) => None,
            Self::UserBusy => Some(Unavailable::Busy),
        }
    }

    /// Returns true if both errors have the same cause, such as one failed statement that several callers waited for.
    pub fn has_cause_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Database(one), Self::Database(other)) => Arc::ptr_eq(one, other),
            (Self::Batch(one), Self::Batch(other)) => one == other,
            _ => false,
        }
    }
}

impl From<sqlx::Error> for ServiceError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(Arc::new(error))
    }
}

impl AsSqlError for ServiceError {
    fn as_sql_error(&self) -> Option<&sqlx::Error> {
        match self {
            Self::Database(error) => Some(error),
            _ => None,
        }
    }
}

/// Reason why an operation did nothing. `?` converts rejections and faults alike.
#[derive(Clone, Debug)]
pub enum Failure<R> {
    /// The caller can correct the request.
    Rejected(R),
    /// Fault of the service.
    Failed(ServiceError),
}

impl<R> Failure<R> {
    /// Returns the rejection.
    ///
    /// # Errors
    /// The fault, if it is one.
    pub fn rejection(self) -> Result<R, ServiceError> {
        match self {
            Self::Rejected(rejection) => Ok(rejection),
            Self::Failed(error) => Err(error),
        }
    }
}

impl<R: Rejection> From<R> for Failure<R> {
    fn from(rejection: R) -> Self {
        Self::Rejected(rejection)
    }
}

impl<R: Rejection> From<Vec<R>> for Failure<Vec<R>> {
    fn from(rejections: Vec<R>) -> Self {
        Self::Rejected(rejections)
    }
}

impl<R> From<ServiceError> for Failure<R> {
    fn from(error: ServiceError) -> Self {
        Self::Failed(error)
    }
}

impl<R> From<sqlx::Error> for Failure<R> {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// For the command line, which reports both alike. A failure itself is no `Error`, so that a resolver cannot return a
/// rejection as a fault.
impl<R: Rejection> From<Failure<R>> for anyhow::Error {
    fn from(failure: Failure<R>) -> Self {
        match failure {
            Failure::Rejected(rejection) => rejection.into(),
            Failure::Failed(error) => error.into(),
        }
    }
}

impl<R> AsSqlError for Failure<R> {
    fn as_sql_error(&self) -> Option<&sqlx::Error> {
        match self {
            Self::Failed(error) => error.as_sql_error(),
            Self::Rejected(_) => None,
        }
    }
}

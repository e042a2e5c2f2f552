//! Why a read got no answer. Each waiter has its own value; the cause is shared.

use std::sync::Arc;

use crate::batcher::BatchError;
use crate::store::unavailable::{is_statement_timeout, unavailable};

/// Why a read got no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReadError {
    /// Too much is waiting already, or no connection came free in time: worth another try a little later.
    #[error("the database has more to do than it can")]
    Overloaded,
    /// The batch ended without an answer: a defect, as only a panic does that.
    #[error("the batch of reads ended without an answer")]
    Lost,
    /// The database cannot be reached, is starting or stopping, or did not answer in time: the same read may succeed in a few
    /// seconds.
    #[error("the database is unavailable: {0}")]
    Unavailable(Arc<sqlx::Error>),
    #[error("a statement failed: {0}")]
    Database(Arc<sqlx::Error>),
}

impl ReadError {
    /// Returns whether the same read may succeed in a few seconds.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Overloaded | Self::Unavailable(_))
    }
}

impl From<BatchError> for ReadError {
    fn from(error: BatchError) -> Self {
        match error {
            BatchError::Overloaded => Self::Overloaded,
            BatchError::Lost => Self::Lost,
        }
    }
}

impl From<sqlx::Error> for ReadError {
    fn from(error: sqlx::Error) -> Self {
        match unavailable(&error) {
            Some(_) if matches!(error, sqlx::Error::PoolTimedOut) => Self::Overloaded,
            // With its cause, for the log: a statement timeout and a full disk need different remedies.
            Some(_) => Self::Unavailable(Arc::new(error)),
            None => Self::Database(Arc::new(error)),
        }
    }
}

/// Returns whether the statement itself was to blame, also when it took too long: then a part of it may succeed alone.
pub(super) fn blames_the_statement(error: &sqlx::Error) -> bool {
    unavailable(error).is_none() || is_statement_timeout(error)
}

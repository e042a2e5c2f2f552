//! Errors of reads. Each waiting caller gets its own value; the cause is shared.

use std::sync::Arc;

use crate::batcher::BatchError;
use crate::store::unavailable::{is_statement_timeout, unavailable};

/// Reason why a read failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReadError {
    /// The queue is full, or no connection became free in time; a retry after a few seconds may succeed.
    #[error("the database is overloaded")]
    Overloaded,
    /// The batch ended without a result; only a panic causes this.
    #[error("the batch of reads ended without a result")]
    Lost,
    /// The database cannot be reached, is starting or stopping, or did not respond in time; a retry after a few seconds
    /// may succeed.
    #[error("the database is unavailable: {0}")]
    Unavailable(Arc<sqlx::Error>),
    #[error("a statement failed: {0}")]
    Database(Arc<sqlx::Error>),
}

impl ReadError {
    /// Returns true if the same read may succeed in a few seconds.
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
            // The cause is kept for the log: a statement timeout and a full disk need different remedies.
            Some(_) => Self::Unavailable(Arc::new(error)),
            None => Self::Database(Arc::new(error)),
        }
    }
}

/// Returns true if the statement itself failed, including by its time limit: a part of it may succeed on its own.
pub(super) fn blames_the_statement(error: &sqlx::Error) -> bool {
    unavailable(error).is_none() || is_statement_timeout(error)
}

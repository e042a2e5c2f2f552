//! Why a read got no answer. Each waiter has its own value; the cause is shared.

use std::sync::Arc;

use crate::batcher::BatchError;

/// Why a read got no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReadError {
    /// Too much is waiting already, or no connection came free in time: worth another try a little later.
    #[error("the database has more to do than it can")]
    Overloaded,
    /// The batch ended without an answer: a defect, as only a panic does that.
    #[error("the batch of reads ended without an answer")]
    Lost,
    #[error("a statement failed: {0}")]
    Database(Arc<sqlx::Error>),
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
        match error {
            sqlx::Error::PoolTimedOut => Self::Overloaded,
            error => Self::Database(Arc::new(error)),
        }
    }
}

/// Whether the statement itself was to blame: then a part of it may well succeed alone. Not when there was no connection.
pub(super) fn blames_the_statement(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => {
            // 08: connection failed; 57P: the server is going down or coming up; 53: it has nothing left to give.
            !error
                .code()
                .is_some_and(|code| ["08", "57P", "53"].iter().any(|class| code.starts_with(class)))
        }
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => false,
        _ => true,
    }
}

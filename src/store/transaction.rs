//! Retries of transactions after serialisation failures, deadlocks and lost connections.

use std::time::Duration;

use crate::store::bounded::PgConnection;
use crate::store::unavailable::lost_in_flight;

/// Maximum number of attempts at a transaction.
const ATTEMPTS: u32 = 4;

/// Evaluates and awaits `$work` (one statement, or a function that begins and commits its own transaction), and
/// repeats it after a serialisation failure or a deadlock. It is a macro because the future of a borrowing async
/// closure is not `Send`, which spawning requires.
macro_rules! retrying {
    ($work:expr) => {{
        let mut attempts = $crate::store::transaction::Attempts::default();
        loop {
            match $work.await {
                Err(error) if attempts.again(&error).await => {}
                result => break result,
            }
        }
    }};
}
pub(crate) use retrying;

/// [`retrying!`] for idempotent work, which is also repeated after its connection was lost or out of step. It is then
/// unknown whether the first attempt was committed; the second one finds out. `$attempts` names the [`Attempts`] that
/// `$work` can query.
macro_rules! retrying_idempotent {
    ($work:expr) => {
        $crate::store::transaction::retrying_idempotent!(attempts, $work)
    };
    ($attempts:ident, $work:expr) => {{
        let mut $attempts = $crate::store::transaction::Attempts::idempotent();
        loop {
            match $work.await {
                Err(error) if $attempts.again(&error).await => {}
                result => break result,
            }
        }
    }};
}
pub(crate) use retrying_idempotent;

/// Maximum number of retries of idempotent work after a lost connection: more than one connection of a pool may be
/// affected.
const AGAIN_WHEN_LOST: u32 = 3;

/// Attempts at one unit of work.
#[derive(Debug, Default)]
pub struct Attempts {
    failed: u32,
    again_when_lost: u32,
    lost: u32,
}

impl Attempts {
    /// Creates the attempts of work that can safely be repeated.
    pub fn idempotent() -> Self {
        Self {
            again_when_lost: AGAIN_WHEN_LOST,
            ..Self::default()
        }
    }

    /// Returns true if an earlier attempt lost its connection, so that it may have been committed.
    pub fn may_be_done(&self) -> bool {
        self.lost > 0
    }

    /// Called after a failed attempt: returns true, after a short delay, if another attempt may succeed.
    pub async fn again(&mut self, error: &impl AsSqlError) -> bool {
        let Some(error) = error.as_sql_error() else {
            return false;
        };
        self.failed += 1;
        let again = if lost_in_flight(error) && self.lost < self.again_when_lost {
            self.lost += 1;
            true
        } else {
            self.failed < ATTEMPTS && is_passing(error)
        };
        if again {
            tokio::time::sleep(Duration::from_millis(5 << self.failed)).await;
        }
        again
    }
}

/// Access to the database error inside another error.
pub trait AsSqlError {
    fn as_sql_error(&self) -> Option<&sqlx::Error>;
}

impl AsSqlError for sqlx::Error {
    fn as_sql_error(&self) -> Option<&sqlx::Error> {
        Some(self)
    }
}

impl AsSqlError for anyhow::Error {
    fn as_sql_error(&self) -> Option<&sqlx::Error> {
        self.chain().find_map(|cause| cause.downcast_ref())
    }
}

/// Returns true if an error is a serialisation failure or a deadlock: a retry may succeed.
pub fn is_passing(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    matches!(code.as_deref(), Some("40001" | "40P01"))
}

/// Checks the deferred constraints now instead of at the commit.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn check_deferred(transaction: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!("set constraints all immediate")
        .execute(transaction)
        .await
        .map(|_| ())
}

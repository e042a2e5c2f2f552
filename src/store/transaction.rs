//! Transactions that are run again when Postgres asks for it.

use std::time::Duration;

use crate::store::bounded::PgConnection;
use crate::store::unavailable::lost_in_flight;

/// How often a transaction is begun before its failure is passed on.
const ATTEMPTS: u32 = 4;

/// Evaluates and awaits `$work`, one statement or one function that begins and commits a transaction of its own, again after a
/// serialisation failure or a deadlock. A macro, as an async closure that borrows is not `Send` enough to be spawned.
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

/// [`retrying!`] for idempotent work, which is also done again when its connection was lost or out of step: whether the first
/// attempt was committed is then unknown, and the second one finds out. `$attempts` names the [`Attempts`] for `$work` to ask.
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

/// How often idempotent work is done again after its connection was lost: more than one connection of a pool may be affected.
const AGAIN_WHEN_LOST: u32 = 3;

/// The attempts at one piece of work.
#[derive(Debug, Default)]
pub struct Attempts {
    failed: u32,
    again_when_lost: u32,
    lost: u32,
}

impl Attempts {
    /// Attempts at work that may be done twice without harm.
    pub fn idempotent() -> Self {
        Self {
            again_when_lost: AGAIN_WHEN_LOST,
            ..Self::default()
        }
    }

    /// Returns whether an earlier attempt lost its connection, so that it may have been committed.
    pub fn may_be_done(&self) -> bool {
        self.lost > 0
    }

    /// After an attempt that failed: waits a moment and returns `true` if another one may succeed.
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

/// Lets [`Attempts`] look for a database error inside another error.
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

/// Returns whether an error is a serialisation failure or a deadlock: the same work may succeed the next time.
pub fn is_passing(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    matches!(code.as_deref(), Some("40001" | "40P01"))
}

/// Checks now what a transaction's commit would check.
pub async fn check_deferred(transaction: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("set constraints all immediate")
        .execute(transaction)
        .await
        .map(|_| ())
}

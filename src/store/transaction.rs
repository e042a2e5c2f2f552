//! Transactions that are run again when Postgres asks for it.

use std::time::Duration;

use crate::store::bounded::PgConnection;

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

/// The tries of one piece of work.
#[derive(Debug, Default)]
pub struct Attempts(u32);

impl Attempts {
    /// After a try that failed: waits a moment and says `true` if another one may well succeed.
    pub async fn again(&mut self, error: &impl AsSqlError) -> bool {
        self.0 += 1;
        let again = self.0 < ATTEMPTS && error.as_sql_error().is_some_and(is_passing);
        if again {
            tokio::time::sleep(Duration::from_millis(5 << self.0)).await;
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

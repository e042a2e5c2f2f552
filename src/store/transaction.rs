//! Transactions that are run again when Postgres asks for it.

use std::time::Duration;

use sqlx::{PgPool, PgTransaction};

/// How often a transaction is begun before its failure is passed on.
const ATTEMPTS: u32 = 4;

/// Runs `work` in a transaction and commits it; begins anew after a serialisation failure or a deadlock.
///
/// `work` must do all its effects through the transaction, as it may run more than once. An `Err` rolls back.
pub async fn in_transaction<T, E, F>(pool: &PgPool, mut work: F) -> Result<T, E>
where
    E: From<sqlx::Error> + AsSqlError,
    F: AsyncFnMut(&mut PgTransaction<'static>) -> Result<T, E>,
{
    for attempt in 1.. {
        let mut transaction = pool.begin().await?;
        let result = match work(&mut transaction).await {
            Ok(value) => transaction.commit().await.map(|()| value).map_err(E::from),
            Err(error) => {
                // A failed rollback only means that the connection is lost, which rolls back as well.
                let _ = transaction.rollback().await;
                Err(error)
            }
        };
        match result {
            Err(error) if attempt < ATTEMPTS && error.as_sql_error().is_some_and(is_worth_another_try) => {
                tokio::time::sleep(Duration::from_millis(5 << attempt)).await;
            }
            result => return result,
        }
    }
    unreachable!("the loop ends by its last attempt")
}

/// Lets [`in_transaction`] look for a database error inside another error.
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

/// Serialisation failure or deadlock: the same work may well succeed the next time.
fn is_worth_another_try(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    matches!(code.as_deref(), Some("40001" | "40P01"))
}

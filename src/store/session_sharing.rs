//! Detects a connection pooler that assigns one server session to several clients in turn.

use sqlx::{AssertSqlSafe, Row, raw_sql};
use uuid::Uuid;

use super::bounded::{Bounds, Database, LimitCheck, PgConnection, Sessions};

/// Sessions are shared in a way that newbee does not support.
#[derive(Debug, thiserror::Error)]
#[error(
    "The connection pooler in front of the database shares sessions between clients (transaction or statement pooling), and \
     {lost}. Set NEWBEE_DIRECT_DATABASE_URL to the address of Postgres itself, or use session pooling (pool_mode = session \
     in PgBouncer) for newbee's database"
)]
pub struct SharedSessions {
    lost: &'static str,
}

/// Verifies that each connection has its own session, which locks and temporary tables require.
///
/// # Errors
/// Returns [`SharedSessions`] as a configuration error, or the errors of [`sessions`].
pub async fn require_own_sessions(database: &Database, bounds: &Bounds) -> sqlx::Result<()> {
    match sessions(database, bounds).await? {
        Sessions::Own => Ok(()),
        Sessions::Shared | Sessions::Mixed => {
            Err(shared("a lock or a temporary table would remain in a shared session"))
        }
    }
}

fn shared(lost: &'static str) -> sqlx::Error {
    sqlx::Error::Configuration(SharedSessions { lost }.into())
}

/// Determines the sessions that connections get. Tries two connections.
///
/// # Errors
/// Returns [`SharedSessions`] as a configuration error if transactions are not possible, or an error if the database
/// cannot be reached or does not answer in time.
pub async fn sessions(database: &Database, bounds: &Bounds) -> sqlx::Result<Sessions> {
    let mut one = PgConnection::connect(database, bounds, LimitCheck::Unset).await?;
    let mut other = PgConnection::connect(database, bounds, LimitCheck::Unset).await?;
    let found = async {
        if are_own(&mut one, &mut other).await? {
            return Ok(Sessions::Own);
        }
        one.begin().await?.rollback().await?;
        match prepare_in_both(&mut one, &mut other).await {
            Ok(()) => Ok(Sessions::Shared),
            Err(error) if is_of_prepared_statement(&error) => Ok(Sessions::Mixed),
            Err(error) => Err(error),
        }
    };
    found.await.map_err(|error| match error {
        sqlx::Error::Database(refused) if refused.message().contains("statement pooling") => {
            shared("transactions are not possible")
        }
        error => error,
    })
}

/// Returns true if a setting made by one connection is not visible to the other one, and is still present while the
/// other one is in a transaction. Uses simple queries only, which every pooler supports.
async fn are_own(one: &mut PgConnection, other: &mut PgConnection) -> sqlx::Result<bool> {
    let mark = Uuid::new_v4().to_string();
    let set = format!("select set_config('newbee.session', '{mark}', false)");
    raw_sql(AssertSqlSafe(set)).execute(&mut *one).await?;
    if read_mark(other).await?.as_deref() == Some(mark.as_str()) {
        return Ok(false);
    }
    // Holds a server session, so that the first connection would get another one.
    let mut other = other.begin().await?;
    read_mark(&mut other).await?;
    let is_kept = read_mark(one).await?.as_deref() == Some(mark.as_str());
    other.rollback().await?;
    Ok(is_kept)
}

async fn read_mark(connection: &mut PgConnection) -> sqlx::Result<Option<String>> {
    let row = raw_sql("select current_setting('newbee.session', true)").fetch_one(connection);
    row.await?.try_get(0)
}

/// Prepares a statement under the same name in both connections, and runs it again while they cannot share a session.
async fn prepare_in_both(one: &mut PgConnection, other: &mut PgConnection) -> sqlx::Result<()> {
    // Not checked at compile time: what it returns is not read.
    const PREPARED: &str = "select 1";
    sqlx::query(PREPARED).execute(&mut *one).await?;
    sqlx::query(PREPARED).execute(&mut *other).await?;
    let mut other = other.begin().await?;
    sqlx::query(PREPARED).execute(&mut *other).await?;
    sqlx::query(PREPARED).execute(one).await?;
    other.rollback().await
}

/// Returns true for duplicate_prepared_statement, and for invalid_sql_statement_name, the error of a missing
/// statement.
fn is_of_prepared_statement(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    matches!(code.as_deref(), Some("42P05" | "26000"))
}

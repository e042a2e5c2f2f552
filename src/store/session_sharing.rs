//! Detects a connection pooler that gives one session of the server to several clients in turn.

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Row, raw_sql};
use uuid::Uuid;

use super::bounded::{Bounds, LimitCheck, PgConnection};

/// What newbee can rely on in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sessions {
    /// Each connection has its own.
    Own,
    /// A pooler shares them, but keeps the prepared statements of its clients apart.
    Shared,
    /// A pooler shares them with all that is in them: prepared statements collide.
    Mixed,
}

/// Sessions are shared in a way that newbee cannot work with.
#[derive(Debug, thiserror::Error)]
#[error(
    "The connection pooler in front of the database shares sessions between clients (transaction or statement pooling), and \
     {lost}. Use session pooling (pool_mode = session in PgBouncer) for newbee's database, or connect to Postgres directly"
)]
pub struct SharedSessions {
    lost: &'static str,
}

/// Checks that prepared statements work, which every statement of newbee is.
///
/// # Errors
/// [`SharedSessions`], as a configuration error, and when the database cannot be reached or does not answer in time.
pub async fn require_prepared_statements(options: &PgConnectOptions, bounds: &Bounds) -> sqlx::Result<()> {
    match sessions(options, bounds).await? {
        Sessions::Own | Sessions::Shared => Ok(()),
        Sessions::Mixed => Err(shared("prepared statements of one client meet those of another")),
    }
}

/// Checks that each connection has a session of its own, as the lock of the migrations needs.
///
/// # Errors
/// Those of [`require_prepared_statements`].
pub async fn require_own_sessions(options: &PgConnectOptions, bounds: &Bounds) -> sqlx::Result<()> {
    match sessions(options, bounds).await? {
        Sessions::Own => Ok(()),
        Sessions::Shared | Sessions::Mixed => {
            Err(shared("the lock that migrations take would stay in a shared session"))
        }
    }
}

fn shared(lost: &'static str) -> sqlx::Error {
    sqlx::Error::Configuration(SharedSessions { lost }.into())
}

async fn sessions(options: &PgConnectOptions, bounds: &Bounds) -> sqlx::Result<Sessions> {
    let mut one = PgConnection::connect(options, bounds, LimitCheck::Skipped).await?;
    let mut other = PgConnection::connect(options, bounds, LimitCheck::Skipped).await?;
    if are_own(&mut one, &mut other).await? {
        return Ok(Sessions::Own);
    }
    match prepare_in_both(&mut one, &mut other).await {
        Ok(()) => Ok(Sessions::Shared),
        Err(error) if is_of_prepared_statement(&error) => Ok(Sessions::Mixed),
        Err(error) => Err(error),
    }
}

/// Returns whether a setting made by one connection is not seen by the other one, and is still there while the other one is in
/// a transaction. Simple queries only, as every pooler passes them on.
async fn are_own(one: &mut PgConnection, other: &mut PgConnection) -> sqlx::Result<bool> {
    let mark = Uuid::new_v4().to_string();
    let set = format!("select set_config('newbee.session', '{mark}', false)");
    raw_sql(AssertSqlSafe(set)).execute(&mut *one).await?;
    if read_mark(other).await?.as_deref() == Some(mark.as_str()) {
        return Ok(false);
    }
    // Holds a session of the server, so that the first connection would get another one.
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

/// Prepares a statement under the same name in both connections, and runs it again while they cannot have the same session.
async fn prepare_in_both(one: &mut PgConnection, other: &mut PgConnection) -> sqlx::Result<()> {
    const PREPARED: &str = "select 1";
    sqlx::query(PREPARED).execute(&mut *one).await?;
    sqlx::query(PREPARED).execute(&mut *other).await?;
    let mut other = other.begin().await?;
    sqlx::query(PREPARED).execute(&mut *other).await?;
    sqlx::query(PREPARED).execute(one).await?;
    other.rollback().await
}

/// duplicate_prepared_statement, or invalid_sql_statement_name where it is not there.
fn is_of_prepared_statement(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    matches!(code.as_deref(), Some("42P05" | "26000"))
}

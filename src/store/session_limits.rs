//! The limits that every session must have. They are set after connecting, because a connection pooler rejects or
//! drops them at the startup of a connection, and then read back.

use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::{AssertSqlSafe, Row, raw_sql};

use super::bounded::Bounds;

/// Settings without which one statement could hold a lock or a connection indefinitely.
const REQUIRED: [&str; 3] = [
    "statement_timeout",
    "lock_timeout",
    "idle_in_transaction_session_timeout",
];

/// Limits that are not in force in a session.
#[derive(Debug, thiserror::Error)]
#[error(
    "{} not in force in the database session: each must be between 1 ms and 60 s. A connection pooler drops the settings that \
     newbee makes. Set them for the role (alter role … set statement_timeout = '30s', lock_timeout = '5s' and \
     idle_in_transaction_session_timeout = '10s', one statement each), or connect to Postgres directly",
    is_or_are(.0)
)]
pub struct MissingLimits(Vec<&'static str>);

/// `synchronous_commit` is not in force in a session that writes.
#[derive(Debug, thiserror::Error)]
#[error(
    "synchronous_commit is {0} instead of remote_apply in the database session, so reads of NEWBEE_READ_DATABASE_URL could miss \
     what was just written. A connection pooler drops the settings that newbee makes. Set it for the role (alter role … set \
     synchronous_commit = 'remote_apply'), or connect to Postgres directly"
)]
pub struct CommitsNotAwaited(String);

fn is_or_are(names: &[&str]) -> String {
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", names.join(", "))
}

/// Adds the connection parameters of newbee, which every pooler accepts.
pub fn parameters(options: &PgConnectOptions) -> PgConnectOptions {
    options
        .clone()
        .application_name("newbee")
        // Clients determine which parts of `me` a statement contains: this is enough for all common combinations.
        .statement_cache_capacity(256)
        // newbee never reads a floating-point number as text, and PgBouncer rejects this parameter.
        .extra_float_digits(None)
}

/// Returns the statements that set the limits until the end of a transaction.
pub fn set_local(bounds: &Bounds) -> String {
    statements(bounds, "set local")
}

fn statements(bounds: &Bounds, set: &str) -> String {
    let Bounds {
        statement,
        lock,
        idle_in_transaction,
        plans,
        remote_apply,
        one_per_node,
        ..
    } = bounds;
    let commits = match remote_apply {
        true => format!("; {set} synchronous_commit = remote_apply"),
        false => String::new(),
    };
    let nodes = match one_per_node {
        true => format!("; {set} citus.multi_shard_modify_mode = sequential"),
        false => String::new(),
    };
    format!(
        "{set} statement_timeout = {}; {set} lock_timeout = {}; {set} idle_in_transaction_session_timeout = {}; \
         {set} timezone = 'UTC'; {set} plan_cache_mode = {plans}{commits}{nodes}",
        statement.as_millis(),
        lock.as_millis(),
        idle_in_transaction.as_millis()
    )
}

/// Sets the limits of a session, in one round trip, and verifies them if `is_required`.
///
/// # Errors
/// Returns the errors of [`require`].
pub async fn set(connection: &mut sqlx::PgConnection, bounds: &Bounds, is_required: bool) -> sqlx::Result<()> {
    // Safe: constants and numbers.
    let sql = format!("{}; {READ}", statements(bounds, "set"));
    let row = raw_sql(AssertSqlSafe(sql)).fetch_one(connection).await?;
    if is_required { verify(&row, bounds) } else { Ok(()) }
}

/// Reads the limits back.
const READ: &str = "select current_setting('statement_timeout')::interval between '1 ms' and '60 s',
                current_setting('lock_timeout')::interval between '1 ms' and '60 s',
                current_setting('idle_in_transaction_session_timeout')::interval between '1 ms' and '60 s',
                current_setting('synchronous_commit')";

/// Verifies the limits of a session or transaction.
///
/// # Errors
/// Returns [`MissingLimits`] as a configuration error if a limit is missing or longer than a minute,
/// [`CommitsNotAwaited`] if commits do not wait for replicas although they must, or an error if the query fails.
pub async fn require(connection: &mut sqlx::PgConnection, bounds: &Bounds) -> sqlx::Result<()> {
    // A simple query, because poolers that share sessions do not support prepared statements.
    verify(&raw_sql(READ).fetch_one(connection).await?, bounds)
}

fn verify(row: &PgRow, bounds: &Bounds) -> sqlx::Result<()> {
    let mut missing = Vec::new();
    for (column, name) in REQUIRED.into_iter().enumerate() {
        if !row.try_get::<bool, _>(column)? {
            missing.push(name);
        }
    }
    if !missing.is_empty() {
        return Err(sqlx::Error::Configuration(MissingLimits(missing).into()));
    }
    let commits: String = row.try_get(REQUIRED.len())?;
    match bounds.remote_apply && commits != "remote_apply" {
        true => Err(sqlx::Error::Configuration(CommitsNotAwaited(commits).into())),
        false => Ok(()),
    }
}

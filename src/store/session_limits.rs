//! The limits that every session must have. They are sent when connecting and then read back, because a connection
//! pooler may drop them silently.

use sqlx::postgres::PgConnectOptions;
use sqlx::{Row, raw_sql};

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
     newbee sends. Set them for the role (alter role … set statement_timeout = '30s', lock_timeout = '5s' and \
     idle_in_transaction_session_timeout = '10s', one statement each), or connect to Postgres directly",
    is_or_are(.0)
)]
pub struct MissingLimits(Vec<&'static str>);

fn is_or_are(names: &[&str]) -> String {
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", names.join(", "))
}

/// Adds the limits of a pool to the connection parameters.
pub fn apply(options: &PgConnectOptions, bounds: &Bounds) -> PgConnectOptions {
    let milliseconds = |time: std::time::Duration| time.as_millis().to_string();
    options
        .clone()
        .application_name("newbee")
        // Clients determine which parts of `me` a statement contains: this is enough for all common combinations.
        .statement_cache_capacity(256)
        // newbee never reads a floating-point number as text, and PgBouncer rejects this parameter.
        .extra_float_digits(None)
        .options([
            ("statement_timeout", milliseconds(bounds.statement)),
            ("lock_timeout", milliseconds(bounds.lock)),
            (
                "idle_in_transaction_session_timeout",
                milliseconds(bounds.idle_in_transaction),
            ),
            ("timezone", "UTC".to_owned()),
            ("plan_cache_mode", bounds.plans.to_owned()),
        ])
}

/// Verifies the limits of a session.
///
/// # Errors
/// Returns [`MissingLimits`] as a configuration error if a limit is missing or longer than a minute, or an error if
/// the query fails.
pub async fn require(connection: &mut sqlx::PgConnection) -> sqlx::Result<()> {
    // A simple query, because poolers that share sessions do not support prepared statements.
    let row = raw_sql(
        "select current_setting('statement_timeout')::interval between '1 ms' and '60 s',
                current_setting('lock_timeout')::interval between '1 ms' and '60 s',
                current_setting('idle_in_transaction_session_timeout')::interval between '1 ms' and '60 s'",
    )
    .fetch_one(connection)
    .await?;
    let mut missing = Vec::new();
    for (column, name) in REQUIRED.into_iter().enumerate() {
        if !row.try_get::<bool, _>(column)? {
            missing.push(name);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(sqlx::Error::Configuration(MissingLimits(missing).into()))
}

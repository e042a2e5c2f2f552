//! Execution of one check: a statement in a separate read-only transaction, with a consistent snapshot and a long
//! timeout, that blocks no other transaction.

use std::time::Duration;

use crate::store::bounded::{PgConnection, PgPool, PgTransaction};
use chrono::NaiveDate;
use sqlx::{FromRow, PgExecutor};

use super::checks::{Check, Kind, OF_VIEW, found};
use super::distributed;
use crate::store::business_days;

/// Maximum number of violations of a check that are stored as text; the rest are counted.
const DETAILED: usize = 100;

/// Result of a check.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Found {
    pub violations: i64,
    /// First violations, one line each.
    pub details: Vec<String>,
}

/// Begins a read-only transaction with its own statement timeout, and returns its backend id for [`cancel`].
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn begin(pool: &PgPool, bound: Duration) -> sqlx::Result<(PgTransaction<'static>, i32)> {
    let mut transaction = pool.begin().await?;
    sqlx::query!("set transaction read only")
        .execute(&mut *transaction)
        .await?;
    let backend = sqlx::query_scalar!(
        r#"select pg_backend_pid() as "backend!"
           from set_config('statement_timeout', $1, true) as statements,
                set_config('lock_timeout', $1, true) as locks"#,
        bound.as_millis().to_string()
    )
    .fetch_one(&mut *transaction)
    .await?;
    transaction.allow_statements_of(bound);
    Ok((transaction, backend))
}

/// Cancels the current statement of a backend, which would otherwise continue.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn cancel(connection: impl PgExecutor<'_>, backend: i32) -> sqlx::Result<()> {
    sqlx::query_scalar!("select pg_cancel_backend($1)", backend)
        .fetch_one(connection)
        .await
        .map(|_| ())
}

/// Runs a check for the audit of a day.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn run(connection: &mut PgConnection, check: &Check, day: NaiveDate) -> sqlx::Result<Found> {
    // Not checked at compile time: the checks are a table, and an audit runs each of them.
    // Planned for the actual values: only the branches of the view with that violation remain in the plan.
    let unprepared = |sql| sqlx::query_as(sql).persistent(false);
    match check.kind {
        Kind::OfView => {
            unprepared(found!("select detail from invariant_violations where violation = $1"))
                .bind(check.name)
                .fetch_one(connection)
                .await
        }
        Kind::RestOfView => {
            unprepared(found!(
                "select violation || ': ' || detail from invariant_violations where violation <> all ($1)"
            ))
            .bind(OF_VIEW.as_slice())
            .fetch_one(connection)
            .await
        }
        Kind::Own(sql) => {
            let form = connection.is_distributed().then(|| distributed::form_of(check.name));
            unprepared(form.flatten().unwrap_or(sql)).fetch_one(connection).await
        }
        Kind::TotalsOfDay => totals_of(connection, day).await,
    }
}

/// Compares the totals of a closed day with its awards. An open day has no totals.
async fn totals_of(connection: &mut PgConnection, day: NaiveDate) -> sqlx::Result<Found> {
    let differences = match business_days::is_closed(&mut *connection, day).await? {
        Some(true) => business_days::differences(connection, day).await?,
        _ => Vec::new(),
    };
    let details = differences.iter().take(DETAILED).map(|difference| {
        format!(
            "{day} {} coin {}: recorded {} awards {}, counted {} awards {}",
            difference.item,
            difference.coin_id,
            difference.recorded_count,
            difference.recorded_amount,
            difference.counted_count,
            difference.counted_amount
        )
    });
    Ok(Found {
        violations: differences.len() as i64,
        details: details.collect(),
    })
}

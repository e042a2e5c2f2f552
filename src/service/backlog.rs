//! Amounts of pending work of jobs, and of work done by runs: for lists, and for clients that wait for a run.

use crate::store::bounded::PgPool;
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::close_day::open_days;
use crate::domain::business_day::Calendar;
use crate::store::{reservations::payment, settlement};

/// Returns the number of awards that are due and neither settled nor parked.
///
/// # Errors
/// If the database fails.
pub async fn of_settlement(pool: PgPool, now: DateTime<Utc>, _: Calendar) -> sqlx::Result<i64> {
    settlement::count_due(&pool, now).await
}

/// Returns the due time of the oldest award that is neither settled nor parked; `None` if there is none.
///
/// # Errors
/// If the database fails.
pub async fn oldest_due(pool: PgPool, now: DateTime<Utc>) -> sqlx::Result<Option<DateTime<Utc>>> {
    settlement::oldest_due(&pool, now).await
}

/// Returns the number of business days that could be closed and are not.
///
/// # Errors
/// If the database fails.
pub async fn of_closing(pool: PgPool, now: DateTime<Utc>, calendar: Calendar) -> sqlx::Result<i64> {
    open_days(&pool, now, &calendar).await
}

/// Returns the number of places in launched campaigns that wait for their reward.
///
/// # Errors
/// If the database fails.
pub async fn of_payment(pool: PgPool, _: DateTime<Utc>, _: Calendar) -> sqlx::Result<i64> {
    payment::count_unpaid(&pool).await
}

/// Returns the number of awards settled, according to the progress or report of a settlement.
pub fn settled(report: &Value) -> i64 {
    number(report, "settled") + number(report, "newly_parked")
}

/// Returns the number of days closed, according to the progress or report of a closing.
pub fn closed(report: &Value) -> i64 {
    number(report, "closed")
}

/// Returns the number of places paid, according to the progress or report of a payment.
pub fn paid(report: &Value) -> i64 {
    number(report, "paid")
}

fn number(report: &Value, key: &str) -> i64 {
    report.get(key).and_then(Value::as_i64).unwrap_or(0)
}

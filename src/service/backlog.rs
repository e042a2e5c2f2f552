//! Amount of work that a job has to do, and that a run has done: for lists, and for clients that wait for a run.

use crate::store::bounded::PgPool;
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::close_day::open_days;
use crate::domain::business_day::Calendar;
use crate::store::{reservations::payment, settlement};

/// Awards that are due and neither settled nor parked.
pub async fn of_settlement(pool: PgPool, now: DateTime<Utc>, _: Calendar) -> sqlx::Result<i64> {
    settlement::count_due(&pool, now).await
}

/// When the oldest award became due that is neither settled nor parked; `None` when there is none.
///
/// # Errors
/// The database's.
pub async fn oldest_due(pool: PgPool, now: DateTime<Utc>) -> sqlx::Result<Option<DateTime<Utc>>> {
    settlement::oldest_due(&pool, now).await
}

/// Business days that could be closed and are not.
pub async fn of_closing(pool: PgPool, now: DateTime<Utc>, calendar: Calendar) -> sqlx::Result<i64> {
    open_days(&pool, now, &calendar).await
}

/// Places of launched campaigns that wait for their reward.
pub async fn of_payment(pool: PgPool, _: DateTime<Utc>, _: Calendar) -> sqlx::Result<i64> {
    payment::count_unpaid(&pool).await
}

/// How many awards a settlement's progress or report tells of.
pub fn settled(report: &Value) -> i64 {
    number(report, "settled") + number(report, "newly_parked")
}

/// How many days a closing's progress or report tells of.
pub fn closed(report: &Value) -> i64 {
    number(report, "closed")
}

/// How many places a payment's progress or report tells of.
pub fn paid(report: &Value) -> i64 {
    number(report, "paid")
}

fn number(report: &Value, key: &str) -> i64 {
    report.get(key).and_then(Value::as_i64).unwrap_or(0)
}

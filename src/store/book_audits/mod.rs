//! Audits of the books: what was checked, and what was found. Nothing here is ever changed or deleted.

use crate::store::bounded::PgConnection;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgExecutor};

pub mod checks;
pub mod running;

use running::Found;

/// An audit of which something is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, FromRow)]
pub struct BookAudit {
    /// The run of `audit_books` that made it.
    pub run_id: i64,
    /// The day that ended before it.
    pub business_day: NaiveDate,
    pub began_at: DateTime<Utc>,
    /// `None` while it goes on, and where it was broken off.
    pub ended_at: Option<DateTime<Utc>>,
    /// Checks that were finished.
    pub checks: i64,
    /// Checks that could not be finished.
    pub unfinished: i64,
    /// Of all checks together.
    pub violations: i64,
}

/// What one check of an audit found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, FromRow)]
pub struct BookAuditCheck {
    pub check_name: String,
    /// `None` when it could not be finished.
    pub violations: Option<i64>,
    /// The first violations, a line each.
    pub details: Vec<String>,
    /// Why it could not be finished.
    pub error: Option<String>,
    pub checked_at: DateTime<Utc>,
}

/// Keeps what a check found, or why it could not be finished; the first of a run begins its audit.
pub async fn keep(
    connection: &mut PgConnection,
    run_id: i64,
    day: NaiveDate,
    check_name: &str,
    found: &Result<Found, String>,
    at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into book_audits (run_id, business_day, began_at) values ($1, $2, $3) on conflict (run_id) do nothing",
    )
    .bind(run_id)
    .bind(day)
    .bind(at)
    .execute(&mut *connection)
    .await?;
    let finished = found.as_ref().ok();
    sqlx::query(
        "insert into book_audit_checks (run_id, check_name, violations, details, error, checked_at)
         values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(run_id)
    .bind(check_name)
    .bind(finished.map(|found| found.violations))
    .bind(finished.map_or(&[][..], |found| &found.details))
    .bind(found.as_ref().err())
    .bind(at)
    .execute(connection)
    .await
    .map(|_| ())
}

/// Says that all checks of an audit are kept.
pub async fn end(connection: &mut PgConnection, run_id: i64, at: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query("update book_audits set ended_at = $2 where run_id = $1 and ended_at is null")
        .bind(run_id)
        .bind(at)
        .execute(connection)
        .await
        .map(|_| ())
}

macro_rules! audits {
    ($rest:literal) => {
        concat!(
            "select a.*, c.*
             from book_audits a cross join lateral (
                 select count(violations) as checks, count(error) as unfinished,
                        coalesce(sum(violations), 0)::bigint as violations
                 from book_audit_checks where run_id = a.run_id
             ) c ",
            $rest
        )
    };
}

/// Audits by business day, the newest day first; those of one day by their time, the newest first.
///
/// # Errors
/// The database's.
pub async fn newest(connection: impl PgExecutor<'_>, limit: i64) -> sqlx::Result<Vec<BookAudit>> {
    sqlx::query_as(audits!(
        "order by a.business_day desc, a.began_at desc, a.run_id desc limit $1"
    ))
    .bind(limit)
    .fetch_all(connection)
    .await
}

/// The audit that ended last, whatever its business day: its findings are the newest there are. `None` when none has ended.
///
/// # Errors
/// The database's.
pub async fn latest_finished(connection: impl PgExecutor<'_>) -> sqlx::Result<Option<BookAudit>> {
    sqlx::query_as(audits!(
        "where a.ended_at is not null order by a.ended_at desc, a.run_id desc limit 1"
    ))
    .fetch_optional(connection)
    .await
}

/// The newest business day of which an audit has ended; `None` when none has.
///
/// # Errors
/// The database's.
pub async fn newest_audited_day(connection: impl PgExecutor<'_>) -> sqlx::Result<Option<NaiveDate>> {
    sqlx::query_scalar("select max(business_day) from book_audits where ended_at is not null")
        .fetch_one(connection)
        .await
}

/// What the checks of an audit found, in the order in which they were made.
pub async fn checks_of(connection: impl PgExecutor<'_>, run_id: i64) -> sqlx::Result<Vec<BookAuditCheck>> {
    sqlx::query_as(
        "select check_name, violations, details, error, checked_at from book_audit_checks
         where run_id = $1 order by checked_at, check_name",
    )
    .bind(run_id)
    .fetch_all(connection)
    .await
}

/// A check of an audit that found something, or could not be finished.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct AuditFinding {
    pub run_id: i64,
    #[sqlx(flatten)]
    pub check: BookAuditCheck,
}

/// What is wrong by audits, each in the order of its checks.
pub async fn findings_of(connection: impl PgExecutor<'_>, run_ids: &[i64]) -> sqlx::Result<Vec<AuditFinding>> {
    sqlx::query_as(
        "select run_id, check_name, violations, details, error, checked_at from book_audit_checks
         where run_id = any ($1) and violations is distinct from 0
         order by run_id, checked_at, check_name",
    )
    .bind(run_ids)
    .fetch_all(connection)
    .await
}

/// The names of the checks of an audit that are kept, also of those that could not be finished.
pub async fn kept(connection: impl PgExecutor<'_>, run_id: i64) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar("select check_name from book_audit_checks where run_id = $1")
        .bind(run_id)
        .fetch_all(connection)
        .await
}

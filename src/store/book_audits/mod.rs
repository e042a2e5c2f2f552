//! Audits of the books: executed checks and their findings. Rows are never changed or deleted.

use crate::store::bounded::PgConnection;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sqlx::PgExecutor;

pub mod checks;
mod distributed;
mod invitation_checks;
pub mod running;

use running::Found;

/// Audit with at least one stored check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BookAudit {
    /// Run of `audit_books` that made the audit.
    pub run_id: i64,
    /// Last day that ended before the audit.
    pub business_day: NaiveDate,
    pub began_at: DateTime<Utc>,
    /// End of the audit; `None` while it is running, or if it was aborted.
    pub ended_at: Option<DateTime<Utc>>,
    /// Number of completed checks.
    pub checks: i64,
    /// Number of checks that could not be completed.
    pub unfinished: i64,
    /// Number of violations in all checks.
    pub violations: i64,
}

/// Result of one check of an audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BookAuditCheck {
    pub check_name: String,
    /// Number of violations; `None` if the check could not be completed.
    pub violations: Option<i64>,
    /// First violations, one line each.
    pub details: Vec<String>,
    /// Error that prevented the check from completing.
    pub error: Option<String>,
    pub checked_at: DateTime<Utc>,
}

/// Result of one check.
pub enum CheckResult {
    Finished(Found),
    /// The database's message, for example about its time limit.
    Unfinished(String),
}

/// Stores the result of a check. The first result of a run creates its audit.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn keep(
    connection: &mut PgConnection,
    run_id: i64,
    day: NaiveDate,
    check_name: &str,
    result: &CheckResult,
    at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into book_audits (run_id, business_day, began_at) values ($1, $2, $3) on conflict (run_id) do nothing",
        run_id,
        day,
        at
    )
    .execute(&mut *connection)
    .await?;
    let (finished, error) = match result {
        CheckResult::Finished(found) => (Some(found), None),
        CheckResult::Unfinished(error) => (None, Some(error)),
    };
    sqlx::query!(
        "insert into book_audit_checks (run_id, check_name, violations, details, error, checked_at)
         values ($1, $2, $3, $4, $5, $6)",
        run_id,
        check_name,
        finished.map(|found| found.violations),
        finished.map_or(&[][..], |found| &found.details),
        error,
        at
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Marks an audit as completed.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn end(connection: &mut PgConnection, run_id: i64, at: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "update book_audits set ended_at = $2 where run_id = $1 and ended_at is null",
        run_id,
        at
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Checked statement that returns audits, from its condition on.
macro_rules! audit_query {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            BookAudit,
            r#"select a.run_id, a.business_day, a.began_at, a.ended_at,
                      c.checks as "checks!", c.unfinished as "unfinished!", c.violations as "violations!"
               from book_audits a cross join lateral (
                   select count(violations) as checks, count(error) as unfinished,
                          coalesce(sum(violations), 0)::bigint as violations
                   from book_audit_checks where run_id = a.run_id
               ) c "#
                + $rest
            $(, $argument)*
        )
    };
}

/// Returns audits by business day, newest day first; those of one day by time, newest first.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn newest(connection: impl PgExecutor<'_>, limit: i64) -> sqlx::Result<Vec<BookAudit>> {
    audit_query!(
        "order by a.business_day desc, a.began_at desc, a.run_id desc limit $1",
        limit
    )
    .fetch_all(connection)
    .await
}

/// Returns the audit that ended last, regardless of its business day; `None` if none has ended.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn latest_finished(connection: impl PgExecutor<'_>) -> sqlx::Result<Option<BookAudit>> {
    audit_query!("where a.ended_at is not null order by a.ended_at desc, a.run_id desc limit 1")
        .fetch_optional(connection)
        .await
}

/// Returns the newest business day with a completed audit; `None` if there is none.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn newest_audited_day(connection: impl PgExecutor<'_>) -> sqlx::Result<Option<NaiveDate>> {
    sqlx::query_scalar!("select max(business_day) from book_audits where ended_at is not null")
        .fetch_one(connection)
        .await
}

/// Returns the results of an audit, in the order of execution.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn checks_of(connection: impl PgExecutor<'_>, run_id: i64) -> sqlx::Result<Vec<BookAuditCheck>> {
    sqlx::query_as!(
        BookAuditCheck,
        "select check_name, violations, details, error, checked_at from book_audit_checks
         where run_id = $1 order by checked_at, check_name",
        run_id
    )
    .fetch_all(connection)
    .await
}

/// Check of an audit with violations, or with an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditFinding {
    pub run_id: i64,
    pub check: BookAuditCheck,
}

/// Returns the findings of audits, each in the order of its checks.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn findings_of(connection: impl PgExecutor<'_>, run_ids: &[i64]) -> sqlx::Result<Vec<AuditFinding>> {
    sqlx::query!(
        "select run_id, check_name, violations, details, error, checked_at from book_audit_checks
         where run_id = any ($1) and violations is distinct from 0
         order by run_id, checked_at, check_name",
        run_ids
    )
    .map(|row| AuditFinding {
        run_id: row.run_id,
        check: BookAuditCheck {
            check_name: row.check_name,
            violations: row.violations,
            details: row.details,
            error: row.error,
            checked_at: row.checked_at,
        },
    })
    .fetch_all(connection)
    .await
}

/// Returns the names of the stored checks of an audit, including those with an error.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn kept(connection: impl PgExecutor<'_>, run_id: i64) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!("select check_name from book_audit_checks where run_id = $1", run_id)
        .fetch_all(connection)
        .await
}

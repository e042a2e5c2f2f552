//! Queries of runs, for operators and metrics.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::PgExecutor;

/// Run as operators see it. States: QUEUED, RUNNING, SUCCEEDED, FAILED, SKIPPED, CANCELLED.
#[derive(Clone, Debug, Serialize)]
pub struct RunRow {
    pub run_id: i64,
    pub job: String,
    pub run_key: String,
    /// SCHEDULE, MANUAL or BACKFILL.
    pub origin: String,
    pub scheduled_for: DateTime<Utc>,
    pub business_day: Option<NaiveDate>,
    /// True if its batches are rolled back: the run only reports its effects.
    pub dry_run: bool,
    /// First day of the back-fill that the run belongs to.
    pub backfill_from: Option<NaiveDate>,
    /// Last day of that back-fill.
    pub backfill_to: Option<NaiveDate>,
    pub state: String,
    pub attempt: i32,
    /// Process that runs it or ran it last.
    pub lease_owner: Option<String>,
    /// By the database's clock, as is the next field.
    pub heartbeat_at: Option<DateTime<Utc>>,
    pub lease_expires_at: Option<DateTime<Utc>>,
    pub requested_by: String,
    pub reason: Option<String>,
    pub cancel_requested_at: Option<DateTime<Utc>>,
    pub cancel_requested_by: Option<String>,
    pub cancel_reason: Option<String>,
    pub progress: Option<Value>,
    pub report: Option<Value>,
    /// False for a run that succeeded and changed nothing; `None` if unknown.
    pub had_effect: Option<bool>,
    pub error: Option<String>,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
}

impl RunRow {
    /// Returns true if the run has ended.
    pub fn is_over(&self) -> bool {
        self.ended_at.is_some()
    }
}

/// Checked statement that returns runs, from its `where` on.
macro_rules! run_query {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            RunRow,
            r#"select run_id, job, run_key, origin::text as "origin!", scheduled_for, business_day, dry_run,
                      backfill_from, backfill_to, state::text as "state!", attempt, lease_owner, heartbeat_at,
                      lease_expires_at, requested_by, reason, cancel_requested_at, cancel_requested_by, cancel_reason,
                      progress, report, had_effect, error, created_at, started_at, ended_at from job_runs "#
                + $rest
            $(, $argument)*
        )
    };
}

/// Filter of a listing; all conditions must match.
#[derive(Clone, Debug, Default)]
pub struct RunFilter<'a> {
    pub job: Option<&'a str>,
    pub state: Option<&'a str>,
    pub business_day: Option<NaiveDate>,
    /// Only runs with a smaller id.
    pub below: Option<i64>,
    /// Leaves out scheduled runs that succeeded and changed nothing.
    pub only_with_effect: bool,
}

/// Returns the matching runs, newest first.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn list(connection: impl PgExecutor<'_>, filter: &RunFilter<'_>, limit: i64) -> sqlx::Result<Vec<RunRow>> {
    run_query!(
        "where ($1::text is null or job = $1) and ($2::text is null or state::text = $2)
           and ($3::date is null or business_day = $3) and ($4::bigint is null or run_id < $4)
           and (not $5 or had_effect is not false or origin <> 'SCHEDULE')
         order by run_id desc limit $6",
        filter.job,
        filter.state,
        filter.business_day,
        filter.below,
        filter.only_with_effect,
        limit
    )
    .fetch_all(connection)
    .await
}

/// Returns the newest run of each day of a back-fill, by day.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn of_backfill(
    connection: impl PgExecutor<'_>,
    job: &str,
    from: NaiveDate,
    to: NaiveDate,
) -> sqlx::Result<Vec<RunRow>> {
    run_query!(
        "where run_id in (
             select max(run_id) from job_runs
             where job = $1 and origin = 'BACKFILL' and backfill_from = $2 and backfill_to = $3 group by business_day)
         order by business_day",
        job,
        from,
        to
    )
    .fetch_all(connection)
    .await
}

/// Returns a run by its id.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn run(connection: impl PgExecutor<'_>, run_id: i64) -> sqlx::Result<Option<RunRow>> {
    run_query!("where run_id = $1", run_id).fetch_optional(connection).await
}

/// Returns the current run of a job, if there is one.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn running(connection: impl PgExecutor<'_>, job: &str) -> sqlx::Result<Option<RunRow>> {
    run_query!("where job = $1 and state = 'RUNNING'", job)
        .fetch_optional(connection)
        .await
}

/// Returns the last run of a job that was started and has ended, regardless of its result. Excludes dry runs.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn last_ended(connection: impl PgExecutor<'_>, job: &str) -> sqlx::Result<Option<RunRow>> {
    run_query!(
        "where job = $1 and state in ('SUCCEEDED', 'FAILED', 'CANCELLED') and started_at is not null and not dry_run
         order by run_id desc limit 1",
        job
    )
    .fetch_optional(connection)
    .await
}

/// Summary of a recent run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunMark {
    pub run_id: i64,
    pub state: String,
    pub had_effect: Option<bool>,
    /// Duration of the run in milliseconds.
    pub took_ms: Option<i64>,
}

/// Returns the latest ended runs of a job, oldest first, at most `limit`. Excludes dry runs.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn last_marks(connection: impl PgExecutor<'_>, job: &str, limit: i64) -> sqlx::Result<Vec<RunMark>> {
    sqlx::query_as!(
        RunMark,
        r#"select run_id, state::text as "state!", had_effect,
                  (extract(epoch from ended_at - started_at) * 1000)::bigint as took_ms
           from (select * from job_runs where job = $1 and ended_at is not null and not dry_run
                 order by run_id desc limit $2) newest
           order by run_id"#,
        job,
        limit
    )
    .fetch_all(connection)
    .await
}

/// Returns the time of the database's clock, which leases use and the machine's clock is compared with.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn database_time(connection: impl PgExecutor<'_>) -> sqlx::Result<DateTime<Utc>> {
    sqlx::query_scalar!(r#"select clock_timestamp() as "now!""#)
        .fetch_one(connection)
        .await
}

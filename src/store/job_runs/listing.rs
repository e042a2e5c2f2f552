//! What ran, for people and metrics.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::{FromRow, PgExecutor};

/// One run as ops see it. States: QUEUED, RUNNING, SUCCEEDED, FAILED, SKIPPED, CANCELLED.
#[derive(Clone, Debug, Serialize, FromRow)]
pub struct RunRow {
    pub run_id: i64,
    pub job: String,
    pub run_key: String,
    /// SCHEDULE, MANUAL or BACKFILL.
    pub origin: String,
    pub scheduled_for: DateTime<Utc>,
    pub business_day: Option<NaiveDate>,
    /// Its batches are rolled back: it tells what a run would do.
    pub dry_run: bool,
    /// The first day of the back-fill that it belongs to.
    pub backfill_from: Option<NaiveDate>,
    /// The last.
    pub backfill_to: Option<NaiveDate>,
    pub state: String,
    pub attempt: i32,
    /// The process that works on it, or did last.
    pub lease_owner: Option<String>,
    /// By the database's clock, like the next.
    pub heartbeat_at: Option<DateTime<Utc>>,
    pub lease_expires_at: Option<DateTime<Utc>>,
    pub requested_by: String,
    pub reason: Option<String>,
    pub cancel_requested_at: Option<DateTime<Utc>>,
    pub cancel_requested_by: Option<String>,
    pub cancel_reason: Option<String>,
    pub progress: Option<Value>,
    pub report: Option<Value>,
    /// False for a run that succeeded and changed nothing; `None` where that is not known.
    pub had_effect: Option<bool>,
    pub error: Option<String>,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
}

impl RunRow {
    /// Nothing will happen to it any more.
    pub fn is_over(&self) -> bool {
        self.ended_at.is_some()
    }
}

macro_rules! run_columns {
    ($rest:literal) => {
        concat!(
            "select run_id, job, run_key, origin, scheduled_for, business_day, dry_run, backfill_from,
                    backfill_to, state, attempt, lease_owner, heartbeat_at,
                    lease_expires_at, requested_by, reason, cancel_requested_at,
                    cancel_requested_by, cancel_reason,
                    progress, report, had_effect, error, created_at, started_at, ended_at from job_runs ",
            $rest
        )
    };
}

/// Which runs to list: those that fit all that is said.
#[derive(Clone, Debug, Default)]
pub struct RunFilter<'a> {
    pub job: Option<&'a str>,
    pub state: Option<&'a str>,
    pub business_day: Option<NaiveDate>,
    /// Only runs older than this one.
    pub below: Option<i64>,
    /// Leaves out scheduled runs that succeeded and changed nothing.
    pub only_with_effect: bool,
}

/// Runs that fit, newest first.
pub async fn list(connection: impl PgExecutor<'_>, filter: &RunFilter<'_>, limit: i64) -> sqlx::Result<Vec<RunRow>> {
    sqlx::query_as(run_columns!(
        "where ($1::text is null or job = $1) and ($2::text is null or state = $2)
           and ($3::date is null or business_day = $3) and ($4::bigint is null or run_id < $4)
           and (not $5 or had_effect is not false or origin <> 'SCHEDULE')
         order by run_id desc limit $6"
    ))
    .bind(filter.job)
    .bind(filter.state)
    .bind(filter.business_day)
    .bind(filter.below)
    .bind(filter.only_with_effect)
    .bind(limit)
    .fetch_all(connection)
    .await
}

/// The newest run of each day of a back-fill, by day.
pub async fn of_backfill(
    connection: impl PgExecutor<'_>,
    job: &str,
    from: NaiveDate,
    to: NaiveDate,
) -> sqlx::Result<Vec<RunRow>> {
    sqlx::query_as(run_columns!(
        "where run_id in (
             select max(run_id) from job_runs
             where job = $1 and origin = 'BACKFILL' and backfill_from = $2 and backfill_to = $3 group by business_day)
         order by business_day"
    ))
    .bind(job)
    .bind(from)
    .bind(to)
    .fetch_all(connection)
    .await
}

/// One run.
pub async fn run(connection: impl PgExecutor<'_>, run_id: i64) -> sqlx::Result<Option<RunRow>> {
    sqlx::query_as(run_columns!("where run_id = $1"))
        .bind(run_id)
        .fetch_optional(connection)
        .await
}

/// The run of a job that is going on, if any.
pub async fn running(connection: impl PgExecutor<'_>, job: &str) -> sqlx::Result<Option<RunRow>> {
    sqlx::query_as(run_columns!("where job = $1 and state = 'RUNNING'"))
        .bind(job)
        .fetch_optional(connection)
        .await
}

/// Returns the last run of a job that was started and is over, whatever came of it; dry runs are left out.
///
/// # Errors
/// When the database fails.
pub async fn last_ended(connection: impl PgExecutor<'_>, job: &str) -> sqlx::Result<Option<RunRow>> {
    sqlx::query_as(run_columns!(
        "where job = $1 and state in ('SUCCEEDED', 'FAILED', 'CANCELLED') and started_at is not null and not dry_run order by run_id desc limit 1"
    ))
    .bind(job)
    .fetch_optional(connection)
    .await
}

/// One of the last runs of a job, in short.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct RunMark {
    pub run_id: i64,
    pub state: String,
    pub had_effect: Option<bool>,
    /// Milliseconds from its start to its end.
    pub took_ms: Option<i64>,
}

/// Returns the last runs of a job that are over, the oldest first, at most `limit`; dry runs are left out.
///
/// # Errors
/// When the database fails.
pub async fn last_marks(connection: impl PgExecutor<'_>, job: &str, limit: i64) -> sqlx::Result<Vec<RunMark>> {
    sqlx::query_as(
        "select run_id, state, had_effect, (extract(epoch from ended_at - started_at) * 1000)::bigint as took_ms
         from (select * from job_runs where job = $1 and ended_at is not null and not dry_run
               order by run_id desc limit $2) newest
         order by run_id",
    )
    .bind(job)
    .bind(limit)
    .fetch_all(connection)
    .await
}

/// What the database's clock shows: leases go by it, and the machine's clock is compared with it.
pub async fn database_time(connection: impl PgExecutor<'_>) -> sqlx::Result<DateTime<Utc>> {
    sqlx::query_scalar("select clock_timestamp()")
        .fetch_one(connection)
        .await
}

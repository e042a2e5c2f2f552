//! Requested runs: single ones, and back-fills of a range of days.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgExecutor;

/// Request for a single run.
#[derive(Clone, Copy, Debug)]
pub struct ManualRun<'a> {
    pub job: &'a str,
    /// Unique key, `manual:<uuid>`: a repeated request creates one run.
    pub run_key: &'a str,
    /// Day jobs only.
    pub business_day: Option<NaiveDate>,
    pub dry_run: bool,
    pub requested_by: &'a str,
    pub reason: Option<&'a str>,
    pub at: DateTime<Utc>,
}

/// Queues a run and returns its id.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn insert_manual(connection: impl PgExecutor<'_>, run: &ManualRun<'_>) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        "insert into job_runs (job, run_key, origin, scheduled_for, business_day, dry_run, requested_by, reason,
                               created_at)
         values ($1, $2, 'MANUAL', $3, $4, $5, $6, $7, $3)
         on conflict (job, run_key) do update set run_key = excluded.run_key returning run_id",
        run.job,
        run.run_key,
        run.at,
        run.business_day,
        run.dry_run,
        run.requested_by,
        run.reason
    )
    .fetch_one(connection)
    .await
}

/// Request for a back-fill of a range of days, both ends included.
#[derive(Clone, Copy, Debug)]
pub struct BackfillRuns<'a> {
    pub job: &'a str,
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// Distinguishes the rows of this request from those of earlier ones.
    pub request: &'a str,
    pub requested_by: &'a str,
    pub reason: Option<&'a str>,
    pub at: DateTime<Utc>,
}

/// Queues the days of a range that no run of the same back-fill has completed or is to run, oldest first. Returns
/// their number.
///
/// A day that failed or was cancelled gets a new run: a repeated request resumes an interrupted back-fill.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn insert_backfill(connection: impl PgExecutor<'_>, runs: &BackfillRuns<'_>) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "insert into job_runs (job, run_key, origin, scheduled_for, business_day, backfill_from, backfill_to,
                               requested_by, reason, created_at)
         select $1, format('backfill:%s:%s', $4::text, day::date), 'BACKFILL', $7, day::date, $2, $3, $5, $6, $7
         from generate_series($2::date::timestamp, $3::date::timestamp, interval '1 day') day
         order by day
         on conflict do nothing",
        runs.job,
        runs.from,
        runs.to,
        runs.request,
        runs.requested_by,
        runs.reason,
        runs.at
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

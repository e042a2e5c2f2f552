//! Recording of due times: once, even if several replicas do it at the same time.

use crate::store::bounded::PgConnection;
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgExecutor;

use super::NewRun;

/// Scheduling state of a job.
#[derive(Clone, Debug)]
pub struct JobRow {
    pub job: String,
    /// All due times up to this one are recorded.
    pub scheduled_through: DateTime<Utc>,
    pub paused_at: Option<DateTime<Utc>>,
    pub paused_by: Option<String>,
    pub pause_reason: Option<String>,
}

/// Registers a job; its due times count from `now`. A registered job is left unchanged.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn register(connection: impl PgExecutor<'_>, job: &str, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into jobs (job, scheduled_through, created_at) values ($1, $2, $2) on conflict (job) do nothing",
        job,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Reads a job without locking it.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn job(connection: impl PgExecutor<'_>, job: &str) -> sqlx::Result<Option<JobRow>> {
    sqlx::query_as!(
        JobRow,
        "select job, scheduled_through, paused_at, paused_by, pause_reason from jobs where job = $1",
        job
    )
    .fetch_optional(connection)
    .await
}

/// Reads and locks a job. Returns `None` while another replica holds it, which then records the same due times.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn lock_job(connection: &mut PgConnection, job: &str) -> sqlx::Result<Option<JobRow>> {
    sqlx::query_as!(
        JobRow,
        "select job, scheduled_through, paused_at, paused_by, pause_reason from jobs where job = $1
         for update skip locked",
        job
    )
    .fetch_optional(connection)
    .await
}

/// Records due times and advances `scheduled_through` to the last of them. The caller holds the job by [`lock_job`].
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn insert_due(
    connection: &mut PgConnection,
    job: &str,
    runs: &[NewRun],
    through: DateTime<Utc>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let keys: Vec<&str> = runs.iter().map(|run| run.run_key.as_str()).collect();
    let times: Vec<DateTime<Utc>> = runs.iter().map(|run| run.scheduled_for).collect();
    let days: Vec<Option<NaiveDate>> = runs.iter().map(|run| run.business_day).collect();
    let reasons: Vec<Option<&str>> = runs.iter().map(|run| run.skipped_because.as_deref()).collect();
    sqlx::query!(
        "insert into job_runs (job, run_key, origin, scheduled_for, business_day, state, requested_by, reason,
                               created_at, ended_at)
         select $1, run_key, 'SCHEDULE', scheduled_for, business_day,
                case when skipped_because is null then 'QUEUED' else 'SKIPPED' end::run_state, 'schedule',
                skipped_because, $6::timestamptz,
                case when skipped_because is not null then $6 end
         from unnest($2::text[], $3::timestamptz[], $4::date[], $5::text[])
              as due (run_key, scheduled_for, business_day, skipped_because)
         on conflict (job, run_key) do nothing",
        job,
        keys as _,
        &times[..],
        days as _,
        reasons as _,
        now
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "update jobs set scheduled_through = greatest(scheduled_through, $2) where job = $1",
        job,
        through
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Sets the instant up to which due times are recorded. The caller holds the job by [`lock_job`].
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn set_scheduled_through(
    connection: &mut PgConnection,
    job: &str,
    through: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!("update jobs set scheduled_through = $2 where job = $1", job, through)
        .execute(connection)
        .await
        .map(|_| ())
}

/// Skips queued due times that are superseded by a later queued one. Runs that were started before stay queued.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn skip_all_but_latest(connection: &mut PgConnection, job: &str, now: DateTime<Utc>) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "update job_runs set state = 'SKIPPED', ended_at = $2,
                reason = 'a later due time took its place before this one was begun'
         where job = $1 and state = 'QUEUED' and origin = 'SCHEDULE' and started_at is null
           and scheduled_for < (select max(scheduled_for) from job_runs
                                where job = $1 and state = 'QUEUED' and origin = 'SCHEDULE' and scheduled_for <= $2)",
        job,
        now
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// Returns the oldest recorded due time of a job whose run has not ended; `None` if there is none.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn oldest_unfinished(connection: impl PgExecutor<'_>, job: &str) -> sqlx::Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar!(
        "select min(scheduled_for) from job_runs
         where job = $1 and state in ('QUEUED', 'RUNNING') and origin = 'SCHEDULE'",
        job
    )
    .fetch_one(connection)
    .await
}

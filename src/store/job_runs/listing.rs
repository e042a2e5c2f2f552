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
    pub progress: Option<Value>,
    pub report: Option<Value>,
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
            "select run_id, job, run_key, origin, scheduled_for, business_day, state, attempt, lease_owner, heartbeat_at,
                    lease_expires_at, requested_by, reason, cancel_requested_at,
                    cancel_requested_by,
                    progress, report, error, created_at, started_at, ended_at from job_runs ",
            $rest
        )
    };
}

/// The newest runs, newest first; of one job, or of all.
pub async fn history(connection: impl PgExecutor<'_>, job: Option<&str>, limit: i64) -> sqlx::Result<Vec<RunRow>> {
    sqlx::query_as(run_columns!(
        "where $1::text is null or job = $1 order by run_id desc limit $2"
    ))
    .bind(job)
    .bind(limit)
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

/// The last run of a job that ended other than by being skipped.
pub async fn last_ended(connection: impl PgExecutor<'_>, job: &str) -> sqlx::Result<Option<RunRow>> {
    sqlx::query_as(run_columns!(
        "where job = $1 and state in ('SUCCEEDED', 'FAILED') order by run_id desc limit 1"
    ))
    .bind(job)
    .fetch_optional(connection)
    .await
}

/// What the database's clock shows: leases go by it, and the machine's clock is compared with it.
pub async fn database_time(connection: impl PgExecutor<'_>) -> sqlx::Result<DateTime<Utc>> {
    sqlx::query_scalar("select clock_timestamp()")
        .fetch_one(connection)
        .await
}

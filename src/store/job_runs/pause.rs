//! Pausing and resuming of jobs.

use crate::store::bounded::PgConnection;
use chrono::{DateTime, Utc};

use super::due::JobRow;

/// Reads and locks a registered job, waiting for other transactions that hold it.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn lock(connection: &mut PgConnection, job: &str) -> sqlx::Result<JobRow> {
    sqlx::query_as!(
        JobRow,
        "select job, scheduled_through, paused_at, paused_by, pause_reason from jobs where job = $1 for update",
        job
    )
    .fetch_one(connection)
    .await
}

/// Pauses a job that the caller holds by [`lock`].
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn pause(
    connection: &mut PgConnection,
    job: &str,
    by: &str,
    reason: &str,
    at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update jobs set paused_at = $2, paused_by = $3, pause_reason = $4 where job = $1",
        job,
        at,
        by,
        reason
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Resumes a job that the caller holds by [`lock`]. Its catch-up policy decides about missed due times.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn resume(connection: &mut PgConnection, job: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update jobs set paused_at = null, paused_by = null, pause_reason = null where job = $1",
        job
    )
    .execute(connection)
    .await
    .map(|_| ())
}

//! Cancellation of runs. A queued run ends at once; a running one is notified by its fence or heartbeat.

use std::time::Duration;

use crate::store::bounded::PgConnection;
use chrono::{DateTime, Utc};

/// State of a run before its cancellation.
#[derive(Clone, Debug)]
pub struct Cancellable {
    pub job: String,
    pub state: String,
    pub cancel_requested_by: Option<String>,
}

/// Reads and locks a run, waiting for its current batch. Returns `None` if there is no such run.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn lock(connection: &mut PgConnection, run_id: i64) -> sqlx::Result<Option<Cancellable>> {
    // A batch may take as long as its statements may, which exceeds the pool's lock timeout.
    sqlx::query!(
        r#"select set_config('lock_timeout', '20s', true) as lock,
                  set_config('statement_timeout', '25s', true) as statement"#
    )
    .fetch_one(&mut *connection)
    .await?;
    connection.allow_statements_of(Duration::from_secs(25));
    sqlx::query_as!(
        Cancellable,
        r#"select job, state::text as "state!", cancel_requested_by from job_runs where run_id = $1 for update"#,
        run_id
    )
    .fetch_optional(connection)
    .await
}

/// Returns the unfinished runs of the back-fill that a run belongs to; none if it belongs to no back-fill.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn rest_of_backfill(connection: &mut PgConnection, run_id: i64) -> sqlx::Result<Vec<i64>> {
    sqlx::query_scalar!(
        "select r.run_id from job_runs r
         join job_runs named
           on (named.job, named.backfill_from, named.backfill_to) = (r.job, r.backfill_from, r.backfill_to)
         where named.run_id = $1 and r.origin = 'BACKFILL' and r.state in ('QUEUED', 'RUNNING')",
        run_id
    )
    .fetch_all(connection)
    .await
}

/// Cancels queued runs, and requests running ones to stop. Returns the ids and states of the runs it changed. An
/// earlier request stays in force.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn request(
    connection: &mut PgConnection,
    run_ids: &[i64],
    by: &str,
    reason: Option<&str>,
    at: DateTime<Utc>,
) -> sqlx::Result<Vec<(i64, String)>> {
    sqlx::query!(
        r#"update job_runs set
                  state = case when state = 'QUEUED' then 'CANCELLED' else state end,
                  ended_at = case when state = 'QUEUED' then $3::timestamptz end,
                  cancel_requested_by = $2, cancel_requested_at = $3, cancel_reason = $4
           where run_id = any($1) and state in ('QUEUED', 'RUNNING') and cancel_requested_at is null
           returning run_id, state::text as "state!""#,
        run_ids,
        by,
        at,
        reason
    )
    .map(|row| (row.run_id, row.state))
    .fetch_all(connection)
    .await
}

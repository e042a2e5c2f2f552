//! Requests to cancel runs. A queued run is over at once; a running one learns of it by its fence or heartbeat.

use std::time::Duration;

use crate::store::bounded::PgConnection;
use chrono::{DateTime, Utc};
use sqlx::FromRow;

/// A run as a canceller finds it.
#[derive(Clone, Debug, FromRow)]
pub struct Cancellable {
    pub job: String,
    pub state: String,
    pub cancel_requested_by: Option<String>,
}

/// Reads and locks a run, waiting for the batch that is being worked on. `None`: there is no such run.
pub async fn lock(connection: &mut PgConnection, run_id: i64) -> sqlx::Result<Option<Cancellable>> {
    // A batch may take as long as a statement of it may, which is longer than the pool lets others wait.
    sqlx::query("select set_config('lock_timeout', '20s', true), set_config('statement_timeout', '25s', true)")
        .execute(&mut *connection)
        .await?;
    connection.allow_statements_of(Duration::from_secs(25));
    sqlx::query_as("select job, state, cancel_requested_by from job_runs where run_id = $1 for update")
        .bind(run_id)
        .fetch_optional(connection)
        .await
}

/// The runs of the back-fill that a run belongs to that are not over; none when it belongs to none.
pub async fn rest_of_backfill(connection: &mut PgConnection, run_id: i64) -> sqlx::Result<Vec<i64>> {
    sqlx::query_scalar(
        "select r.run_id from job_runs r
         join job_runs named on (named.job, named.backfill_from, named.backfill_to) = (r.job, r.backfill_from, r.backfill_to)
         where named.run_id = $1 and r.origin = 'BACKFILL' and r.state in ('QUEUED', 'RUNNING')",
    )
    .bind(run_id)
    .fetch_all(connection)
    .await
}

/// Cancels runs that are queued, and asks those that are running to stop; returns the ids and states of those that it
/// changed. A request that was made before stands.
pub async fn request(
    connection: &mut PgConnection,
    run_ids: &[i64],
    by: &str,
    reason: Option<&str>,
    at: DateTime<Utc>,
) -> sqlx::Result<Vec<(i64, String)>> {
    sqlx::query_as(
        "update job_runs set
                state = case when state = 'QUEUED' then 'CANCELLED' else state end,
                ended_at = case when state = 'QUEUED' then $3 end,
                cancel_requested_by = $2, cancel_requested_at = $3, cancel_reason = $4
         where run_id = any($1) and state in ('QUEUED', 'RUNNING') and cancel_requested_at is null
         returning run_id, state",
    )
    .bind(run_ids)
    .bind(by)
    .bind(at)
    .bind(reason)
    .fetch_all(connection)
    .await
}

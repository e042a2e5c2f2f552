//! The lease of a run: heartbeat, fence, progress, and the end of the run.

use std::time::Duration;

use crate::store::bounded::PgConnection;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgExecutor;
use sqlx::postgres::types::PgInterval;

use super::{Lease, LeaseLost};

/// Result of renewing a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseStatus {
    Held,
    /// Held, and cancellation was requested: no further batch may start.
    Cancelled,
    /// Another process holds the run, or it has ended.
    Lost,
}

/// Outcome of a run: it ends, or is requeued. The last two variants end a run whose cancellation was requested.
#[derive(Clone, Debug)]
pub enum RunEnd {
    /// `had_effect` is false if the run changed and checked nothing.
    Succeeded {
        report: Value,
        had_effect: bool,
    },
    Failed(String),
    /// Stopped between two batches by a shutdown: requeued, and the attempt does not count.
    Interrupted,
    /// Lost its database connection: requeued, and the attempt counts.
    Retry(String),
}

pub(super) fn interval(time: Duration) -> PgInterval {
    PgInterval {
        months: 0,
        days: 0,
        microseconds: i64::try_from(time.as_micros()).expect("a lease lasts minutes"),
    }
}

/// First statement of every batch: renews the lease and locks its row until the batch commits. Returns true if
/// cancellation was requested.
///
/// # Errors
/// Returns [`LeaseLost`] if another process holds the lease or it has expired, even if it was not taken over: a
/// process that was suspended must not commit. Returns an error if the database query fails.
pub async fn fence(connection: &mut PgConnection, lease: &Lease) -> anyhow::Result<bool> {
    let cancel_requested = sqlx::query_scalar!(
        r#"update job_runs set heartbeat_at = clock_timestamp(), lease_expires_at = clock_timestamp() + $3
           where run_id = $1 and lease_token = $2 and state = 'RUNNING' and lease_expires_at > clock_timestamp()
           returning cancel_requested_at is not null as "cancel_requested!""#,
        lease.run_id,
        lease.token,
        interval(lease.duration)
    )
    .fetch_optional(connection)
    .await?;
    cancel_requested.ok_or_else(|| lost(lease))
}

/// Last statement of every batch: saves its progress, unless the lease expired during the batch.
///
/// # Errors
/// Returns the errors of [`fence`].
pub async fn save_progress(connection: &mut PgConnection, lease: &Lease, progress: &Value) -> anyhow::Result<()> {
    let saved = sqlx::query!(
        "update job_runs set progress = $3
         where run_id = $1 and lease_token = $2 and state = 'RUNNING' and lease_expires_at > clock_timestamp()",
        lease.run_id,
        lease.token,
        progress
    )
    .execute(connection)
    .await?;
    match saved.rows_affected() {
        0 => Err(lost(lease)),
        _ => Ok(()),
    }
}

fn lost(lease: &Lease) -> anyhow::Error {
    LeaseLost { run_id: lease.run_id }.into()
}

/// Renews the lease between batches. An expired lease is never revived.
///
/// While a batch holds the row, its fence has renewed the lease and no process can take the run over, so the
/// heartbeat skips it. An expired lease that was not taken over is reported as held: the next fence rejects it.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn heartbeat(connection: impl PgExecutor<'_>, lease: &Lease) -> sqlx::Result<LeaseStatus> {
    let cancel_requested = sqlx::query_scalar!(
        r#"with free as (
               select run_id from job_runs
               where run_id = $1 and lease_token = $2 and state = 'RUNNING' and lease_expires_at > clock_timestamp()
               for update skip locked
           ), renewed as (
               update job_runs r set heartbeat_at = clock_timestamp(), lease_expires_at = clock_timestamp() + $3
               from free where r.run_id = free.run_id
           )
           select cancel_requested_at is not null as "cancel_requested!" from job_runs
           where run_id = $1 and lease_token = $2 and state = 'RUNNING'"#,
        lease.run_id,
        lease.token,
        interval(lease.duration)
    )
    .fetch_optional(connection)
    .await?;
    Ok(match cancel_requested {
        Some(false) => LeaseStatus::Held,
        Some(true) => LeaseStatus::Cancelled,
        None => LeaseStatus::Lost,
    })
}

/// Ends the run or requeues it, and returns its new state; `None` if the lease was lost, so that another process
/// decides.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn end(
    connection: impl PgExecutor<'_>,
    lease: &Lease,
    ending: &RunEnd,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<String>> {
    let (state, report, had_effect, error, attempts_back) = match ending {
        RunEnd::Succeeded { report, had_effect } => ("SUCCEEDED", Some(report), Some(had_effect), None, 0),
        RunEnd::Failed(error) => ("FAILED", None, None, Some(error), 0),
        RunEnd::Interrupted => ("QUEUED", None, None, None, 1),
        RunEnd::Retry(error) => ("QUEUED", None, None, Some(error), 0),
    };
    // The update locks the row, so no cancellation request can intervene.
    sqlx::query_scalar!(
        r#"update job_runs set
                state = case when $3::text::run_state = 'QUEUED' and cancel_requested_at is not null
                             then 'CANCELLED' else $3::text::run_state end,
                ended_at = case when $3::text::run_state <> 'QUEUED' or cancel_requested_at is not null
                                then $7::timestamptz end,
                report = $4, error = $5, had_effect = $8,
                attempt = case when $3::text::run_state = 'QUEUED' and cancel_requested_at is not null
                               then attempt else attempt - $6 end,
                lease_token = null, lease_expires_at = null
         where run_id = $1 and lease_token = $2 and state = 'RUNNING'
         returning state::text as "state!""#,
        lease.run_id,
        lease.token,
        state,
        report,
        error,
        attempts_back,
        now,
        had_effect
    )
    .fetch_optional(connection)
    .await
}

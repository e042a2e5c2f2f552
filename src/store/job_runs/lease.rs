//! Holding a run: heartbeat, fence, progress, and the ways a run ends.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::postgres::types::PgInterval;
use sqlx::{PgConnection, PgExecutor};

use super::{Lease, LeaseLost};

/// The run is over, or goes back into the queue.
#[derive(Clone, Debug)]
pub enum Ending {
    Succeeded(Value),
    Failed(String),
    /// Stopped in peace between two batches: queued again, and the attempt does not count.
    Interrupted,
    /// Lost its database on the way: queued again, and the attempt counts.
    Retry(String),
}

pub(super) fn interval(time: Duration) -> PgInterval {
    PgInterval {
        months: 0,
        days: 0,
        microseconds: i64::try_from(time.as_micros()).expect("leases are minutes long, not millennia"),
    }
}

/// The first statement of every batch: renews the lease and holds its row until the batch commits.
///
/// # Errors
/// [`LeaseLost`] when the lease is no longer ours, also when it expired and nobody took it: who slept commits nothing.
pub async fn fence(connection: &mut PgConnection, lease: &Lease) -> anyhow::Result<()> {
    let renewed = sqlx::query(
        "update job_runs set heartbeat_at = clock_timestamp(), lease_expires_at = clock_timestamp() + $3
         where run_id = $1 and lease_token = $2 and state = 'RUNNING' and lease_expires_at > clock_timestamp()",
    )
    .bind(lease.run_id)
    .bind(lease.token)
    .bind(interval(lease.duration))
    .execute(connection)
    .await?;
    still_ours(lease, renewed.rows_affected())
}

/// The last statement of every batch: saves its progress, unless the lease expired while the batch was worked on.
///
/// # Errors
/// [`LeaseLost`] like [`fence`].
pub async fn save_progress(connection: &mut PgConnection, lease: &Lease, progress: &Value) -> anyhow::Result<()> {
    let saved = sqlx::query(
        "update job_runs set progress = $3
         where run_id = $1 and lease_token = $2 and state = 'RUNNING' and lease_expires_at > clock_timestamp()",
    )
    .bind(lease.run_id)
    .bind(lease.token)
    .bind(progress)
    .execute(connection)
    .await?;
    still_ours(lease, saved.rows_affected())
}

fn still_ours(lease: &Lease, rows: u64) -> anyhow::Result<()> {
    match rows {
        0 => Err(LeaseLost { run_id: lease.run_id }.into()),
        _ => Ok(()),
    }
}

/// Renews the lease between batches; `false` when another process has the run. An expired lease is never revived.
///
/// While a batch holds the row there is nothing to renew (its fence did) and nobody can take the run over, so the
/// heartbeat passes it by. A lease that expired untaken counts as ours here: the next fence refuses it.
pub async fn heartbeat(connection: impl PgExecutor<'_>, lease: &Lease) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "with free as (
             select run_id from job_runs
             where run_id = $1 and lease_token = $2 and state = 'RUNNING' and lease_expires_at > clock_timestamp()
             for update skip locked
         ), renewed as (
             update job_runs r set heartbeat_at = clock_timestamp(), lease_expires_at = clock_timestamp() + $3
             from free where r.run_id = free.run_id
         )
         select exists (select from job_runs where run_id = $1 and lease_token = $2 and state = 'RUNNING')",
    )
    .bind(lease.run_id)
    .bind(lease.token)
    .bind(interval(lease.duration))
    .fetch_one(connection)
    .await
}

/// Ends the run or puts it back; `false` when the lease was lost, so that another process decides.
pub async fn end(
    connection: impl PgExecutor<'_>,
    lease: &Lease,
    ending: &Ending,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let (state, over, report, error, attempts_back) = match ending {
        Ending::Succeeded(report) => ("SUCCEEDED", true, Some(report), None, 0),
        Ending::Failed(error) => ("FAILED", true, None, Some(error), 0),
        Ending::Interrupted => ("QUEUED", false, None, None, 1),
        Ending::Retry(error) => ("QUEUED", false, None, Some(error), 0),
    };
    let ended = sqlx::query(
        "update job_runs set state = $3, ended_at = case when $4 then $8 end, report = $5, error = $6,
                attempt = attempt - $7, lease_token = null, lease_expires_at = null
         where run_id = $1 and lease_token = $2 and state = 'RUNNING'",
    )
    .bind(lease.run_id)
    .bind(lease.token)
    .bind(state)
    .bind(over)
    .bind(report)
    .bind(error)
    .bind(attempts_back)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(ended.rows_affected() == 1)
}

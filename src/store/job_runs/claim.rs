//! Claiming a run: the oldest queued one, after abandoned runs are requeued.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use super::lease::interval;
use super::{ClaimedRun, Lease};

/// Queued runs that a claim may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claimable {
    /// Any run of the job, while it is not paused.
    Everything,
    /// Only requested runs: the job is paused or disabled.
    Requested,
    /// One specific run.
    Run(i64),
}

/// Run whose process stopped sending heartbeats, with its new state.
#[derive(Clone, Debug)]
pub struct Abandoned {
    pub run_id: i64,
    pub lease_owner: Option<String>,
    pub attempt: i32,
    /// `QUEUED` to be run again, `FAILED` after too many attempts, `CANCELLED` if cancellation was requested.
    pub state: String,
}

/// Requeues runs of `job` whose lease expired, or ends them: after `max_attempts`, or if cancellation was requested.
///
/// Skips a locked row: its holder is processing a batch, and is therefore alive.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn requeue_abandoned(
    connection: impl PgExecutor<'_>,
    job: &str,
    max_attempts: i32,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<Abandoned>> {
    sqlx::query_as!(
        Abandoned,
        r#"with silent as (
               select run_id, lease_owner,
                      case when cancel_requested_at is not null then 'CANCELLED'
                           when attempt >= $2 then 'FAILED'
                           else 'QUEUED' end::run_state as becomes
               from job_runs
               where job = $1 and state = 'RUNNING'
                 -- A heartbeat in the future predates a clock that was set back: a live process would have renewed it.
                 and (lease_expires_at <= clock_timestamp() or heartbeat_at > clock_timestamp() + interval '1 minute')
               for update skip locked
           )
           update job_runs r set
               state = becomes, ended_at = case when becomes <> 'QUEUED' then $3::timestamptz end,
               error = format('attempt %s: its process %s fell silent past its lease', r.attempt, silent.lease_owner),
               lease_owner = null, lease_token = null, lease_expires_at = null
           from silent where r.run_id = silent.run_id
           returning r.run_id, silent.lease_owner, r.attempt, r.state::text as "state!""#,
        job,
        max_attempts,
        now
    )
    .fetch_all(connection)
    .await
}

/// Claims the oldest eligible run of `job`; runs of back-fills, which may be many, come last. Returns `None` if there
/// is none, or if a run of the job is already running.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn claim(
    connection: impl PgExecutor<'_>,
    job: &str,
    which: Claimable,
    owner: &str,
    duration: Duration,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<ClaimedRun>> {
    let token = Uuid::new_v4();
    let (run_id, requested_only) = match which {
        Claimable::Everything => (None, false),
        Claimable::Requested => (None, true),
        Claimable::Run(run_id) => (Some(run_id), false),
    };
    // The partial unique index decides. The check avoids unique violations in the database's log.
    let claimed = sqlx::query!(
        r#"with next as (
               select run_id from job_runs r
               where job = $1 and state = 'QUEUED'
                 and ($5::bigint is null or run_id = $5)
                 and (not $6 or origin <> 'SCHEDULE')
                 -- Skips runs that are not due yet: recorded while the clock was ahead, or before their day can be
                 -- processed.
                 -- due later.
                 and (origin <> 'SCHEDULE' or scheduled_for <= $7)
                 and not exists (select 1 from job_runs where job = $1 and state = 'RUNNING')
               order by origin = 'BACKFILL', scheduled_for, run_id
               limit 1 for update skip locked
           )
           update job_runs r set state = 'RUNNING', attempt = attempt + 1, lease_owner = $2, lease_token = $3,
                  lease_expires_at = clock_timestamp() + $4, heartbeat_at = clock_timestamp(),
                  started_at = coalesce(started_at, $7)
           from next where r.run_id = next.run_id
           returning r.run_id, r.scheduled_for, r.business_day, r.origin::text as "origin!", r.dry_run, r.attempt,
                     r.progress"#,
        job,
        owner,
        token,
        interval(duration),
        run_id,
        requested_only,
        now
    )
    .fetch_optional(connection)
    .await;
    match claimed {
        Ok(None) => Ok(None),
        Ok(Some(row)) => Ok(Some(ClaimedRun {
            lease: Lease {
                run_id: row.run_id,
                token,
                duration,
            },
            scheduled_for: row.scheduled_for,
            business_day: row.business_day,
            origin: row.origin,
            dry_run: row.dry_run,
            attempt: row.attempt,
            progress: row.progress,
        })),
        Err(error) if is_unique_violation(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_unique_violation(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .is_some_and(|error| error.is_unique_violation())
}

//! Deletion of old history: job runs, results of task reports, tries, and audit log entries that record no change.
//!
//! A sweep. Awards, ledger entries, business days, audits and changes in the audit log are never deleted. Daily
//! counters are deleted by `close_day`, and session keys by `expire_due`.

use crate::store::bounded::PgConnection;
use chrono::{DateTime, TimeDelta, Utc};

use super::walk::{Counts, Walk, walk};
use crate::service::job::{JobContext, JobEnd};
use crate::store::audit_log;
use crate::store::job_runs::prune;
use crate::store::task_requests::{self, RequestAge};
use crate::store::tries::{self, TriesKey};
use crate::store::walk::BatchResult;

/// Retention of job runs. A job that runs every minute has 130,000 runs in 90 days.
const RUNS_KEPT: TimeDelta = TimeDelta::days(90);
/// Minimum number of runs kept per job regardless of age, so that a job that rarely runs still has a history.
const RUNS_SPARED: i64 = 100;
/// Retention of task reports. Host applications repeat a report for days at most; 400 days also cover one restored from
/// last year's backup. After that, a repeated report is treated as new, but most still earn nothing: their time is too
/// long ago, and awards that are paid once, or once per key, exist already. Only a daily task without a time would be
/// paid again.
const TASK_REPORTS_KEPT: TimeDelta = TimeDelta::days(400);
/// Retention of tries. Locks are reset after a day without another, so 30 days lose nothing that is still needed.
const TRIES_KEPT: TimeDelta = TimeDelta::days(30);

/// Retention of audit log entries about reads of personal data and reports of tasks: more than a year, so that a yearly
/// review sees all of them. Entries about changes are kept permanently.
const READS_KEPT: TimeDelta = TimeDelta::days(400);

/// Deletes everything beyond its retention at the current time. The report has counts by kind.
///
/// # Errors
/// If the lease is lost or the database fails.
pub async fn prune_history(job: JobContext) -> anyhow::Result<JobEnd> {
    let now = job.clock.now();
    let mut counts = Counts::resume(job.progress.as_ref())?;
    for name in prune::job_names(&job.pool).await? {
        if !walk(&job, &mut counts, "job_runs", &Runs { job: name, now }).await? {
            return Ok(JobEnd::Interrupted);
        }
    }
    let all = walk(&job, &mut counts, "task_requests", &TaskRequests { now }).await?
        && walk(&job, &mut counts, "tries", &Tries { now }).await?
        && walk(&job, &mut counts, "audit_log", &Reads { now }).await?;
    Ok(if all {
        JobEnd::Done(counts.to_json())
    } else {
        JobEnd::Interrupted
    })
}

/// Runs of one job.
struct Runs {
    job: String,
    now: DateTime<Utc>,
}

impl Walk for Runs {
    type Key = i64;

    async fn batch(
        &self,
        connection: &mut PgConnection,
        after: Option<i64>,
        limit: i64,
    ) -> sqlx::Result<BatchResult<i64>> {
        let before = self.now - RUNS_KEPT;
        prune::prune(connection, &self.job, after, before, RUNS_SPARED, limit).await
    }
}

struct TaskRequests {
    now: DateTime<Utc>,
}

impl Walk for TaskRequests {
    type Key = RequestAge;

    async fn batch(
        &self,
        connection: &mut PgConnection,
        after: Option<RequestAge>,
        limit: i64,
    ) -> sqlx::Result<BatchResult<RequestAge>> {
        task_requests::prune(connection, after, self.now - TASK_REPORTS_KEPT, limit).await
    }
}

struct Tries {
    now: DateTime<Utc>,
}

impl Walk for Tries {
    type Key = TriesKey;

    async fn batch(
        &self,
        connection: &mut PgConnection,
        after: Option<TriesKey>,
        limit: i64,
    ) -> sqlx::Result<BatchResult<TriesKey>> {
        tries::prune(connection, after, self.now - TRIES_KEPT, limit).await
    }
}

/// Audit log entries that record no change.
struct Reads {
    now: DateTime<Utc>,
}

impl Walk for Reads {
    type Key = i64;

    async fn batch(
        &self,
        connection: &mut PgConnection,
        after: Option<i64>,
        limit: i64,
    ) -> sqlx::Result<BatchResult<i64>> {
        audit_log::prune(connection, after, self.now - READS_KEPT, limit).await
    }
}

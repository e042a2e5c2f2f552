//! Deletes history that nobody needs any more: job runs, answers to task reports, tries, and entries of the audit log that record no
//! change.
//!
//! A sweep. Awards, ledger entries, business days, audits and changes in the audit log are never deleted; daily
//! counters go with the closing of days, and session keys with what is over.

use crate::store::bounded::PgConnection;
use chrono::{DateTime, TimeDelta, Utc};

use super::walk::{Counts, Walk, walk};
use crate::service::job::{JobContext, JobEnd};
use crate::store::audit_log;
use crate::store::job_runs::prune;
use crate::store::task_requests::{self, RequestAge};
use crate::store::tries::{self, TriesKey};
use crate::store::walk::BatchResult;

/// A quarter of a year answers "since when is this job failing"; a job of every minute has 130,000 runs in it.
const RUNS_KEPT: TimeDelta = TimeDelta::days(90);
/// So many runs of each job are kept however old they are, so that a job that seldom runs still has a history.
const RUNS_SPARED: i64 = 100;
/// Hosts repeat a report for days at most, whatever queue it waits in; more than a year also covers one that is restored from
/// last year's backup. Later still, a repeated report is a new one. Most earn nothing even then: the time that it names is too
/// long ago, and what pays once, or once for a key, is known by its award. Only a daily task that names no time is paid.
const TASK_REPORTS_KEPT: TimeDelta = TimeDelta::days(400);
/// A lock is forgiven after a day without another, so a month forgets nothing that still counts.
const TRIES_KEPT: TimeDelta = TimeDelta::days(30);

/// Reads of personal data and reports of tasks: more than a year, so that a yearly review sees all of them. Changes stay.
const READS_KEPT: TimeDelta = TimeDelta::days(400);

/// Deletes all that is old at the clock's time. The report counts by kind.
///
/// # Errors
/// When the lease is lost or the database fails.
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

/// The runs of one job.
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

/// Entries of the audit log that record no change.
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

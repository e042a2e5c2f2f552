//! Deletion of old history: job runs, results of reported tasks and acts, tries, audit log entries that record no
//! change, and events of the host application's feed.
//!
//! A sweep. Awards, ledger entries, business days, audits and changes in the audit log are never deleted. Daily
//! counters are deleted by `close_day`, and session keys by `expire_due`.

use chrono::TimeDelta;

use super::sweep::{Counts, sweep};
use super::{Job, JobContext};
use crate::domain::host_event::EVENTS_KEPT;
use crate::store::job_runs::prune;
use crate::store::{audit_log, host_feed, task_requests, tries};

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
pub struct PruneHistory;

impl Job for PruneHistory {
    const NAME: &'static str = "prune_history";
    const MANIFEST: &'static str = include_str!("../../../jobs/prune_history.toml");

    type Report = Counts;

    async fn run(&self, job: &JobContext, counts: &mut Counts) -> anyhow::Result<()> {
        let now = job.clock.now();
        for name in prune::job_names(&job.pool).await? {
            sweep(job, counts, "job_runs", |connection, after, limit| {
                let (name, before) = (name.clone(), now - RUNS_KEPT);
                Box::pin(async move { prune::prune(connection, &name, after, before, RUNS_SPARED, limit).await })
            })
            .await?;
        }
        sweep(job, counts, "task_requests", |connection, after, limit| {
            Box::pin(task_requests::prune(connection, after, now - TASK_REPORTS_KEPT, limit))
        })
        .await?;
        sweep(job, counts, "tries", |connection, after, limit| {
            Box::pin(tries::prune(connection, after, now - TRIES_KEPT, limit))
        })
        .await?;
        sweep(job, counts, "audit_log", |connection, after, limit| {
            Box::pin(audit_log::prune(connection, after, now - READS_KEPT, limit))
        })
        .await?;
        sweep(job, counts, "host_events", |connection, after, limit| {
            Box::pin(host_feed::prune(connection, after, now - EVENTS_KEPT, limit))
        })
        .await
    }

    fn had_effect(counts: &Counts) -> bool {
        counts.had_effect()
    }

    fn summary(counts: &Counts) -> Vec<String> {
        counts.summary(&[
            ("job_runs", "deleted", "old run"),
            ("task_requests", "deleted", "old task report"),
            ("tries", "deleted", "old count of failed attempts"),
            ("host_events", "deleted", "old change of the feed"),
        ])
    }
}

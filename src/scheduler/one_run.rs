//! Supervision of one run: heartbeat, timeout, panics and shutdown.

use std::any::Any;
use std::time::Duration;

use serde_json::Value;
use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;
use tracing::field::Empty;

use super::ScheduledJob;
use super::run_ledger::RunLedger;
use crate::causes::one_line;
use crate::metrics::{self, SeenBy};
use crate::service::jobs::{JobContext, JobEnd};
use crate::store::job_runs::lease::{self, LeaseStatus, RunEnd};
use crate::store::job_runs::{ClaimedRun, Lease, LeaseLost};
use crate::store::transaction::AsSqlError;
use crate::store::unavailable::unavailable;
use crate::telemetry;

/// Time limit of the last batch after its run was asked to stop, slightly longer than the deadline of its statements.
/// After that the batch is rolled back, without loss of committed work.
const LAST_BATCH: Duration = Duration::from_secs(18);

/// Outcome of a run, as seen by this process.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Succeeded(Value),
    Failed(String),
    /// Queued again, because this process is shutting down or the database became unavailable.
    Requeued,
    /// Cancelled on request; committed batches are kept.
    Cancelled,
    /// The lease was lost: another process has the run, and this one committed nothing more.
    Lost,
}

impl Outcome {
    fn name(&self) -> &'static str {
        match self {
            Self::Succeeded(_) => "succeeded",
            Self::Failed(_) => "failed",
            Self::Requeued => "requeued",
            Self::Cancelled => "cancelled",
            Self::Lost => "lost",
        }
    }
}

/// A run and its outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct RunOutcome {
    pub job: &'static str,
    pub run_id: i64,
    pub outcome: Outcome,
}

/// Executes a claimed run and records its end.
pub async fn execute(
    ledger: &RunLedger,
    job: &ScheduledJob,
    claimed: ClaimedRun,
    stop: &CancellationToken,
) -> RunOutcome {
    let (name, run_id, attempt) = (job.name(), claimed.lease.run_id, claimed.attempt);
    let dry_run = claimed.dry_run;
    let origin = match dry_run {
        true => "dry_run".to_owned(),
        false => claimed.origin.to_lowercase(),
    };
    // Scheduled runs without effect are not logged at info level, because one per job and minute would flood the log.
    let is_scheduled = claimed.origin == "SCHEDULE";
    let scheduled_for = claimed.scheduled_for;
    match is_scheduled {
        true => tracing::debug!(job = name, run_id, attempt, dry_run, %scheduled_for, "run started"),
        false => tracing::info!(job = name, run_id, attempt, dry_run, %scheduled_for, "run started"),
    }
    let began = std::time::Instant::now();
    let lease = claimed.lease.clone();
    let span = tracing::info_span!(target: telemetry::TRACE, "job run", otel.name = format!("job {name}"), job = name, run_id, attempt, dry_run, outcome = Empty);
    let ending = supervise(ledger, job, claimed, stop).instrument(span.clone()).await;
    let had_effect = matches!(ending, Some(RunEnd::Succeeded { had_effect: true, .. }));
    let outcome = match ending {
        None => Outcome::Lost,
        Some(ending) => match (ledger.end(&lease, &ending).await.as_deref(), ending) {
            (None, _) => Outcome::Lost,
            (_, RunEnd::Succeeded { report, .. }) => Outcome::Succeeded(report),
            (_, RunEnd::Failed(error)) => Outcome::Failed(error),
            (Some("CANCELLED"), _) => Outcome::Cancelled,
            _ => Outcome::Requeued,
        },
    };
    let seconds = began.elapsed().as_secs_f64();
    span.record("outcome", outcome.name());
    metrics::run_ended(name, outcome.name(), origin, began.elapsed());
    if outcome == Outcome::Lost {
        metrics::lease_lost(name, SeenBy::Holder);
    }
    match &outcome {
        Outcome::Succeeded(report) if is_scheduled && !had_effect => {
            tracing::debug!(job = name, run_id, seconds, %report, "run succeeded without effect");
        }
        Outcome::Succeeded(report) => tracing::info!(job = name, run_id, seconds, %report, "run succeeded"),
        Outcome::Failed(error) => tracing::error!(job = name, run_id, seconds, error, "run failed"),
        Outcome::Requeued => tracing::warn!(job = name, run_id, seconds, "run interrupted and queued again"),
        Outcome::Cancelled => tracing::warn!(job = name, run_id, seconds, "run cancelled"),
        Outcome::Lost => tracing::warn!(
            job = name,
            run_id,
            seconds,
            "lease lost: another process continues the run"
        ),
    }
    RunOutcome {
        job: name,
        run_id,
        outcome,
    }
}

/// Waits for the first event; `None` if the lease is lost. Returning drops the work, which rolls its batch back.
async fn supervise(
    ledger: &RunLedger,
    job: &ScheduledJob,
    claimed: ClaimedRun,
    stop: &CancellationToken,
) -> Option<RunEnd> {
    let (attempt, lease) = (claimed.attempt, claimed.lease.clone());
    let asked_to_stop = stop.child_token();
    let context = JobContext {
        pool: ledger.pools.jobs.clone(),
        clock: ledger.clock.clone(),
        calendar: ledger.calendar,
        lease: claimed.lease,
        business_day: claimed.business_day,
        by_backfill: claimed.origin == "BACKFILL",
        is_scheduled: claimed.origin == "SCHEDULE",
        dry_run: claimed.dry_run,
        // Earlier attempts of a dry run were rolled back, so it starts anew.
        progress: claimed.progress.filter(|_| !claimed.dry_run),
        batch_size: job.manifest.batch_size,
        stop: asked_to_stop.clone(),
    };
    // A separate task: it may panic or block its thread without affecting the timeout.
    let mut work = AbortOnDropHandle::new(tokio::spawn(job.job.run(context)));
    let heartbeat = beat(ledger, &lease, job.manifest.heartbeat_every, &asked_to_stop);
    let out_of_patience = async {
        asked_to_stop.cancelled().await;
        tokio::time::sleep(LAST_BATCH).await;
    };
    tokio::select! {
        ended = &mut work => ending_of(job, ended, attempt),
        () = heartbeat => None,
        () = tokio::time::sleep(job.manifest.timeout) => Some(RunEnd::Failed(format!(
            "timed out after {}: increase timeout in jobs/{}.toml if the run was making progress, else find out what it waited for",
            humantime::format_duration(job.manifest.timeout),
            job.name(),
        ))),
        () = out_of_patience => Some(RunEnd::Interrupted),
    }
}

/// Renews the lease until it is lost, and forwards a cancellation of the run. A failed heartbeat is retried; the fence
/// decides if the lease is still held.
async fn beat(ledger: &RunLedger, lease: &Lease, every: Duration, asked_to_stop: &CancellationToken) {
    let mut next = tokio::time::interval(every);
    next.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    next.tick().await; // The first tick is immediate, and the claim was the first heartbeat.
    loop {
        next.tick().await;
        match lease::heartbeat(&ledger.pools.heartbeat, lease).await {
            Ok(LeaseStatus::Held) => {}
            Ok(LeaseStatus::Cancelled) => asked_to_stop.cancel(),
            Ok(LeaseStatus::Lost) => return,
            Err(error) => tracing::warn!(run_id = lease.run_id, %error, "a heartbeat failed"),
        }
    }
}

fn ending_of(job: &ScheduledJob, ended: Result<anyhow::Result<JobEnd>, JoinError>, attempt: i32) -> Option<RunEnd> {
    match ended {
        Ok(Ok(JobEnd::Done(report))) => {
            let had_effect = job.job.read_report(&report).had_effect;
            Some(RunEnd::Succeeded { report, had_effect })
        }
        Ok(Ok(JobEnd::Interrupted)) => Some(RunEnd::Interrupted),
        Ok(Err(error)) if error.chain().any(|cause| cause.is::<LeaseLost>()) => None,
        Ok(Err(error)) if attempt < job.manifest.max_attempts && is_database_trouble(&error) => {
            Some(RunEnd::Retry(format!("attempt {attempt}: {}", one_line(&error))))
        }
        Ok(Err(error)) => Some(RunEnd::Failed(one_line(&error))),
        Err(error) => Some(RunEnd::Failed(match error.try_into_panic() {
            Ok(panic) => format!("panicked: {}", panic_message(panic.as_ref())),
            Err(error) => format!("its task ended: {error}"),
        })),
    }
}

/// Returns true if the database became unavailable or was overloaded: the run is treated as if its process had died.
fn is_database_trouble(error: &anyhow::Error) -> bool {
    error.as_sql_error().is_some_and(|error| unavailable(error).is_some())
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("with no message")
}

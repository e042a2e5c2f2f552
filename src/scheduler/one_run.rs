//! One run under supervision: heartbeat, timeout, panics, and the way out when the process is to end.

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
use crate::domain::job_report::had_effect;
use crate::metrics::{self, SeenBy};
use crate::service::job::{JobContext, JobEnd};
use crate::store::job_runs::lease::{self, LeaseStatus, RunEnd};
use crate::store::job_runs::{ClaimedRun, Lease, LeaseLost};
use crate::store::transaction::AsSqlError;
use crate::store::unavailable::unavailable;
use crate::telemetry;

/// How long a batch may go on after its run was asked to stop: a little longer than the deadline of its statements. Then it
/// is rolled back, which loses nothing.
const LAST_BATCH: Duration = Duration::from_secs(18);

/// How a run ended, as this process saw it.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Succeeded(Value),
    Failed(String),
    /// Back in the queue: this process is ending, or the database went away.
    Requeued,
    /// Somebody asked for that; what it had done stays done.
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

/// A run and its end.
#[derive(Clone, Debug, PartialEq)]
pub struct RunOutcome {
    pub job: &'static str,
    pub run_id: i64,
    pub outcome: Outcome,
}

/// Works on a claimed run to its end and writes the end down.
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
    // Scheduled runs that change nothing are not logged at info: at one a minute and job they would hide everything else.
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
    let outcome = match ending {
        None => Outcome::Lost,
        Some(ending) => match (ledger.end(&lease, &ending).await.as_deref(), ending) {
            (None, _) => Outcome::Lost,
            (_, RunEnd::Succeeded(report)) => Outcome::Succeeded(report),
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
        Outcome::Succeeded(report) if is_scheduled && !had_effect(report) => {
            tracing::debug!(job = name, run_id, seconds, %report, "run succeeded without effect");
        }
        Outcome::Succeeded(report) => tracing::info!(job = name, run_id, seconds, %report, "run succeeded"),
        Outcome::Failed(error) => tracing::error!(job = name, run_id, seconds, error, "run failed"),
        Outcome::Requeued => tracing::warn!(job = name, run_id, seconds, "run interrupted and queued again"),
        Outcome::Cancelled => tracing::warn!(job = name, run_id, seconds, "run cancelled"),
        Outcome::Lost => tracing::warn!(job = name, run_id, seconds, "lease lost: run left to another process"),
    }
    RunOutcome {
        job: name,
        run_id,
        outcome,
    }
}

/// Waits for whatever comes first; `None` when the lease is lost. Leaving drops the work, which rolls its batch back.
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
        dry_run: claimed.dry_run,
        // Of an earlier attempt of a dry run nothing stayed, so it begins anew.
        progress: claimed.progress.filter(|_| !claimed.dry_run),
        batch_size: job.manifest.batch_size,
        stop: asked_to_stop.clone(),
    };
    // A task of its own: it may panic, or block its thread, and this one still sees to the timeout.
    let work = job.job.clone();
    let mut work = AbortOnDropHandle::new(tokio::spawn(async move { work.work(context).await }));
    let heartbeat = beat(ledger, &lease, job.manifest.heartbeat_every, &asked_to_stop);
    let out_of_patience = async {
        asked_to_stop.cancelled().await;
        tokio::time::sleep(LAST_BATCH).await;
    };
    tokio::select! {
        ended = &mut work => ending_of(ended, attempt, job.manifest.max_attempts),
        () = heartbeat => None,
        () = tokio::time::sleep(job.manifest.timeout) => Some(RunEnd::Failed(format!(
            "timed out after {}: raise timeout in jobs/{}.toml if it was working, else look for what it waited for",
            humantime::format_duration(job.manifest.timeout),
            job.name(),
        ))),
        () = out_of_patience => Some(RunEnd::Interrupted),
    }
}

/// Renews the lease until it is lost, and passes on that somebody cancels the run. A failed heartbeat is tried again: the
/// fence decides what it meant.
async fn beat(ledger: &RunLedger, lease: &Lease, every: Duration, asked_to_stop: &CancellationToken) {
    let mut next = tokio::time::interval(every);
    next.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    next.tick().await; // The first is at once, and the claim was the first heartbeat.
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

fn ending_of(ended: Result<anyhow::Result<JobEnd>, JoinError>, attempt: i32, max_attempts: i32) -> Option<RunEnd> {
    match ended {
        Ok(Ok(JobEnd::Done(report))) => Some(RunEnd::Succeeded(report)),
        Ok(Ok(JobEnd::Interrupted)) => Some(RunEnd::Interrupted),
        Ok(Err(error)) if error.chain().any(|cause| cause.is::<LeaseLost>()) => None,
        Ok(Err(error)) if attempt < max_attempts && is_database_trouble(&error) => {
            Some(RunEnd::Retry(format!("attempt {attempt}: {}", one_line(&error))))
        }
        Ok(Err(error)) => Some(RunEnd::Failed(one_line(&error))),
        Err(error) => Some(RunEnd::Failed(match error.try_into_panic() {
            Ok(panic) => format!("panicked: {}", panic_message(panic.as_ref())),
            Err(error) => format!("its task ended: {error}"),
        })),
    }
}

/// Returns whether the database went away or was too busy: the run is no worse for it than if its process had died.
fn is_database_trouble(error: &anyhow::Error) -> bool {
    error.as_sql_error().is_some_and(|error| unavailable(error).is_some())
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("with no message")
}

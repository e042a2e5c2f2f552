//! Jobs and their runs as the admin API shows them.

use async_graphql::{ComplexObject, Context, Enum, ID, Json, SimpleObject};
use chrono_tz::Tz;
use serde_json::Value;

use super::scope::AdminContext;
use crate::graphql::scalars::{Date, DateTime};
use crate::scheduler::attention::{self, Attention};
use crate::scheduler::due_times::CatchUp;
use crate::scheduler::overview::{JobOverview, RunMark, RunRow};

/// What becomes of due times that passed while nothing ran the job.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub(super) enum JobCatchUp {
    /// Each is run, oldest first.
    All,
    /// Only the last is run.
    Latest,
    /// None is run.
    Skip,
}

/// Where a run is.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub(super) enum JobRunState {
    /// It waits for its turn.
    Queued,
    /// A process works on it.
    Running,
    /// It did all there was to do.
    Succeeded,
    /// It ended by an error.
    Failed,
    /// Its due time was missed or overtaken; the reason says why.
    Skipped,
    /// Somebody ended it.
    Cancelled,
}

impl JobRunState {
    /// As the run ledger writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Skipped => "SKIPPED",
            Self::Cancelled => "CANCELLED",
        }
    }

    fn of(name: &str) -> Self {
        let all = [
            Self::Queued,
            Self::Running,
            Self::Succeeded,
            Self::Skipped,
            Self::Cancelled,
        ];
        all.into_iter()
            .find(|state| state.name() == name)
            .unwrap_or(Self::Failed)
    }
}

/// Why there is a run.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub(super) enum JobRunOrigin {
    /// It was due.
    Schedule,
    /// Somebody asked for it.
    Manual,
    /// It is a day of a back-fill.
    Backfill,
}

/// One run of a job: a due time, a request, or a day of a back-fill.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(super) struct JobRun {
    /// The run's own number, which grows with time.
    id: ID,
    /// The job's name.
    job: String,
    /// Where it is.
    state: JobRunState,
    /// Why there is a run.
    origin: JobRunOrigin,
    /// When it was due, or asked for.
    scheduled_for: DateTime,
    /// The day it is about; null for jobs that take no day.
    business_day: Option<Date>,
    /// Whether all that it does is rolled back: it tells what a run would do.
    dry_run: bool,
    /// The first day of the back-fill that it belongs to.
    backfill_from: Option<Date>,
    /// The last day of that back-fill.
    backfill_to: Option<Date>,
    /// How often it was begun.
    attempt: i32,
    /// The process that works on it, or did last.
    process: Option<String>,
    /// When that process last gave a sign of life.
    heartbeat_at: Option<DateTime>,
    /// Who asked for it; `schedule` for due times.
    requested_by: String,
    /// Why it was asked for, or why it was skipped.
    reason: Option<String>,
    /// When somebody asked for its end.
    cancel_requested_at: Option<DateTime>,
    /// Who asked for its end.
    cancel_requested_by: Option<String>,
    /// Why its end was requested.
    cancel_reason: Option<String>,
    /// How far it has come; saved with each batch.
    progress: Option<Json<Value>>,
    /// What it did, once it succeeded.
    report: Option<Json<Value>>,
    /// False for a run that succeeded and changed nothing; null while that is not known.
    had_effect: Option<bool>,
    /// Why it failed, or what its last attempt met.
    error: Option<String>,
    /// When it was written down.
    created_at: DateTime,
    /// When it was first begun.
    started_at: Option<DateTime>,
    /// When it was over.
    ended_at: Option<DateTime>,
}

#[ComplexObject]
impl JobRun {
    /// What its report says that needs a person's attention although the run succeeded, such as books that do not balance or
    /// awards that are parked; null when nothing does.
    async fn finding(&self, ctx: &Context<'_>) -> Option<String> {
        let report = &self.report.as_ref()?.0;
        let found = Attention::of_report(&self.job, report);
        attention::text(&found, AdminContext::of(ctx).language)
    }
}

impl From<RunRow> for JobRun {
    fn from(run: RunRow) -> Self {
        Self {
            id: ID(run.run_id.to_string()),
            job: run.job,
            state: JobRunState::of(&run.state),
            origin: match run.origin.as_str() {
                "SCHEDULE" => JobRunOrigin::Schedule,
                "BACKFILL" => JobRunOrigin::Backfill,
                _ => JobRunOrigin::Manual,
            },
            scheduled_for: DateTime(run.scheduled_for),
            business_day: run.business_day.map(Date),
            dry_run: run.dry_run,
            backfill_from: run.backfill_from.map(Date),
            backfill_to: run.backfill_to.map(Date),
            attempt: run.attempt,
            process: run.lease_owner,
            heartbeat_at: run.heartbeat_at.map(DateTime),
            requested_by: run.requested_by,
            reason: run.reason,
            cancel_requested_at: run.cancel_requested_at.map(DateTime),
            cancel_requested_by: run.cancel_requested_by,
            cancel_reason: run.cancel_reason,
            progress: run.progress.map(Json),
            report: run.report.map(Json),
            had_effect: run.had_effect,
            error: run.error,
            created_at: DateTime(run.created_at),
            started_at: run.started_at.map(DateTime),
            ended_at: run.ended_at.map(DateTime),
        }
    }
}

/// One of the last runs of a job, in short.
#[derive(SimpleObject)]
pub(super) struct JobRunMark {
    /// The number of the run.
    id: ID,
    /// How it ended.
    state: JobRunState,
    /// False for a run that succeeded and changed nothing; null where that is not known.
    had_effect: Option<bool>,
    /// Milliseconds from its start to its end; null for a run that never started.
    took_ms: Option<i64>,
}

impl From<RunMark> for JobRunMark {
    fn from(mark: RunMark) -> Self {
        Self {
            id: ID(mark.run_id.to_string()),
            state: JobRunState::of(&mark.state),
            had_effect: mark.had_effect,
            took_ms: mark.took_ms,
        }
    }
}

/// How much waits to be done.
#[derive(SimpleObject)]
pub(super) struct JobBacklog {
    /// How many.
    count: i64,
    /// What is counted, such as `awards`.
    unit: String,
}

/// A scheduled job, and how it is doing.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(super) struct Job {
    /// The job's name.
    name: String,
    /// What it does.
    description: String,
    /// Whether its runs are about a business day each, so that it can be back-filled.
    takes_day: bool,
    /// Whether its manifest lets it run when it is due.
    enabled: bool,
    /// When it is due: second, minute, hour, day of month, month, day of week, and the time zone.
    schedule: String,
    /// What becomes of due times that passed while nothing ran it.
    catch_up: JobCatchUp,
    /// Since when it is paused; null while it is not.
    paused_at: Option<DateTime>,
    /// Who paused it.
    paused_by: Option<String>,
    /// Why it was paused.
    pause_reason: Option<String>,
    /// The run that is going on.
    running: Option<JobRun>,
    /// The last run that was started and is over, whatever came of it.
    last_run: Option<JobRun>,
    /// Its last 20 runs that are over, the oldest first, without dry runs.
    recent_runs: Vec<JobRunMark>,
    /// When it is due next; null while it is disabled or paused.
    next_due_at: Option<DateTime>,
    /// The same in the schedule's own zone, with its offset.
    next_due_local: Option<String>,
    /// How much waits to be done; null where that cannot be told.
    backlog: Option<JobBacklog>,
    /// How long ago the job was due for work that still waits, in seconds, also while it is paused; 0 when none waits and while
    /// it is disabled.
    lag_seconds: i64,
    #[graphql(skip)]
    needs: Vec<Attention>,
}

#[ComplexObject]
impl Job {
    /// What needs a person's attention about the job, in one or more sentences: parked awards, books that do not balance, a
    /// failed last run, work that waits behind a pause; null when nothing does.
    async fn attention(&self, ctx: &Context<'_>) -> Option<String> {
        attention::text(&self.needs, AdminContext::of(ctx).language)
    }
}

impl From<JobOverview> for Job {
    fn from(overview: JobOverview) -> Self {
        let (known, manifest) = (overview.known, overview.job.manifest);
        let local = |due: &chrono::DateTime<Tz>| due.to_rfc3339();
        Self {
            takes_day: overview.job.job.takes_day,
            name: manifest.name,
            description: manifest.description,
            enabled: manifest.enabled,
            schedule: manifest.schedule.to_string(),
            catch_up: match manifest.catch_up {
                CatchUp::All => JobCatchUp::All,
                CatchUp::Latest => JobCatchUp::Latest,
                CatchUp::Skip => JobCatchUp::Skip,
            },
            paused_at: known.as_ref().and_then(|known| known.paused_at).map(DateTime),
            paused_by: known.as_ref().and_then(|known| known.paused_by.clone()),
            pause_reason: known.and_then(|known| known.pause_reason),
            running: overview.running.map(JobRun::from),
            last_run: overview.last.map(JobRun::from),
            recent_runs: overview.marks.into_iter().map(JobRunMark::from).collect(),
            next_due_at: overview.next_due.map(|due| DateTime(due.to_utc())),
            next_due_local: overview.next_due.as_ref().map(local),
            backlog: overview.backlog.map(|backlog| JobBacklog {
                count: backlog.count,
                unit: backlog.unit.to_owned(),
            }),
            lag_seconds: overview.lag.num_seconds(),
            needs: overview.attention,
        }
    }
}

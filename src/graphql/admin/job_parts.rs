//! Jobs and job runs in the admin API.

use async_graphql::{ComplexObject, Context, Enum, ID, Json, SimpleObject};
use chrono_tz::Tz;
use serde_json::Value;

use super::context::AdminContext;
use crate::graphql::scalars::{Date, DateTime};
use crate::messages::Message;
use crate::scheduler::attention;
use crate::scheduler::due_times::CatchUp;
use crate::scheduler::overview::{JobOverview, RunMark, RunRow};

/// Catch-up policy for due times that were missed because no scheduler was running.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub(super) enum JobCatchUp {
    /// Every missed due time is run, oldest first.
    All,
    /// Only the latest missed due time is run.
    Latest,
    /// Missed due times are skipped.
    Skip,
}

/// State of a job run.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub(super) enum JobRunState {
    /// The run is waiting in the queue.
    Queued,
    /// A process is executing the run.
    Running,
    /// The run completed all its work.
    Succeeded,
    /// The run ended with an error.
    Failed,
    /// The due time was missed or superseded; `reason` has the cause.
    Skipped,
    /// The run was cancelled on request.
    Cancelled,
}

impl JobRunState {
    /// Name of the state in the run ledger.
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

/// Origin of a job run.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub(super) enum JobRunOrigin {
    /// The run was scheduled.
    Schedule,
    /// The run was requested by hand.
    Manual,
    /// The run is one day of a backfill.
    Backfill,
}

/// A run of a job: a due time, a manual request or one day of a backfill.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(super) struct JobRun {
    /// Run ID, ascending in time.
    id: ID,
    /// Name of the job.
    job: String,
    /// State of the run.
    state: JobRunState,
    /// Origin of the run.
    origin: JobRunOrigin,
    /// Time at which the run was due or requested.
    scheduled_for: DateTime,
    /// Business day that the run processes; null for jobs that take no day.
    business_day: Option<Date>,
    /// True for a dry run: every batch is rolled back, and the report shows what a real run would do.
    dry_run: bool,
    /// First day of the backfill; null for other runs.
    backfill_from: Option<Date>,
    /// Last day of the backfill; null for other runs.
    backfill_to: Option<Date>,
    /// Number of times the run was started.
    attempt: i32,
    /// Process that executes the run, or executed it last.
    process: Option<String>,
    /// Time of the latest heartbeat of that process for this run.
    heartbeat_at: Option<DateTime>,
    /// Author of the request; `schedule` for due times.
    requested_by: String,
    /// Reason for the request, or for skipping the due time.
    reason: Option<String>,
    /// Time at which cancellation was requested.
    cancel_requested_at: Option<DateTime>,
    /// Author of the cancellation request.
    cancel_requested_by: Option<String>,
    /// Reason for the cancellation request.
    cancel_reason: Option<String>,
    /// Progress of the run, saved with each batch.
    progress: Option<Json<Value>>,
    /// Report of a successful run.
    report: Option<Json<Value>>,
    /// False for a successful run that changed nothing; null if unknown.
    had_effect: Option<bool>,
    /// Error of a failed run, or of the latest attempt.
    error: Option<String>,
    /// Time at which the run was recorded.
    created_at: DateTime,
    /// Time of the first start.
    started_at: Option<DateTime>,
    /// Time at which the run ended.
    ended_at: Option<DateTime>,
}

#[ComplexObject]
impl JobRun {
    /// Returns findings in the report of a successful run that need manual action, such as books that do not balance or
    /// parked awards; null if there are none.
    async fn finding(&self, ctx: &Context<'_>) -> Option<String> {
        let report = &self.report.as_ref()?.0;
        let found = attention::of_report(&self.job, report);
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

/// Summary of a recent run of a job.
#[derive(SimpleObject)]
pub(super) struct JobRunMark {
    /// Run ID of the summarised run.
    id: ID,
    /// Final state of the run.
    state: JobRunState,
    /// False for a successful run that changed nothing; null if unknown.
    had_effect: Option<bool>,
    /// Duration from start to end in milliseconds; null if the run never started.
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

/// Amount of work waiting for a job.
#[derive(SimpleObject)]
pub(super) struct JobBacklog {
    /// Number of waiting items.
    count: i64,
    /// Unit of the count, such as `awards`.
    unit: String,
}

/// A scheduled job and its current condition.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(super) struct Job {
    /// Name of the job.
    name: String,
    /// Purpose of the job.
    description: String,
    /// True if each run processes one business day, so that the job can be backfilled.
    takes_day: bool,
    /// True if the schedule is enabled in the job's manifest.
    enabled: bool,
    /// Schedule: second, minute, hour, day of month, month, day of week, and the time zone.
    schedule: String,
    /// Catch-up policy for missed due times.
    catch_up: JobCatchUp,
    /// Start of the pause; null if the job is not paused.
    paused_at: Option<DateTime>,
    /// Author of the pause.
    paused_by: Option<String>,
    /// Reason for the pause.
    pause_reason: Option<String>,
    /// Run in progress; null if there is none.
    running: Option<JobRun>,
    /// Latest run that was started and has ended, regardless of its result.
    last_run: Option<JobRun>,
    /// Latest 20 ended runs without dry runs, oldest first.
    recent_runs: Vec<JobRunMark>,
    /// Next due time; null if the job is disabled or paused.
    next_due_at: Option<DateTime>,
    /// Next due time in the time zone of the schedule, with its offset.
    next_due_local: Option<String>,
    /// Amount of waiting work; null if the job cannot determine it.
    backlog: Option<JobBacklog>,
    /// Time in seconds since the job was due for work that is still waiting, also while it is paused; 0 if no work is
    /// waiting or the job is disabled.
    lag_seconds: i64,
    #[graphql(skip)]
    needs: Vec<Message>,
}

#[ComplexObject]
impl Job {
    /// Returns the conditions that need manual action, in one or more sentences: parked awards, books that do not
    /// balance, a failed latest run, or work that waits because of a pause; null if there are none.
    async fn attention(&self, ctx: &Context<'_>) -> Option<String> {
        attention::text(&self.needs, AdminContext::of(ctx).language)
    }
}

impl From<JobOverview> for Job {
    fn from(overview: JobOverview) -> Self {
        let (known, manifest) = (overview.known, overview.job.manifest);
        let local = |due: &chrono::DateTime<Tz>| due.to_rfc3339();
        Self {
            takes_day: overview.job.job.takes_day(),
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

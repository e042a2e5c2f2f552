//! Control of jobs: run, backfill, cancel, pause and resume. Runs are queued and executed by a process with a
//! scheduler.

use async_graphql::{Context, ID, Object, Result, SimpleObject};

use super::context::AdminContext;
use super::job_parts::{Job, JobRun};
use super::jobs::{find_job, run_id};
use super::problem::Problem;
use crate::domain::api_key::Scope;
use crate::domain::correction::is_valid_reason;
use crate::domain::rejection::RejectionTable;
use crate::domain::rejection::change::ChangeRejection;
use crate::domain::rejection::job::JobRejection;
use crate::graphql::NullableField;
use crate::graphql::scalars::Date;

use crate::scheduler::ScheduledJob;
use crate::scheduler::on_request::Request;
use crate::service::Failure;
use crate::service::cancel_run::{CancelExtent, CancelOutcome, cancel_run};
use crate::service::pause_job::{PauseOutcome, ResumeOutcome, pause_job, resume_job};
use crate::service::reopen_days::reopen_days;

#[derive(Default)]
pub(super) struct JobMutations;

#[Object]
impl JobMutations {
    /// Queues a run of a job, even if the job is paused; a process with a scheduler starts it within seconds. Needs
    /// OPS_WRITE.
    async fn run_job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Name of the job.")] job: String,
        #[graphql(desc = "Business day to process, for jobs that take one; the latest day that has ended if omitted.")]
        business_day: Option<Date>,
        #[graphql(
            desc = "True for a dry run: every batch is rolled back, and the report shows what a real run would do.",
            default = false
        )]
        dry_run: bool,
        #[graphql(desc = "Reason; kept in the run history and the audit log.")] reason: String,
    ) -> NullableField<JobRunsPayload> {
        Some(run(ctx, &job, business_day, dry_run, reason).await)
    }

    /// Queues one run per day of a range. Days completed by an earlier request for the same range are skipped, so a
    /// failed or cancelled backfill resumes where it stopped. At most 366 days, all of them over. Needs OPS_WRITE.
    async fn backfill_job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Name of a job that takes a business day.")] job: String,
        #[graphql(desc = "First day of the range.")] from: Date,
        #[graphql(desc = "Last day of the range.")] to: Date,
        #[graphql(desc = "Reason; kept in the run history and the audit log.")] reason: String,
    ) -> NullableField<JobRunsPayload> {
        Some(backfill(ctx, &job, from, to, &reason).await)
    }

    /// Cancels a run: immediately if queued, otherwise after its current batch. Completed batches are kept. Needs
    /// OPS_WRITE.
    async fn cancel_job_run(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the run.")] id: ID,
        #[graphql(
            desc = "True also cancels all other runs of its backfill that have not ended.",
            default = false
        )]
        whole_backfill: bool,
        #[graphql(desc = "Reason; kept in the audit log.")] reason: String,
    ) -> NullableField<CancelJobRunPayload> {
        Some(cancel(ctx, &id, whole_backfill, &reason).await)
    }

    /// Suspends the schedule of a job on all processes until `resumeJob`. A run in progress continues. Needs OPS_WRITE.
    async fn pause_job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Name of the job.")] job: String,
        #[graphql(desc = "Reason; shown with the job.")] reason: String,
    ) -> NullableField<JobPayload> {
        Some(pause(ctx, &job, &reason).await)
    }

    /// Reopens a business day that was closed by mistake and all later closed days, in one transaction: they accept
    /// awards again. Rejected if any of these days has awards. Needs OPS_WRITE.
    async fn reopen_days(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "First day to reopen.")] from: Date,
        #[graphql(desc = "Reason; kept in the audit log.")] reason: String,
    ) -> NullableField<ReopenDaysPayload> {
        Some(reopen(ctx, from, &reason).await)
    }

    /// Resumes the schedule of a paused job. Missed due times are handled by its catch-up policy. Needs OPS_WRITE.
    async fn resume_job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Name of the job.")] job: String,
        #[graphql(desc = "Reason; kept in the audit log.")] reason: String,
    ) -> NullableField<JobPayload> {
        Some(resume(ctx, &job, &reason).await)
    }
}

/// Result of a request to run or backfill a job.
#[derive(SimpleObject)]
struct JobRunsPayload {
    /// The requested run, or all runs of the backfill ordered by day, at most 366.
    runs: Vec<JobRun>,
    /// Number of runs queued by this request.
    queued: i32,
    /// Why the request was rejected; empty on success.
    problems: Vec<Problem>,
}

/// Result of a request to cancel a run.
#[derive(SimpleObject)]
struct CancelJobRunPayload {
    /// The run after the request; null if there is no run with this ID.
    run: Option<JobRun>,
    /// Number of runs cancelled or requested to stop.
    cancelled: i32,
    /// Why the request was rejected; empty on success.
    problems: Vec<Problem>,
}

/// Result of a request to pause or resume a job.
#[derive(SimpleObject)]
struct JobPayload {
    /// The job after the request.
    job: Option<Job>,
    /// True if the request changed the job.
    changed: bool,
    /// Why the request was rejected; empty on success.
    problems: Vec<Problem>,
}

/// Result of a request to reopen business days.
#[derive(SimpleObject)]
struct ReopenDaysPayload {
    /// Reopened days, oldest first; empty if none of them was closed.
    days: Vec<Date>,
    /// Why the request was rejected; empty on success.
    problems: Vec<Problem>,
}

impl JobRunsPayload {
    fn refused(rejection: &impl RejectionTable, context: &AdminContext) -> Self {
        Self {
            runs: Vec::new(),
            queued: 0,
            problems: vec![Problem::new(rejection, context.language)],
        }
    }
}

async fn run(ctx: &Context<'_>, job: &str, day: Option<Date>, dry_run: bool, reason: String) -> Result<JobRunsPayload> {
    let context = AdminContext::allowing(ctx, Scope::OpsWrite)?;
    let job = find_job(context, job)?;
    if !is_valid_reason(&reason) {
        return Ok(JobRunsPayload::refused(&ChangeRejection::ReasonInvalid, context));
    }
    let request = Request {
        day: day.map(|day| day.0),
        dry_run,
        author: context.author(),
        reason: Some(reason),
    };
    let queued = context.jobs.request(job, &request, &context.pool).await;
    let run_id = match queued {
        Ok(run_id) => run_id,
        Err(failure) => return Ok(JobRunsPayload::refused(&failure.rejection()?, context)),
    };
    let run = context.ops.job_run(run_id).await?;
    Ok(JobRunsPayload {
        runs: run.into_iter().map(JobRun::from).collect(),
        queued: 1,
        problems: Vec::new(),
    })
}

async fn backfill(ctx: &Context<'_>, job: &str, from: Date, to: Date, reason: &str) -> Result<JobRunsPayload> {
    let context = AdminContext::allowing(ctx, Scope::OpsWrite)?;
    let job = find_job(context, job)?;
    if !is_valid_reason(reason) {
        return Ok(JobRunsPayload::refused(&ChangeRejection::ReasonInvalid, context));
    }
    let author = context.author();
    let asked = context
        .jobs
        .request_backfill(job, from.0..=to.0, Some(reason), &author, &context.pool)
        .await;
    match asked {
        Ok(backfill) => Ok(JobRunsPayload {
            runs: backfill.runs.into_iter().map(JobRun::from).collect(),
            queued: i32::try_from(backfill.queued).unwrap_or(i32::MAX),
            problems: Vec::new(),
        }),
        Err(failure) => Ok(JobRunsPayload::refused(&failure.rejection()?, context)),
    }
}

async fn reopen(ctx: &Context<'_>, from: Date, reason: &str) -> Result<ReopenDaysPayload> {
    let context = AdminContext::allowing(ctx, Scope::OpsWrite)?;
    let reopened = reopen_days(&context.pool, from.0, reason, &context.author()).await;
    Ok(match reopened {
        Ok(days) => ReopenDaysPayload {
            days: days.into_iter().map(Date).collect(),
            problems: Vec::new(),
        },
        Err(failure) => ReopenDaysPayload {
            days: Vec::new(),
            problems: vec![Problem::new(&failure.rejection()?, context.language)],
        },
    })
}

async fn cancel(ctx: &Context<'_>, id: &ID, whole_backfill: bool, reason: &str) -> Result<CancelJobRunPayload> {
    let context = AdminContext::allowing(ctx, Scope::OpsWrite)?;
    let run_id = run_id(id)?;
    let problem = |rejection: JobRejection| Problem::new(&rejection, context.language);
    let refused = |rejection| CancelJobRunPayload {
        run: None,
        cancelled: 0,
        problems: vec![problem(rejection)],
    };
    if !is_valid_reason(reason) {
        return Ok(refused(ChangeRejection::ReasonInvalid.into()));
    }
    let extent = match whole_backfill {
        true => CancelExtent::WholeBackfill,
        false => CancelExtent::ThisRun,
    };
    let outcome = cancel_run(&context.pool, run_id, extent, Some(reason), &context.author()).await;
    let (cancelled, problems) = match outcome {
        Ok(CancelOutcome::AlreadyRequested { .. }) => (0, Vec::new()),
        Ok(CancelOutcome::Cancelled { runs } | CancelOutcome::Requested { runs }) => (runs, Vec::new()),
        Err(failure) => (0, vec![problem(failure.rejection()?)]),
    };
    let run = context.ops.job_run(run_id).await?;
    Ok(CancelJobRunPayload {
        run: run.map(JobRun::from),
        cancelled: i32::try_from(cancelled).unwrap_or(i32::MAX),
        problems,
    })
}

async fn pause(ctx: &Context<'_>, job: &str, reason: &str) -> Result<JobPayload> {
    let context = AdminContext::allowing(ctx, Scope::OpsWrite)?;
    let job = find_job(context, job)?;
    let paused = pause_job(&context.pool, job.name(), reason, &context.author()).await;
    payload(
        context,
        job,
        paused.map(|outcome| matches!(outcome, PauseOutcome::Paused(_))),
    )
    .await
}

async fn resume(ctx: &Context<'_>, job: &str, reason: &str) -> Result<JobPayload> {
    let context = AdminContext::allowing(ctx, Scope::OpsWrite)?;
    let job = find_job(context, job)?;
    let resumed = resume_job(&context.pool, job.name(), reason, &context.author()).await;
    payload(
        context,
        job,
        resumed.map(|outcome| matches!(outcome, ResumeOutcome::Resumed(_))),
    )
    .await
}

/// Builds the payload with the current job.
async fn payload(
    context: &AdminContext,
    job: &ScheduledJob,
    changed: std::result::Result<bool, Failure<ChangeRejection>>,
) -> Result<JobPayload> {
    let (changed, problems) = match changed {
        Ok(changed) => (changed, Vec::new()),
        Err(failure) => (false, vec![Problem::new(&failure.rejection()?, context.language)]),
    };
    Ok(JobPayload {
        job: Some(context.jobs.overview(job, &context.pool).await?.into()),
        changed,
        problems,
    })
}

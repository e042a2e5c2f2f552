//! Queries for jobs, their due times and their runs.

use async_graphql::{Context, ID, Object, Result, SimpleObject};

use super::awards::list_length;
use super::context::AdminContext;
use super::job_parts::{Job, JobRun, JobRunState};
use crate::domain::api_key::Scope;
use crate::graphql::NullableField;
use crate::graphql::errors::bad_user_input;
use crate::graphql::scalars::{Date, DateTime};
use crate::loaders::ops::RunFilter;
use crate::scheduler::ScheduledJob;

#[derive(Default)]
pub(super) struct JobQueries;

#[Object]
impl JobQueries {
    /// Returns all scheduled jobs and their condition, by name. Needs OPS_READ.
    #[graphql(complexity = "5 + 20 * child_complexity")]
    async fn jobs(&self, ctx: &Context<'_>) -> NullableField<Vec<Job>> {
        Some(jobs(ctx).await)
    }

    /// Returns the next due times, soonest first. Includes disabled and paused jobs, which do not run at those times.
    /// Needs OPS_READ.
    #[graphql(complexity = "5 + 20 * child_complexity")]
    async fn due_times(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only due times of this job.")] job: Option<String>,
        #[graphql(desc = "Number of rows to return, at most 100.", default = 20)] first: i32,
    ) -> NullableField<Vec<DueTime>> {
        let found = async {
            let context = AdminContext::allowing(ctx, Scope::OpsRead)?;
            let only = job.map(|job| find_job(context, &job)).transpose()?;
            due_times(context, only, list_length(first)?)
        };
        Some(found.await)
    }

    /// Returns runs, newest first; all conditions must match. Needs OPS_READ.
    #[graphql(complexity = "5 + 20 * child_complexity")]
    #[allow(clippy::too_many_arguments)] // the arguments of the field
    async fn job_runs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only runs of this job.")] job: Option<String>,
        #[graphql(desc = "Only runs in this state.")] state: Option<JobRunState>,
        #[graphql(desc = "Only runs for this business day.")] business_day: Option<Date>,
        #[graphql(desc = "Number of rows to return, at most 100.", default = 20)] first: i32,
        #[graphql(desc = "Only runs older than this ID; for paging, the last ID of the previous page.")] below: Option<
            ID,
        >,
        #[graphql(
            desc = "True omits scheduled runs that succeeded and changed nothing.",
            name = "onlyWithEffect",
            default = false
        )]
        only_with_effect: bool,
    ) -> NullableField<Vec<JobRun>> {
        let found = async {
            let context = AdminContext::allowing(ctx, Scope::OpsRead)?;
            let filter = RunFilter {
                job: job
                    .map(|job| find_job(context, &job))
                    .transpose()?
                    .map(ScheduledJob::name),
                state: state.map(JobRunState::name),
                business_day: business_day.map(|day| day.0),
                below: below.as_ref().map(run_id).transpose()?,
                only_with_effect,
            };
            let runs = context.ops.job_runs(&filter, list_length(first)?).await;
            runs.map(|runs| runs.into_iter().map(JobRun::from).collect())
                .map_err(Into::into)
        };
        Some(found.await)
    }

    /// Returns a run; null if there is no run with this ID. Needs OPS_READ.
    async fn job_run(&self, ctx: &Context<'_>, #[graphql(desc = "ID of the run.")] id: ID) -> NullableField<JobRun> {
        let found = async {
            let context = AdminContext::allowing(ctx, Scope::OpsRead)?;
            let run = context.ops.job_run(run_id(&id)?).await;
            run.map(|run| run.map(JobRun::from)).map_err(Into::into)
        };
        found.await.transpose()
    }
}

async fn jobs(ctx: &Context<'_>) -> Result<Vec<Job>> {
    let context = AdminContext::allowing(ctx, Scope::OpsRead)?;
    let mut found = Vec::new();
    for job in context.jobs.jobs.iter() {
        found.push(context.jobs.overview(job, &context.pool).await?.into());
    }
    Ok(found)
}

/// A due time of a job.
#[derive(SimpleObject)]
struct DueTime {
    /// Name of the job.
    job: String,
    /// Due time of the job.
    due_at: DateTime,
    /// Due time in the time zone of the schedule, with its offset.
    due_local: String,
    /// Business day that the run processes; null for jobs that take no day.
    business_day: Option<Date>,
}

fn due_times(context: &AdminContext, only: Option<&ScheduledJob>, length: i64) -> Result<Vec<DueTime>> {
    let length = usize::try_from(length).unwrap_or(0);
    let now = context.moment.at;
    let jobs = context
        .jobs
        .jobs
        .iter()
        .filter(|job| only.is_none_or(|only| only.name() == job.name()));
    let mut due: Vec<_> = jobs
        .flat_map(|job| job.manifest.schedule.after(now).take(length).map(move |due| (due, job)))
        .collect();
    due.sort_by_key(|(due, job)| (due.to_utc(), job.name()));
    due.truncate(length);
    let due_times = due.into_iter().map(|(due, job)| {
        let day = job
            .job
            .takes_day()
            .then(|| context.jobs.ledger.day_ended_before(due.to_utc()));
        DueTime {
            job: job.name().to_owned(),
            due_at: DateTime(due.to_utc()),
            due_local: due.to_rfc3339(),
            business_day: day.map(Date),
        }
    });
    Ok(due_times.collect())
}

/// Returns the job with this name.
///
/// # Errors
/// If there is no such job; the message lists the known names.
pub(super) fn find_job<'a>(context: &'a AdminContext, name: &str) -> Result<&'a ScheduledJob> {
    context.jobs.job(name).ok_or_else(|| {
        let names: Vec<&str> = context.jobs.jobs.iter().map(ScheduledJob::name).collect();
        bad_user_input(format!(
            "There is no job with this name. Known jobs: {}.",
            names.join(", ")
        ))
    })
}

/// Parses a run ID.
///
/// # Errors
/// If the ID is not a number.
pub(super) fn run_id(id: &ID) -> Result<i64> {
    id.parse()
        .map_err(|_| bad_user_input("A run ID is a number, such as \"4711\"."))
}

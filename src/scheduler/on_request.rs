//! Runs on request. They use the same ledger, lease and fence as scheduled runs.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::store::bounded::PgPool;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;

use super::{ScheduledJob, Scheduler, one_run};
use crate::domain::audit::Author;
use crate::domain::rejection::job::JobRejection;
use crate::service::Failure;
use crate::service::backfill_job::{Backfill, BackfillRequest, backfill_job};
use crate::service::request_run::{RunRequest, request_run};
use crate::store::business_days;
use crate::store::job_runs::listing::{self, RunRow};

/// Request of a run: day, mode, author and reason.
#[derive(Clone, Debug)]
pub struct Request {
    /// Only for day jobs; `None` for the latest business day that is over.
    pub day: Option<NaiveDate>,
    /// True if the run only reports the changes that it would make.
    pub dry_run: bool,
    pub author: Author,
    pub reason: Option<String>,
}

impl Scheduler {
    /// Queues a run through `pool` and returns its ID. It is run by the first process that claims it: this one by
    /// [`Scheduler::run_to_completion`], or a replica.
    ///
    /// # Errors
    /// If the day is not valid for the job, or the database fails.
    pub async fn request(
        &self,
        job: &ScheduledJob,
        request: &Request,
        pool: &PgPool,
    ) -> Result<i64, Failure<JobRejection>> {
        let business_day = match (job.job.takes_day(), request.day) {
            (false, Some(_)) => return Err(JobRejection::TakesNoDay.into()),
            (false, None) => None,
            (true, None) => Some(self.last_ready_day(job, request.author.at)),
            (true, Some(day)) => {
                self.check_day(job, day, request.author.at, pool).await?;
                Some(day)
            }
        };
        let run = RunRequest {
            job: job.name(),
            business_day,
            dry_run: request.dry_run,
            reason: request.reason.as_deref(),
        };
        Ok(request_run(pool, &run, &request.author).await?)
    }

    /// Queues a back-fill through `pool`: one run for each day of a range that is not done yet.
    ///
    /// # Errors
    /// If the range is not valid for the job, or the database fails.
    pub async fn request_backfill(
        &self,
        job: &ScheduledJob,
        range: RangeInclusive<NaiveDate>,
        reason: Option<&str>,
        author: &Author,
        pool: &PgPool,
    ) -> Result<Backfill, Failure<JobRejection>> {
        if !job.job.takes_day() {
            return Err(JobRejection::TakesNoDay.into());
        }
        let request = BackfillRequest {
            job: job.name(),
            from: *range.start(),
            to: *range.end(),
            last_over: self.last_ready_day(job, author.at),
            reason,
        };
        request.check()?;
        self.check_not_too_early(*range.start(), author.at, pool).await?;
        backfill_job(pool, &request, author).await
    }

    /// Returns the latest day that a day job can process at an instant.
    pub fn last_ready_day(&self, job: &ScheduledJob, at: DateTime<Utc>) -> NaiveDate {
        self.ledger
            .day_ended_before(at - job.job.ready_after().unwrap_or_default())
    }

    /// Rejects a day that is not over, or that precedes the first business day.
    async fn check_day(
        &self,
        job: &ScheduledJob,
        day: NaiveDate,
        at: DateTime<Utc>,
        pool: &PgPool,
    ) -> Result<(), Failure<JobRejection>> {
        let calendar = self.ledger.calendar;
        let from = job.job.ready_at(&calendar, day);
        if at < from {
            let from = from.with_timezone(&calendar.time_zone);
            let from = format!("{} {}", from.format("%Y-%m-%d %H:%M:%S"), calendar.time_zone);
            return Err(JobRejection::DayNotOver { day, from }.into());
        }
        self.check_not_too_early(day, at, pool).await
    }

    /// Rejects a day that precedes all recorded days and is more than a month before today.
    async fn check_not_too_early(
        &self,
        day: NaiveDate,
        at: DateTime<Utc>,
        pool: &PgPool,
    ) -> Result<(), Failure<JobRejection>> {
        let month_ago = self.ledger.calendar.day_of(at) - TimeDelta::days(31);
        if day >= month_ago {
            return Ok(());
        }
        let known = business_days::first_known(pool).await?;
        let first = known.map_or(month_ago, |known| known.min(month_ago));
        match day < first {
            true => Err(JobRejection::DayTooEarly { day: first }.into()),
            false => Ok(()),
        }
    }

    /// Runs a requested run here, or waits for the process that runs it. Returns the run when it is over, or when
    /// `stop` is cancelled.
    ///
    /// `waiting` is called once if another run has to end first, or if a replica claimed the run.
    ///
    /// # Errors
    /// If the database fails, or the run is no longer in the ledger.
    pub async fn run_to_completion(
        &self,
        job: &ScheduledJob,
        run_id: i64,
        stop: &CancellationToken,
        mut waiting: impl FnMut(&RunRow),
    ) -> anyhow::Result<RunRow> {
        let mut reported = false;
        loop {
            if let Some(claimed) = self.ledger.claim(job, Some(run_id)).await? {
                one_run::execute(&self.ledger, job, claimed, stop).await;
            }
            let run = listing::run(&self.ledger.pools.jobs, run_id).await?;
            let run = run.ok_or_else(|| anyhow::anyhow!("run {run_id} is no longer in the run ledger"))?;
            if run.is_over() || stop.is_cancelled() {
                return Ok(run);
            }
            if !reported && let Some(running) = listing::running(&self.ledger.pools.jobs, job.name()).await? {
                waiting(&running);
                reported = true;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(Duration::from_millis(300)) => {}
            }
        }
    }
}

//! Runs that a person asks for. They go through the same ledger, lease and fence as any other.

use std::time::Duration;

use chrono::NaiveDate;
use tokio_util::sync::CancellationToken;

use super::{ScheduledJob, Scheduler, one_run};
use crate::domain::audit::Author;
use crate::service::request_run::{RunRequest, request_run};
use crate::store::job_runs::listing::{self, RunRow};

/// Who wants a run, of what day, and why.
#[derive(Clone, Debug)]
pub struct Request {
    /// Day jobs only; the day that ended last where it is `None`.
    pub day: Option<NaiveDate>,
    pub requested_by: String,
    pub reason: Option<String>,
}

impl Scheduler {
    /// Queues a run. Whoever comes first runs it: this process by [`Scheduler::see_through`], or a replica.
    pub async fn request(&self, job: &ScheduledJob, request: &Request) -> anyhow::Result<i64> {
        let now = self.ledger.clock.now();
        let business_day = match (job.job.takes_day, request.day) {
            (false, Some(_)) => anyhow::bail!("{} is not about a day: leave --day out", job.name()),
            (false, None) => None,
            (true, day) => Some(day.unwrap_or_else(|| self.ledger.day_ended_before(now))),
        };
        let author = Author {
            name: request.requested_by.clone(),
            request_id: None,
            at: now,
        };
        let run = RunRequest {
            job: job.name(),
            business_day,
            reason: request.reason.as_deref(),
        };
        Ok(request_run(&self.ledger.pools.jobs, &run, &author).await?)
    }

    /// Runs a requested run here, or waits for whoever runs it; returns it when it is over, or when `stop` is set.
    ///
    /// `waiting` is told, once, of the run that has to end first, or that a replica was quicker.
    pub async fn see_through(
        &self,
        job: &ScheduledJob,
        run_id: i64,
        stop: &CancellationToken,
        mut waiting: impl FnMut(&RunRow),
    ) -> anyhow::Result<RunRow> {
        let mut told = false;
        loop {
            if let Some(claimed) = self.ledger.claim(job, Some(run_id)).await? {
                one_run::execute(&self.ledger, job, claimed, stop).await;
            }
            let run = listing::run(&self.ledger.pools.jobs, run_id).await?;
            let run = run.ok_or_else(|| anyhow::anyhow!("run {run_id} is no longer in the run ledger"))?;
            if run.is_over() || stop.is_cancelled() {
                return Ok(run);
            }
            if !told && let Some(running) = listing::running(&self.ledger.pools.jobs, job.name()).await? {
                waiting(&running);
                told = true;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(Duration::from_millis(300)) => {}
            }
        }
    }
}

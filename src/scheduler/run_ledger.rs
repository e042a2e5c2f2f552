//! What is due, claimed and over, as one scheduler sees it: the decisions between pure due times and the store's SQL.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;

use super::ScheduledJob;
use super::due_times::{CatchUp, DuePlan, Skipped, plan};
use crate::clock::Clock;
use crate::domain::business_day::Calendar;
use crate::metrics::{self, SeenBy};
use crate::store::job_runs::claim::{self, Claimable};
use crate::store::job_runs::lease::{self, RunEnd};
use crate::store::job_runs::{ClaimedRun, Lease, NewRun, due};
use crate::store::pools::Pools;

/// For so long the end of a run is tried to be written: a dropped batch may hold its row until its statement times out.
const ENDING_TRIED_FOR: Duration = Duration::from_secs(30);

/// So far ahead of this clock another process of a right clock may have written due times down, with room to spare.
const TOLERATED_LEAD: TimeDelta = TimeDelta::seconds(10);

/// The ledger of runs, and the clock it goes by.
#[derive(Clone, Debug)]
pub struct RunLedger {
    pub pools: Pools,
    pub clock: Clock,
    pub calendar: Calendar,
    /// This process, for people: `host:pid`.
    pub owner: String,
}

impl RunLedger {
    /// Writes down what became due since the last look, once however many replicas look. Paused and disabled jobs have no
    /// due times; their policy decides about the missed ones when they go on.
    pub async fn enqueue_due(&self, job: &ScheduledJob) -> sqlx::Result<()> {
        let (name, manifest) = (job.name(), &job.manifest);
        let now = self.clock.now();
        let Some(known) = due::job(&self.pools.jobs, name).await? else {
            return due::register(&self.pools.jobs, name, now).await;
        };
        if known.scheduled_through > now + TOLERATED_LEAD {
            return self.go_back_to(job, now).await;
        }
        let nothing_new = known.scheduled_through >= now
            || manifest
                .schedule
                .after(known.scheduled_through)
                .next()
                .is_none_or(|next| next > now);
        if !manifest.enabled || known.paused_at.is_some() || nothing_new {
            return Ok(());
        }
        let mut transaction = self.pools.jobs.begin().await?;
        let held = due::lock_job(&mut transaction, name).await?;
        let Some(plan) = held.and_then(|held| catch_up_plan(job, held.scheduled_through, now)) else {
            // Merely dropped, it would hold its lock for a while, and others would pass the job by.
            return transaction.rollback().await;
        };
        let skipped = plan.skipped.iter().map(|skipped| self.skipped_run(job, skipped));
        let runs = plan.runs.iter().map(|due| self.due_run(job, due));
        let rows: Vec<NewRun> = skipped.chain(runs).collect();
        let last_skipped = plan.skipped.iter().map(|skipped| skipped.last.to_utc()).max();
        let last_run = plan.runs.last().map(|due| due.to_utc());
        let through = last_run.max(last_skipped).unwrap_or(now);
        due::insert_due(&mut transaction, name, &rows, through, now).await?;
        let overtaken = match manifest.catch_up {
            CatchUp::All => 0,
            _ => due::skip_all_but_latest(&mut transaction, name, now).await?,
        };
        transaction.commit().await?;
        metrics::overlap_skipped(name, overtaken);
        for skipped in &plan.skipped {
            metrics::due_times_missed(name, skipped.count);
            tracing::warn!(job = name, "{}", skipped.reason());
        }
        Ok(())
    }

    /// Lets the schedule go on from `now` after the clock, which was ahead when due times were written down, was set back. Due
    /// times that come again have their rows, so none of them runs twice.
    async fn go_back_to(&self, job: &ScheduledJob, now: DateTime<Utc>) -> sqlx::Result<()> {
        let name = job.name();
        let mut transaction = self.pools.jobs.begin().await?;
        let held = due::lock_job(&mut transaction, name).await?;
        let Some(ahead) = held.filter(|held| held.scheduled_through > now + TOLERATED_LEAD) else {
            return transaction.rollback().await;
        };
        due::set_scheduled_through(&mut transaction, name, now).await?;
        transaction.commit().await?;
        tracing::warn!(
            job = name,
            written_down_through = %ahead.scheduled_through,
            %now,
            "the clock was set back: the schedule goes on from now, and due times that were run already are not run again"
        );
        Ok(())
    }

    fn due_run(&self, job: &ScheduledJob, due: &DateTime<Tz>) -> NewRun {
        let business_day = job.job.takes_day.then(|| self.day_ended_before(due.to_utc()));
        // Where the clocks jump over midnight, a due time right after it may come before its day can be worked on.
        let ready_at = business_day.map(|day| job.job.ready_at(&self.calendar, day));
        NewRun {
            run_key: job.manifest.schedule.run_key(due),
            scheduled_for: ready_at.map_or(due.to_utc(), |ready_at| ready_at.max(due.to_utc())),
            business_day,
            skipped_because: None,
        }
    }

    fn skipped_run(&self, job: &ScheduledJob, skipped: &Skipped) -> NewRun {
        NewRun {
            skipped_because: Some(skipped.reason()),
            ..self.due_run(job, &skipped.last)
        }
    }

    /// The business day that was over last at an instant.
    pub fn day_ended_before(&self, at: DateTime<Utc>) -> NaiveDate {
        let today_began = self.calendar.day_starts_at(self.calendar.day_of(at));
        self.calendar.day_of(today_began - TimeDelta::nanoseconds(1))
    }

    /// Takes a run to work on, after putting back those whose processes died.
    pub async fn claim(&self, job: &ScheduledJob, only: Option<i64>) -> sqlx::Result<Option<ClaimedRun>> {
        let (name, now, pool) = (job.name(), self.clock.now(), &self.pools.heartbeat);
        for run in claim::requeue_abandoned(pool, name, job.manifest.max_attempts, now).await? {
            tracing::warn!(job = name, ?run, "a run's process fell silent past its lease");
            metrics::lease_lost(name, SeenBy::Successor);
        }
        let which = match only {
            Some(run_id) => Claimable::Run(run_id),
            None if !job.manifest.enabled => Claimable::Requested,
            None => match due::job(pool, name).await? {
                Some(known) if known.paused_at.is_none() => Claimable::Everything,
                _ => Claimable::Requested,
            },
        };
        claim::claim(pool, name, which, &self.owner, job.manifest.lease, now).await
    }

    /// Writes how a run ended, trying for a while, and returns its state then; `None` when the run is no longer ours or the
    /// database stays away, after which the lease expires and another process goes on.
    pub async fn end(&self, lease: &Lease, ending: &RunEnd) -> Option<String> {
        let began = std::time::Instant::now();
        loop {
            match lease::end(&self.pools.heartbeat, lease, ending, self.clock.now()).await {
                Ok(written) => return written,
                Err(error) if began.elapsed() > ENDING_TRIED_FOR => {
                    tracing::error!(run_id = lease.run_id, %error, "the end of a run cannot be written: its lease will expire");
                    return None;
                }
                Err(error) => {
                    tracing::debug!(run_id = lease.run_id, %error, "the end of a run could not be written yet");
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        }
    }
}

/// What the policy of a job says about the due times after `through` and up to `now`; `None` when there are none.
pub fn catch_up_plan(job: &ScheduledJob, through: DateTime<Utc>, now: DateTime<Utc>) -> Option<DuePlan> {
    let manifest = &job.manifest;
    let window = TimeDelta::from_std(manifest.catch_up_window).expect("manifests allow at most ten years");
    plan(&manifest.schedule, manifest.catch_up, window, through, now)
}

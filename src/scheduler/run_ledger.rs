//! Decisions about due, claimed and finished runs, between the pure due times and the SQL of the store.

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

/// Time for which writing the end of a run is retried: a dropped batch may lock its row until its statement times out.
const ENDING_TRIED_FOR: Duration = Duration::from_secs(30);

/// Maximum lead, with a margin, of due times recorded by another process whose clock is within the tolerance.
const TOLERATED_LEAD: TimeDelta = TimeDelta::seconds(10);

/// The ledger of runs, with its pools, clock and calendar.
#[derive(Clone, Debug)]
pub struct RunLedger {
    pub pools: Pools,
    pub clock: Clock,
    pub calendar: Calendar,
    /// Name of this process, for people: `host:pid`.
    pub owner: String,
}

impl RunLedger {
    /// Records due times since the last check, exactly once across replicas. Paused and disabled jobs have no due
    /// times; when they are resumed, their policy decides about the missed ones.
    ///
    /// # Errors
    /// If the database fails.
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
            // Roll back explicitly: a dropped transaction is rolled back asynchronously, and other processes would skip
            // the job while its row is locked.
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

    /// Restarts the schedule at `now` after a clock that was ahead when due times were recorded has been set back. Due
    /// times that recur have their rows already, so none runs twice.
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
            "the clock was set back: the schedule continues from now, and due times that have already been run are not repeated"
        );
        Ok(())
    }

    fn due_run(&self, job: &ScheduledJob, due: &DateTime<Tz>) -> NewRun {
        let business_day = job.job.takes_day().then(|| self.day_ended_before(due.to_utc()));
        // If a clock change skips midnight, a due time right after it may precede the time at which its day can be
        // processed.
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

    /// Returns the latest business day that was over at an instant.
    pub fn day_ended_before(&self, at: DateTime<Utc>) -> NaiveDate {
        let today_began = self.calendar.day_starts_at(self.calendar.day_of(at));
        self.calendar.day_of(today_began - TimeDelta::nanoseconds(1))
    }

    /// Claims a run, after requeuing those whose processes died.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn claim(&self, job: &ScheduledJob, only: Option<i64>) -> sqlx::Result<Option<ClaimedRun>> {
        let (name, now, pool) = (job.name(), self.clock.now(), &self.pools.heartbeat);
        for run in claim::requeue_abandoned(pool, name, job.manifest.max_attempts, now).await? {
            tracing::warn!(job = name, ?run, "the lease of a run expired without a heartbeat");
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

    /// Records the end of a run, with retries, and returns its resulting state. Returns `None` if this process no
    /// longer holds the run, or if the database stays unavailable; the lease then expires and another process
    /// continues.
    pub async fn end(&self, lease: &Lease, ending: &RunEnd) -> Option<String> {
        let began = std::time::Instant::now();
        loop {
            match lease::end(&self.pools.heartbeat, lease, ending, self.clock.now()).await {
                Ok(written) => return written,
                Err(error) if began.elapsed() > ENDING_TRIED_FOR => {
                    tracing::error!(run_id = lease.run_id, %error, "the end of a run could not be recorded: its lease will expire");
                    return None;
                }
                Err(error) => {
                    tracing::debug!(run_id = lease.run_id, %error, "recording the end of a run failed: trying again");
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        }
    }
}

/// Returns the plan for the due times after `through` and up to `now`, by the job's policy; `None` if there are none.
pub fn catch_up_plan(job: &ScheduledJob, through: DateTime<Utc>, now: DateTime<Utc>) -> Option<DuePlan> {
    let manifest = &job.manifest;
    let window = TimeDelta::from_std(manifest.catch_up_window).expect("manifests allow at most ten years");
    plan(&manifest.schedule, manifest.catch_up, window, through, now)
}

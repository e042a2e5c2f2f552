//! The scheduler: exactly one run per due time, with any number of replicas, even if they die.
//!
//! A ticker triggers checks, pure functions compute due times, and Postgres records the runs and their leases. No
//! essential state is in this process's memory, so any number of schedulers may run in parallel, or none for a while.

use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub mod attention;
pub mod clock_skew;
pub mod due_times;
pub mod manifest;
pub mod on_request;
pub mod one_run;
pub mod overview;
pub mod run_ledger;
pub mod standing;

use crate::scheduler::ticker::Alarm;
use clock_skew::JumpDetector;
use manifest::{Manifest, ManifestProblems};
use one_run::{Outcome, RunOutcome};
use run_ledger::RunLedger;

use crate::clock::Clock;
use crate::domain::business_day::Calendar;
use crate::metrics;
use crate::service::jobs::{self, AnyJob};
use crate::store::pools::Pools;

/// Time without a tick after which the ticker is replaced; also the time limit for starting it.
const SILENT_ALARM: Duration = Duration::from_secs(15);
/// Maximum pause between two checks while the database is failing.
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// A job together with its manifest.
#[derive(Clone, Debug)]
pub struct ScheduledJob {
    pub job: &'static dyn AnyJob,
    pub manifest: Manifest,
}

impl ScheduledJob {
    pub fn name(&self) -> &'static str {
        self.job.name()
    }
}

/// Runs jobs when they are due. Clones share the same scheduler.
#[derive(Clone, Debug)]
pub struct Scheduler {
    /// Also holds the pools, the clock and the calendar.
    pub ledger: Arc<RunLedger>,
    /// In the order of [`jobs::ALL`].
    pub jobs: Arc<Vec<ScheduledJob>>,
}

impl Scheduler {
    /// Creates the scheduler of this program's jobs from the manifests of a folder; see [`manifest::load`].
    ///
    /// # Errors
    /// Returns all problems of all manifests.
    pub fn load(
        pools: Pools,
        clock: Clock,
        calendar: Calendar,
        manifests: Option<&Path>,
    ) -> Result<Self, ManifestProblems> {
        let manifests = manifest::load(manifests, &calendar)?;
        manifest::check_zones(&manifests, &calendar)?;
        let jobs = jobs::ALL.iter().zip(manifests);
        let jobs = jobs.map(|(&job, manifest)| ScheduledJob { job, manifest });
        Ok(Self::new(pools, clock, calendar, jobs.collect()))
    }

    /// Creates a scheduler of the given jobs.
    pub fn new(pools: Pools, clock: Clock, calendar: Calendar, jobs: Vec<ScheduledJob>) -> Self {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let ledger = RunLedger {
            pools,
            clock,
            calendar,
            owner: format!("{host}:{}", std::process::id()),
        };
        Self {
            ledger: Arc::new(ledger),
            jobs: Arc::new(jobs),
        }
    }

    /// Performs one check: records due times and runs everything that is queued, with different jobs in parallel. An
    /// error of one job does not affect the others; the first error is returned when all are done.
    ///
    /// # Errors
    /// The first error of any job.
    pub async fn tick(&self) -> anyhow::Result<Vec<RunOutcome>> {
        self.tick_until(&CancellationToken::new()).await
    }

    /// Like [`Scheduler::tick`], but stops after the current batches once `stop` is cancelled.
    ///
    /// # Errors
    /// Like [`Scheduler::tick`].
    pub async fn tick_until(&self, stop: &CancellationToken) -> anyhow::Result<Vec<RunOutcome>> {
        let looks = join_all(self.jobs.iter().map(|job| self.drain_queue(job, stop))).await;
        let outcomes: Vec<Vec<RunOutcome>> = looks.into_iter().collect::<Result<_, _>>()?;
        Ok(outcomes.into_iter().flatten().collect())
    }

    /// Runs jobs as they become due until `shutdown` is cancelled. Returns when the last batches are finished and
    /// unfinished runs are queued again for other processes.
    pub async fn run(self, shutdown: CancellationToken) {
        let (bell, _) = watch::channel(());
        let mut workers = JoinSet::new();
        for job in self.jobs.iter() {
            let (scheduler, job) = (self.clone(), job.clone());
            let (ticks, shutdown) = (bell.subscribe(), shutdown.clone());
            workers.spawn(async move { scheduler.attend(&job, ticks, &shutdown).await });
        }
        while !shutdown.is_cancelled() {
            self.pass_ticks_on(&bell, &shutdown).await;
        }
        while workers.join_next().await.is_some() {}
    }

    /// Triggers all jobs at each tick while this machine's clock is right. Returns at shutdown, or when the ticker has
    /// to be replaced.
    async fn pass_ticks_on(&self, bell: &watch::Sender<()>, shutdown: &CancellationToken) {
        let setting = tokio::time::timeout(SILENT_ALARM, Alarm::set());
        let mut alarm = match shutdown.run_until_cancelled(setting).await {
            None => return,
            Some(Ok(Ok(alarm))) => alarm,
            Some(Ok(Err(error))) => {
                tracing::error!(%error, "the ticker cannot be started: trying again");
                let _ = shutdown.run_until_cancelled(tokio::time::sleep(MAX_PAUSE)).await;
                return;
            }
            Some(Err(_)) => {
                tracing::error!("starting the ticker took too long: trying again");
                return;
            }
        };
        let mut clock_was_right = true;
        let mut jumps = JumpDetector::default();
        let ticking = async {
            while let Ok(Some(())) = tokio::time::timeout(SILENT_ALARM, alarm.tick()).await {
                if let Some(jump) = jumps.look(self.ledger.clock.now()) {
                    tracing::warn!(
                        jump_seconds = jump.as_seconds_f64(),
                        "this machine's clock jumped (ahead if the number is positive): due times in between are handled \
                         by catch_up of each job"
                    );
                }
                self.ring_if_the_clock_is_right(bell, &mut clock_was_right).await;
            }
            tracing::error!("the ticker stopped ticking: starting a new one");
        };
        let _ = shutdown.run_until_cancelled(ticking).await;
        alarm.stop().await;
    }

    /// Triggers all jobs if the clock is right. A wrong clock is logged once, not at every tick.
    async fn ring_if_the_clock_is_right(&self, bell: &watch::Sender<()>, clock_was_right: &mut bool) {
        match clock_skew::clock_skew(&self.ledger.pools.heartbeat, &self.ledger.clock).await {
            Ok(skew) if clock_skew::is_tolerable(skew) => {
                *clock_was_right = true;
                metrics::clock_skew(skew.as_seconds_f64());
                metrics::ticked(self.ledger.clock.now().timestamp_millis() as f64 / 1_000.0);
                bell.send_replace(());
            }
            Ok(skew) => {
                metrics::clock_skew(skew.as_seconds_f64());
                if std::mem::replace(clock_was_right, false) {
                    tracing::error!(
                        skew_seconds = skew.as_seconds_f64(),
                        "this machine's clock differs from the database's by more than two seconds: no job is started here \
                         until it is corrected (check NTP on both machines)"
                    );
                }
            }
            Err(error) => tracing::warn!(%error, "the database's time cannot be read: no job is started"),
        }
    }

    /// Checks one job at every tick. Its errors do not affect other jobs, which have tasks of their own.
    async fn attend(&self, job: &ScheduledJob, mut ticks: watch::Receiver<()>, shutdown: &CancellationToken) {
        let mut pause = Duration::from_secs(1);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                rung = ticks.changed() => if rung.is_err() { return },
            }
            let looked = AssertUnwindSafe(self.drain_queue(job, shutdown)).catch_unwind().await;
            let trouble = match looked {
                Ok(Ok(_)) => {
                    pause = Duration::from_secs(1);
                    continue;
                }
                Ok(Err(error)) => crate::causes::one_line(&error),
                Err(_) => "the scheduler itself panicked".to_owned(),
            };
            tracing::error!(
                job = job.name(),
                error = trouble,
                ?pause,
                "checking for due runs failed: pausing"
            );
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(MAX_PAUSE),
            }
        }
    }

    /// Records the due times of one job and runs all runs that it can claim, in sequence.
    async fn drain_queue(&self, job: &ScheduledJob, stop: &CancellationToken) -> anyhow::Result<Vec<RunOutcome>> {
        self.ledger.enqueue_due(job).await?;
        let mut outcomes = Vec::new();
        while !stop.is_cancelled() {
            let Some(claimed) = self.ledger.claim(job, None).await? else {
                break;
            };
            let outcome = one_run::execute(&self.ledger, job, claimed, stop).await;
            // A requeued run waits for the next tick, because the cause may persist.
            let again_later = matches!(outcome.outcome, Outcome::Requeued | Outcome::Lost);
            outcomes.push(outcome);
            if again_later {
                break;
            }
        }
        Ok(outcomes)
    }

    /// Returns a job by its name.
    pub fn job(&self, name: &str) -> Option<&ScheduledJob> {
        self.jobs.iter().find(|job| job.name() == name)
    }
}

pub mod ticker;

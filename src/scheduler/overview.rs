//! How each job is doing: what people at the command line, in the admin API and on the ops page see first.

use crate::store::bounded::PgPool;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::attention::{self, Attention};
use super::{ScheduledJob, Scheduler};
pub use crate::store::job_runs::due::JobRow;
pub use crate::store::job_runs::listing::{RunMark, RunRow};
use crate::store::job_runs::{due, listing};

/// How many of the last runs of a job an overview shows.
const MARKS: i64 = 20;

/// One job at one moment.
#[derive(Clone, Debug)]
pub struct JobOverview {
    pub job: ScheduledJob,
    /// `None` until a process looked for its due times, or somebody asked for a run.
    pub known: Option<JobRow>,
    /// The run that is going on.
    pub running: Option<RunRow>,
    /// The last run that did something and ended, well or not.
    pub last: Option<RunRow>,
    /// The last runs that are over, the oldest first.
    pub marks: Vec<RunMark>,
    /// `None` while it is disabled or paused.
    pub next_due: Option<DateTime<Tz>>,
    /// How much waits to be done; `None` for jobs of which that cannot be told.
    pub backlog: Option<Backlog>,
    /// Age of the oldest due time at which work that still waits should have been done, also while the job is paused. Zero
    /// when there is none, and while the job is disabled.
    pub lag: TimeDelta,
    /// What needs a person's attention, the most important first.
    pub attention: Vec<Attention>,
}

/// How much waits to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    pub count: i64,
    /// What is counted: `awards`.
    pub unit: &'static str,
}

impl Scheduler {
    /// How a job is doing, asked over `pool`.
    pub async fn overview(&self, job: &ScheduledJob, pool: &PgPool) -> sqlx::Result<JobOverview> {
        let now = self.ledger.clock.now();
        let known = due::job(pool, job.name()).await?;
        let is_on = blocked_reason(job, known.as_ref()).is_none();
        let lag = self
            .lag(job, known.as_ref(), pool, now)
            .await?
            .max(self.backlog_lag(job, pool, now).await?);
        let backlog = match &job.job.measure {
            None => None,
            Some(measure) => Some(Backlog {
                count: measure.backlog(pool, now, self.ledger.calendar).await?,
                unit: measure.unit,
            }),
        };
        let today = self.ledger.calendar.day_of(now);
        let last = listing::last_ended(pool, job.name()).await?;
        Ok(JobOverview {
            running: listing::running(pool, job.name()).await?,
            marks: listing::last_marks(pool, job.name(), MARKS).await?,
            attention: attention::of_job(job, known.as_ref(), last.as_ref(), backlog, lag, today, pool).await?,
            last,
            next_due: is_on.then(|| job.manifest.schedule.after(now).next()).flatten(),
            job: job.clone(),
            known,
            backlog,
            lag,
        })
    }
}

impl Scheduler {
    /// The lag of due times: how long ago the oldest was due whose run is not over, or that passed while the job was paused.
    pub(super) async fn lag(
        &self,
        job: &ScheduledJob,
        known: Option<&JobRow>,
        pool: &PgPool,
        now: DateTime<Utc>,
    ) -> sqlx::Result<TimeDelta> {
        let Some(known) = known.filter(|_| job.manifest.enabled) else {
            return Ok(TimeDelta::zero());
        };
        let not_written_down = job.manifest.schedule.after(known.scheduled_through).next();
        let written_down = due::oldest_unfinished(pool, job.name()).await?;
        let oldest = written_down
            .into_iter()
            .chain(not_written_down.map(|due| due.to_utc()))
            .min();
        Ok(oldest.map_or(TimeDelta::zero(), |oldest| (now - oldest).max(TimeDelta::zero())))
    }
}

impl Scheduler {
    /// The lag of the work itself: how long ago the job was due for the first time after its oldest work became due. Counts
    /// also what runs that failed left undone.
    async fn backlog_lag(&self, job: &ScheduledJob, pool: &PgPool, now: DateTime<Utc>) -> sqlx::Result<TimeDelta> {
        let Some(measure) = job.job.measure.as_ref().filter(|_| job.manifest.enabled) else {
            return Ok(TimeDelta::zero());
        };
        let waiting_since = measure.waiting_since(pool, now).await?;
        let due = waiting_since.and_then(|since| job.manifest.schedule.after(since).next());
        Ok(due.map_or(TimeDelta::zero(), |due| (now - due.to_utc()).max(TimeDelta::zero())))
    }
}

/// Why a job is not run when it is due; `None` when it is.
pub fn blocked_reason(job: &ScheduledJob, known: Option<&JobRow>) -> Option<String> {
    if !job.manifest.enabled {
        return Some("disabled".to_owned());
    }
    let known = known?;
    let (who, why) = (known.paused_by.as_ref()?, known.pause_reason.as_ref()?);
    Some(format!("paused by {who}: {why}"))
}

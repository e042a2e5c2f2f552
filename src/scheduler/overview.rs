//! Status of each job, for the command line, the admin API and the ops page.

use crate::store::bounded::PgPool;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::attention;
use super::{ScheduledJob, Scheduler};
use crate::messages::Message;
use crate::service::ServiceError;
use crate::service::jobs::{Backlog, ReadContext};
pub use crate::store::job_runs::due::JobRow;
pub use crate::store::job_runs::listing::{RunMark, RunRow};
use crate::store::job_runs::{due, listing};

/// Number of latest runs of a job in an overview.
const MARKS: i64 = 20;

/// Status of one job at one moment.
#[derive(Clone, Debug)]
pub struct JobOverview {
    pub job: ScheduledJob,
    /// The job's row; `None` until a process checked its due times, or a run was requested.
    pub known: Option<JobRow>,
    /// The run in progress.
    pub running: Option<RunRow>,
    /// The latest finished run that had an effect or failed.
    pub last: Option<RunRow>,
    /// The latest finished runs, oldest first.
    pub marks: Vec<RunMark>,
    /// `None` while the job is disabled or paused.
    pub next_due: Option<DateTime<Tz>>,
    /// Amount of pending work; `None` if it is not measured.
    pub backlog: Option<Backlog>,
    /// Age of the oldest due time by which pending work should have been done, including while the job is paused. Zero
    /// if there is none, and while the job is disabled.
    pub lag: TimeDelta,
    /// Conditions that need an operator's attention, the most important first.
    pub attention: Vec<Message>,
}

impl Scheduler {
    /// Returns the status of a job, read through `pool`.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn overview(&self, job: &ScheduledJob, pool: &PgPool) -> Result<JobOverview, ServiceError> {
        let now = self.ledger.clock.now();
        let known = due::job(pool, job.name()).await?;
        let is_on = blocked_reason(job, known.as_ref()).is_none();
        let calendar = self.ledger.calendar;
        let read = ReadContext { pool, now, calendar };
        let backlog = job.job.backlog(&read).await?;
        let lag = self.lag(job, known.as_ref(), pool, now).await?;
        let lag = lag.max(backlog_lag(job, backlog, now));
        let last = listing::last_ended(pool, job.name()).await?;
        Ok(JobOverview {
            running: listing::running(pool, job.name()).await?,
            marks: listing::last_marks(pool, job.name(), MARKS).await?,
            attention: attention::of_job(job, known.as_ref(), last.as_ref(), backlog, lag, &read).await?,
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
    /// Returns the lag of due times: the age of the oldest one whose run is not over, or that passed while the job was
    /// paused.
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

/// Returns the lag of the work: the time since the job was first due after its oldest work became due. Includes work
/// that failed runs did not do.
fn backlog_lag(job: &ScheduledJob, backlog: Option<Backlog>, now: DateTime<Utc>) -> TimeDelta {
    let waiting_since = backlog.and_then(|backlog| backlog.waiting_since);
    let due = waiting_since.and_then(|since| job.manifest.schedule.after(since).next());
    let due = due.filter(|_| job.manifest.enabled);
    due.map_or(TimeDelta::zero(), |due| (now - due.to_utc()).max(TimeDelta::zero()))
}

/// Returns the reason why a job is not run when it is due; `None` if it is run.
pub fn blocked_reason(job: &ScheduledJob, known: Option<&JobRow>) -> Option<String> {
    if !job.manifest.enabled {
        return Some("disabled".to_owned());
    }
    let known = known?;
    let (who, why) = (known.paused_by.as_ref()?, known.pause_reason.as_ref()?);
    Some(format!("paused by {who}: {why}"))
}

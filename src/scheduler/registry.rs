//! The jobs of this program. Each has its manifest in `jobs/`.

use std::fmt;
use std::sync::Arc;

use crate::store::bounded::PgPool;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use futures_util::future::BoxFuture;
use serde_json::Value;

use super::manifest::{Manifest, ManifestProblems};
use crate::domain::business_day::Calendar;
use crate::service::audit_books::audit_books;
use crate::service::backlog;
use crate::service::close_day::{AFTER_ITS_END, close_day};
use crate::service::expire_due::expire_due;
use crate::service::job::{JobContext, JobEnd};
use crate::service::pay_reservations::pay_reservations;
use crate::service::prune_history::prune_history;
use crate::service::settle_awards::settle_awards;

type Work = dyn Fn(JobContext) -> BoxFuture<'static, anyhow::Result<JobEnd>> + Send + Sync;

type FindOldest =
    dyn Fn(PgPool, DateTime<Utc>) -> BoxFuture<'static, sqlx::Result<Option<DateTime<Utc>>>> + Send + Sync;

type CountBacklog = dyn Fn(PgPool, DateTime<Utc>, Calendar) -> BoxFuture<'static, sqlx::Result<i64>> + Send + Sync;

/// How much a job has to do, and how much of it a run did.
#[derive(Clone)]
pub struct Measure {
    /// What is counted: `awards`.
    pub unit: &'static str,
    /// How many of them a run's progress or report tells of.
    pub done: fn(&Value) -> i64,
    backlog: Arc<CountBacklog>,
    oldest: Option<Arc<FindOldest>>,
}

impl Measure {
    /// How many wait to be done at a moment.
    pub async fn backlog(&self, pool: &PgPool, now: DateTime<Utc>, calendar: Calendar) -> sqlx::Result<i64> {
        (self.backlog)(pool.clone(), now, calendar).await
    }

    /// When the oldest of what waits became due; `None` when nothing waits, or where that is not known.
    ///
    /// # Errors
    /// The database's.
    pub async fn waiting_since(&self, pool: &PgPool, now: DateTime<Utc>) -> sqlx::Result<Option<DateTime<Utc>>> {
        match &self.oldest {
            Some(oldest) => oldest(pool.clone(), now).await,
            None => Ok(None),
        }
    }
}

/// A job: an idempotent function with a name.
#[derive(Clone)]
pub struct Job {
    pub name: &'static str,
    /// Whether each run is about a business day: the one that ended before it was due.
    pub takes_day: bool,
    /// Time from the end of its day to the first moment at which a run can work on that day.
    pub ready_after: TimeDelta,
    /// How to tell what it has to do and what it did; `None` for jobs of which that cannot be told.
    pub measure: Option<Measure>,
    work: Arc<Work>,
}

impl Job {
    /// A job about whatever there is to do.
    pub fn sweep<F>(name: &'static str, work: impl Fn(JobContext) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = anyhow::Result<JobEnd>> + Send + 'static,
    {
        let work = Arc::new(move |context| Box::pin(work(context)) as BoxFuture<'static, _>);
        Self {
            name,
            takes_day: false,
            ready_after: TimeDelta::zero(),
            measure: None,
            work,
        }
    }

    /// A job about one business day.
    pub fn of_day<F>(name: &'static str, work: impl Fn(JobContext) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = anyhow::Result<JobEnd>> + Send + 'static,
    {
        Self {
            takes_day: true,
            ..Self::sweep(name, work)
        }
    }

    /// The same day job, which cannot work on a day before so much time has passed since the day's end.
    pub fn ready_after(self, ready_after: TimeDelta) -> Self {
        Self { ready_after, ..self }
    }

    /// The first instant at which a run of a day job can work on a day.
    pub fn ready_at(&self, calendar: &Calendar, day: NaiveDate) -> DateTime<Utc> {
        calendar.next_day_starts_at(calendar.day_starts_at(day)) + self.ready_after
    }

    /// The same job with a way to tell how much there is to do.
    pub fn measured<F>(
        self,
        unit: &'static str,
        backlog: impl Fn(PgPool, DateTime<Utc>, Calendar) -> F + Send + Sync + 'static,
        done: fn(&Value) -> i64,
    ) -> Self
    where
        F: Future<Output = sqlx::Result<i64>> + Send + 'static,
    {
        let backlog =
            Arc::new(move |pool, now, calendar| Box::pin(backlog(pool, now, calendar)) as BoxFuture<'static, _>);
        Self {
            measure: Some(Measure {
                unit,
                done,
                backlog,
                oldest: None,
            }),
            ..self
        }
    }

    /// The same measured job with a way to tell since when its oldest work waits.
    pub fn waiting_since<F>(mut self, oldest: impl Fn(PgPool, DateTime<Utc>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = sqlx::Result<Option<DateTime<Utc>>>> + Send + 'static,
    {
        let oldest = Arc::new(move |pool, now| Box::pin(oldest(pool, now)) as BoxFuture<'static, _>);
        if let Some(measure) = &mut self.measure {
            measure.oldest = Some(oldest);
        }
        self
    }

    pub(super) fn work(&self, context: JobContext) -> BoxFuture<'static, anyhow::Result<JobEnd>> {
        (self.work)(context)
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Job").field(&self.name).finish()
    }
}

/// Checks that each day job is scheduled in the business zone: its day ends at midnight there. `manifests` are in the order of
/// `jobs`.
///
/// # Errors
/// A problem for each manifest with another zone.
pub fn check_zones(jobs: &[Job], manifests: &[Manifest], calendar: &Calendar) -> Result<(), ManifestProblems> {
    let foreign = jobs
        .iter()
        .zip(manifests)
        .filter(|(job, manifest)| job.takes_day && manifest.schedule.time_zone != calendar.time_zone);
    let problems: Vec<String> = foreign
        .map(|(job, manifest)| {
            format!(
                "{}.toml: time_zone: is \"{}\"; write \"business\": the job works on business days, which end at midnight in {}",
                job.name, manifest.schedule.time_zone, calendar.time_zone
            )
        })
        .collect();
    match problems.is_empty() {
        true => Ok(()),
        false => Err(ManifestProblems(problems)),
    }
}

/// Every job there is, by name.
pub fn jobs() -> Vec<Job> {
    vec![
        Job::of_day("audit_books", audit_books),
        Job::of_day("close_day", close_day).ready_after(AFTER_ITS_END).measured(
            "days",
            backlog::of_closing,
            backlog::closed,
        ),
        Job::sweep("expire_due", expire_due),
        Job::sweep("pay_reservations", pay_reservations).measured("places", backlog::of_payment, backlog::paid),
        Job::sweep("prune_history", prune_history),
        Job::sweep("settle_awards", settle_awards)
            .measured("awards", backlog::of_settlement, backlog::settled)
            .waiting_since(backlog::oldest_due),
    ]
}

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

/// Measure of a job's work: the amount pending, and the amount done by a run.
#[derive(Clone)]
pub struct Measure {
    /// Unit of the counts, such as `awards`.
    pub unit: &'static str,
    /// Returns the amount done, according to a run's progress or report.
    pub done: fn(&Value) -> i64,
    backlog: Arc<CountBacklog>,
    oldest: Option<Arc<FindOldest>>,
}

impl Measure {
    /// Returns the amount of pending work at a given time.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn backlog(&self, pool: &PgPool, now: DateTime<Utc>, calendar: Calendar) -> sqlx::Result<i64> {
        (self.backlog)(pool.clone(), now, calendar).await
    }

    /// Returns the time at which the oldest pending work became due; `None` if there is none, or if it is not measured.
    ///
    /// # Errors
    /// If the database fails.
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
    /// True if each run processes one business day: the latest that was over at its due time.
    pub takes_day: bool,
    /// Time from the end of a day until a run can process it.
    pub ready_after: TimeDelta,
    /// Measure of pending and completed work; `None` if it cannot be measured.
    pub measure: Option<Measure>,
    work: Arc<Work>,
}

impl Job {
    /// Creates a job that processes all pending work.
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

    /// Creates a job that processes one business day per run.
    pub fn of_day<F>(name: &'static str, work: impl Fn(JobContext) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = anyhow::Result<JobEnd>> + Send + 'static,
    {
        Self {
            takes_day: true,
            ..Self::sweep(name, work)
        }
    }

    /// Sets the time from the end of a day until the job can process it.
    pub fn ready_after(self, ready_after: TimeDelta) -> Self {
        Self { ready_after, ..self }
    }

    /// Returns the first instant at which a run of a day job can process a day.
    pub fn ready_at(&self, calendar: &Calendar, day: NaiveDate) -> DateTime<Utc> {
        calendar.next_day_starts_at(calendar.day_starts_at(day)) + self.ready_after
    }

    /// Adds a measure of pending and completed work.
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

    /// Adds a measure of the age of pending work to a measured job.
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

/// Checks that each day job is scheduled in the business time zone, because its days end at midnight in that zone.
/// `manifests` are in the order of `jobs`.
///
/// # Errors
/// One problem for each manifest with another zone.
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

/// Returns all jobs.
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

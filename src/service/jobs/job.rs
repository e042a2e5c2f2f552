//! The trait of jobs, and its object-safe form.

use std::fmt;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use futures_util::future::BoxFuture;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::context::{Interrupted, JobContext, JobEnd, ReadContext};
use crate::domain::business_day::Calendar;
use crate::domain::number::grouped;
use crate::messages::Message;

/// A job: an idempotent function with a name, a manifest and a typed report.
pub trait Job: Send + Sync + 'static {
    const NAME: &'static str;
    /// Text of `jobs/<name>.toml`.
    const MANIFEST: &'static str;
    /// Set if each run processes one business day, the latest that was over at its due time: the time from the end of a
    /// day until a run can process it. Other jobs process all pending work.
    const READY_AFTER: Option<TimeDelta> = None;

    /// Report of a run. It is also the progress that is saved with each batch and that a later attempt continues, and
    /// fields missing in a stored report must have defaults.
    type Report: Default + Serialize + DeserializeOwned + Send + Sync;

    /// Does the work and completes the report, which has the saved progress of earlier attempts.
    ///
    /// # Errors
    /// [`Interrupted`] if the run is to stop, a lost lease, or the errors of the job.
    fn run(&self, job: &JobContext, report: &mut Self::Report) -> impl Future<Output = anyhow::Result<()>> + Send;

    /// Returns true if a run changed or checked something. Other scheduled runs are not logged at info level.
    fn had_effect(report: &Self::Report) -> bool;

    /// Returns the amount of work done, in the unit of the backlog.
    fn done(_: &Self::Report) -> i64 {
        0
    }

    /// Returns a summary for the command line, in phrases such as `closed 3 days`; empty if there was nothing to do.
    fn summary(report: &Self::Report) -> Vec<String> {
        named_counts(&json(report))
    }

    /// Returns the conditions in the report of a successful run that need an operator's attention.
    fn findings(_: &Self::Report) -> Vec<Message> {
        Vec::new()
    }

    /// Returns the conditions at the current time that need an operator's attention. `last` is the report of the last
    /// successful run, by default the only source.
    ///
    /// # Errors
    /// If the database fails.
    fn attention(
        &self,
        _: &ReadContext<'_>,
        last: &Self::Report,
    ) -> impl Future<Output = sqlx::Result<Vec<Message>>> + Send {
        std::future::ready(Ok(Self::findings(last)))
    }

    /// Returns the pending work; `None` if it is not measured.
    ///
    /// # Errors
    /// If the database fails.
    fn backlog(&self, _: &ReadContext<'_>) -> impl Future<Output = sqlx::Result<Option<Backlog>>> + Send {
        std::future::ready(Ok(None))
    }
}

/// Amount of pending work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    pub count: i64,
    /// Unit of the count, such as `awards`.
    pub unit: &'static str,
    /// Time at which the oldest pending work became due; `None` if there is none, or if it is not measured.
    pub waiting_since: Option<DateTime<Utc>>,
}

/// Content of a report or of saved progress; see the methods of [`Job`].
#[derive(Clone, Debug, Default)]
pub struct ReadReport {
    pub had_effect: bool,
    pub done: i64,
    pub summary: Vec<String>,
    pub findings: Vec<Message>,
}

/// A job of any type; see [`Job`].
pub trait AnyJob: Send + Sync {
    fn name(&self) -> &'static str;
    fn manifest(&self) -> &'static str;
    fn ready_after(&self) -> Option<TimeDelta>;

    /// Does the work of a run, continuing its saved progress.
    fn run(&self, context: JobContext) -> BoxFuture<'_, anyhow::Result<JobEnd>>;

    /// Reads a report or saved progress; a malformed one is read as empty.
    fn read_report(&self, report: &Value) -> ReadReport;

    fn attention<'a>(
        &'a self,
        read: &'a ReadContext<'a>,
        last: Option<&Value>,
    ) -> BoxFuture<'a, sqlx::Result<Vec<Message>>>;

    fn backlog<'a>(&'a self, read: &'a ReadContext<'a>) -> BoxFuture<'a, sqlx::Result<Option<Backlog>>>;

    /// Returns true if each run processes one business day.
    fn takes_day(&self) -> bool {
        self.ready_after().is_some()
    }

    /// Returns the first instant at which a run of a day job can process a day.
    fn ready_at(&self, calendar: &Calendar, day: NaiveDate) -> DateTime<Utc> {
        calendar.next_day_starts_at(calendar.day_starts_at(day)) + self.ready_after().unwrap_or_default()
    }
}

impl<J: Job> AnyJob for J {
    fn name(&self) -> &'static str {
        J::NAME
    }

    fn manifest(&self) -> &'static str {
        J::MANIFEST
    }

    fn ready_after(&self) -> Option<TimeDelta> {
        J::READY_AFTER
    }

    fn run(&self, context: JobContext) -> BoxFuture<'_, anyhow::Result<JobEnd>> {
        Box::pin(async move {
            let progress = context.progress.as_ref().map(J::Report::deserialize);
            let mut report = progress.transpose()?.unwrap_or_default();
            match Job::run(self, &context, &mut report).await {
                Ok(()) => Ok(JobEnd::Done(json(&report))),
                Err(error) if error.is::<Interrupted>() => Ok(JobEnd::Interrupted),
                Err(error) => Err(error),
            }
        })
    }

    fn read_report(&self, report: &Value) -> ReadReport {
        let report = J::Report::deserialize(report).unwrap_or_default();
        ReadReport {
            had_effect: J::had_effect(&report),
            done: J::done(&report),
            summary: J::summary(&report),
            findings: J::findings(&report),
        }
    }

    fn attention<'a>(
        &'a self,
        read: &'a ReadContext<'a>,
        last: Option<&Value>,
    ) -> BoxFuture<'a, sqlx::Result<Vec<Message>>> {
        let last = last
            .and_then(|last| J::Report::deserialize(last).ok())
            .unwrap_or_default();
        Box::pin(async move { Job::attention(self, read, &last).await })
    }

    fn backlog<'a>(&'a self, read: &'a ReadContext<'a>) -> BoxFuture<'a, sqlx::Result<Option<Backlog>>> {
        Box::pin(Job::backlog(self, read))
    }
}

impl fmt::Debug for dyn AnyJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Job").field(&self.name()).finish()
    }
}

fn json(report: &impl Serialize) -> Value {
    serde_json::to_value(report).expect("a report is plain data")
}

/// Lists the nonzero counts of a report with their names.
pub fn named_counts(report: &Value) -> Vec<String> {
    let fields = report.as_object().into_iter().flatten();
    let counts = fields.filter_map(|(name, value)| Some((name, value.as_i64().filter(|count| *count != 0)?)));
    counts
        .map(|(name, count)| format!("{}: {}", name.replace('_', " "), grouped(count)))
        .collect()
}

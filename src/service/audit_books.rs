//! The audit: everything that must hold of the books is checked, and what was found is kept, whatever it is.
//!
//! A violation is loud in the log and in the report, yet the run succeeds: it did its work, and running it again would find
//! the same. The same goes for a check that the database cannot finish in its time.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::service::job::{JobContext, JobEnd};
use crate::store::book_audits;
use crate::store::book_audits::checks::{self, Check};
use crate::store::book_audits::running::{self, Found};
use crate::store::unavailable::{Unavailable, unavailable};

/// The job's name.
pub const NAME: &str = "audit_books";

/// A check reads tables from end to end, and is worth its time: the bounds of other statements are not for it.
const MAX_CHECK: Duration = Duration::from_secs(10 * 60);
/// So many violations of a check stand in the log; more of them are kept in the database.
const LOGGED: usize = 10;

/// The report, also the progress of a run that is not over.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Report {
    /// Checks that were finished.
    checks: i64,
    violations: i64,
    /// The checks that found something, and how much.
    violated: BTreeMap<String, i64>,
    /// The checks that could not be finished, and why.
    unfinished: BTreeMap<String, String>,
}

#[derive(Debug, thiserror::Error)]
#[error("audit_books needs a business day: give one by --day")]
pub struct NoDay;

/// Makes every check there is, one after the other.
///
/// # Errors
/// [`NoDay`], a lost lease, or a database that cannot be asked. A violation is no error.
pub async fn audit_books(job: JobContext) -> anyhow::Result<JobEnd> {
    audit_books_within(job, MAX_CHECK).await
}

/// [`audit_books`] with another bound for each check.
pub async fn audit_books_within(job: JobContext, bound: Duration) -> anyhow::Result<JobEnd> {
    let day = job.business_day.ok_or(NoDay)?;
    let mut report = match &job.progress {
        Some(progress) => Report::deserialize(progress)?,
        None => Report::default(),
    };
    let kept = book_audits::kept(&job.pool, job.lease.run_id).await?;
    for check in checks::all().filter(|check| !kept.iter().any(|kept| kept == check.name)) {
        let Some(found) = make(&job, &check, day, bound).await? else {
            return Ok(JobEnd::Interrupted);
        };
        tell(day, &check, &found);
        report.add(&check, &found);
        let mut batch = job.begin_batch().await?;
        book_audits::keep(&mut batch, job.lease.run_id, day, check.name, &found, job.clock.now()).await?;
        job.commit_batch(batch, &report.to_json()).await?;
    }
    let mut batch = job.begin_batch().await?;
    book_audits::end(&mut batch, job.lease.run_id, job.clock.now()).await?;
    job.commit_batch(batch, &report.to_json()).await?;
    Ok(JobEnd::Done(report.to_json()))
}

/// Makes one check, outside of any batch: the heartbeat keeps the run meanwhile. `None` when asked to stop.
async fn make(
    job: &JobContext,
    check: &Check,
    day: NaiveDate,
    bound: Duration,
) -> anyhow::Result<Option<Result<Found, String>>> {
    if job.is_stopping() {
        return Ok(None);
    }
    let (mut transaction, backend) = running::begin(&job.pool, bound).await?;
    let found = tokio::select! {
        found = running::run(&mut transaction, check, day) => found,
        () = job.stop.cancelled() => {
            running::cancel(&job.pool, backend).await?;
            return Ok(None);
        }
    };
    match found {
        Ok(found) => Ok(Some(Ok(found))),
        Err(error) => match failure_of_the_check(&error) {
            Some(failure) => Ok(Some(Err(failure))),
            None => Err(error.into()),
        },
    }
}

/// What the database says when it was the statement that failed, by its time limit for instance, and not the connection or the
/// server: the other checks may do better.
fn failure_of_the_check(error: &sqlx::Error) -> Option<String> {
    // A check has its own lock_timeout, which is that of its statements.
    if unavailable(error) == Some(Unavailable::Away) {
        return None;
    }
    Some(error.as_database_error()?.message().to_owned())
}

/// Names the checks that a report says found violations, and those that could not be finished.
pub fn findings(report: &Value) -> (Vec<String>, Vec<String>) {
    let names = |key: &str| {
        let checks = report[key].as_object().into_iter().flatten();
        checks.map(|(name, _)| name.clone()).collect()
    };
    (names("violated"), names("unfinished"))
}

fn tell(day: NaiveDate, check: &Check, found: &Result<Found, String>) {
    match found {
        Ok(Found { violations: 0, .. }) => tracing::debug!(%day, check = check.name, "an audit found nothing"),
        Ok(found) => tracing::error!(
            %day,
            check = check.name,
            violations = found.violations,
            details = ?found.details.iter().take(LOGGED).collect::<Vec<_>>(),
            "the books are wrong"
        ),
        Err(error) => tracing::error!(%day, check = check.name, error, "a check of the books could not be finished"),
    }
}

impl Report {
    fn add(&mut self, check: &Check, found: &Result<Found, String>) {
        match found {
            Ok(found) => {
                self.checks += 1;
                self.violations += found.violations;
                if found.violations > 0 {
                    self.violated.insert(check.name.to_owned(), found.violations);
                }
            }
            Err(error) => {
                self.unfinished.insert(check.name.to_owned(), error.clone());
            }
        }
    }

    fn to_json(&self) -> Value {
        serde_json::to_value(self).expect("a report is plain data")
    }
}

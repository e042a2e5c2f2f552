//! The audit: runs all consistency checks of the books and stores their findings.
//!
//! Violations are logged as errors and reported, but the run succeeds: a repeated run would find the same. The same
//! applies to a check that the database cannot finish within its time limit.

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

/// Name of the job.
pub const NAME: &str = "audit_books";

/// Time limit of one check. Checks read whole tables, so the limits of other statements do not apply to them.
const MAX_CHECK: Duration = Duration::from_secs(10 * 60);
/// Maximum number of violations per check that are logged; more of them are stored in the database.
const LOGGED: usize = 10;

/// The report; also the progress of an unfinished run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Report {
    /// Number of finished checks.
    checks: i64,
    violations: i64,
    /// Number of violations by check, for checks that found any.
    violated: BTreeMap<String, i64>,
    /// Error messages of the checks that could not be finished.
    unfinished: BTreeMap<String, String>,
}

#[derive(Debug, thiserror::Error)]
#[error("audit_books needs a business day: set --day")]
pub struct NoDay;

/// Runs all checks in sequence.
///
/// # Errors
/// [`NoDay`], a lost lease, or an unavailable database. A violation is not an error.
pub async fn audit_books(job: JobContext) -> anyhow::Result<JobEnd> {
    audit_books_within(job, MAX_CHECK).await
}

/// Runs [`audit_books`] with another time limit for each check.
///
/// # Errors
/// Like [`audit_books`].
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
        log_result(day, &check, &found);
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

/// Runs one check, outside any batch; the heartbeat renews the lease meanwhile. `None` if asked to stop.
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

/// Returns the database's message if the statement failed, for example by its time limit, and not the connection or the
/// server: other checks may still succeed.
fn failure_of_the_check(error: &sqlx::Error) -> Option<String> {
    // A check has its own lock_timeout, equal to its statement timeout.
    if unavailable(error) == Some(Unavailable::Away) {
        return None;
    }
    Some(error.as_database_error()?.message().to_owned())
}

/// Returns the checks with violations and the checks that could not be finished, according to a report.
pub fn findings(report: &Value) -> (Vec<String>, Vec<String>) {
    let names = |key: &str| {
        let checks = report[key].as_object().into_iter().flatten();
        checks.map(|(name, _)| name.clone()).collect()
    };
    (names("violated"), names("unfinished"))
}

fn log_result(day: NaiveDate, check: &Check, found: &Result<Found, String>) {
    match found {
        Ok(Found { violations: 0, .. }) => {
            tracing::debug!(%day, check = check.name, "an audit check found no violations");
        }
        Ok(found) => tracing::error!(
            %day,
            check = check.name,
            violations = found.violations,
            details = ?found.details.iter().take(LOGGED).collect::<Vec<_>>(),
            "the books do not balance"
        ),
        Err(error) => tracing::error!(%day, check = check.name, error, "an audit check could not be finished"),
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

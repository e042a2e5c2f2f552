//! The audit: runs all consistency checks of the books and stores their findings.
//!
//! Violations are logged as errors and reported, but the run succeeds: a repeated run would find the same. The same
//! applies to a check that the database cannot finish within its time limit.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};

use super::{Interrupted, Job, JobContext, NoDay, ReadContext};
use crate::domain::number::{counted, grouped};
use crate::messages::Message;
use crate::store::book_audits::checks::{self, Check};
use crate::store::book_audits::running::{self, Found};
use crate::store::book_audits::{self, CheckResult};
use crate::store::unavailable::{Unavailable, unavailable};

/// Default time limit of one check. Checks read whole tables, so the limits of other statements do not apply to them.
const MAX_CHECK: Duration = Duration::from_secs(10 * 60);
/// Maximum number of violations per check that are logged; more of them are stored in the database.
const LOGGED: usize = 10;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// Number of finished checks.
    checks: i64,
    violations: i64,
    /// Number of violations by check, for checks that found any.
    violated: BTreeMap<String, i64>,
    /// Error messages of the checks that could not be finished.
    unfinished: BTreeMap<String, String>,
}

/// Runs all checks in sequence.
pub struct AuditBooks {
    /// Time limit of one check.
    pub max_check: Duration,
}

impl AuditBooks {
    /// The job with the default time limit.
    pub const SCHEDULED: Self = Self { max_check: MAX_CHECK };
}

impl Job for AuditBooks {
    const NAME: &'static str = "audit_books";
    const MANIFEST: &'static str = include_str!("../../../jobs/audit_books.toml");
    const READY_AFTER: Option<TimeDelta> = Some(TimeDelta::zero());

    type Report = Report;

    async fn run(&self, job: &JobContext, report: &mut Report) -> anyhow::Result<()> {
        let day = job.business_day.ok_or(NoDay(Self::NAME))?;
        let kept = book_audits::kept(&job.pool, job.lease.run_id).await?;
        for check in checks::all().filter(|check| !kept.iter().any(|kept| kept == check.name)) {
            let result = self.make(job, &check, day).await?;
            log_result(day, &check, &result);
            report.add(&check, &result);
            let mut batch = job.begin_batch().await?;
            book_audits::keep(&mut batch, job.lease.run_id, day, check.name, &result, job.clock.now()).await?;
            job.commit_batch(batch, report).await?;
        }
        let mut batch = job.begin_batch().await?;
        book_audits::end(&mut batch, job.lease.run_id, job.clock.now()).await?;
        job.commit_batch(batch, report).await
    }

    fn had_effect(report: &Report) -> bool {
        report.checks > 0 || report.violations > 0
    }

    fn summary(report: &Report) -> Vec<String> {
        let checks = counted(report.checks, "check");
        let mut said = Vec::new();
        if !report.violated.is_empty() {
            let each = report.violated.iter();
            let each = each.map(|(check, count)| format!("{check} ({})", grouped(*count)));
            let each = each.collect::<Vec<_>>().join(", ");
            said.push(format!("found {}: {each}", counted(report.violations, "violation")));
        } else if report.unfinished.is_empty() {
            said.push(format!("the books balance ({checks})"));
        } else {
            said.push(format!("found no violation in {checks}"));
        }
        if !report.unfinished.is_empty() {
            said.push(format!("did not finish {}", names(&report.unfinished).join(", ")));
        }
        said
    }

    fn findings(report: &Report) -> Vec<Message> {
        messages(report.violations, &names(&report.violated), &names(&report.unfinished))
    }

    /// The newest audit counts, not the last run.
    async fn attention(&self, read: &ReadContext<'_>, _: &Report) -> sqlx::Result<Vec<Message>> {
        let Some(audit) = book_audits::latest_finished(read.pool).await? else {
            return Ok(Vec::new());
        };
        let findings = book_audits::findings_of(read.pool, &[audit.run_id]).await?;
        let checks = findings.into_iter().map(|finding| finding.check);
        let (violated, unfinished): (Vec<_>, Vec<_>) = checks.partition(|check| check.violations.is_some());
        let [violated, unfinished] =
            [violated, unfinished].map(|checks| checks.into_iter().map(|check| check.check_name).collect::<Vec<_>>());
        Ok(messages(audit.violations, &violated, &unfinished))
    }
}

fn names<V>(checks: &BTreeMap<String, V>) -> Vec<String> {
    checks.keys().cloned().collect()
}

fn messages(violations: i64, violated: &[String], unfinished: &[String]) -> Vec<Message> {
    let wrong = (violations > 0).then(|| Message::BooksDoNotBalance {
        violations,
        checks: violated.join("; "),
    });
    let open = (!unfinished.is_empty()).then(|| Message::ChecksUnfinished {
        checks: unfinished.join("; "),
    });
    wrong.into_iter().chain(open).collect()
}

impl AuditBooks {
    /// Runs one check, outside any batch; the heartbeat renews the lease meanwhile.
    async fn make(&self, job: &JobContext, check: &Check, day: NaiveDate) -> anyhow::Result<CheckResult> {
        job.stop_if_asked()?;
        let (mut transaction, backend) = running::begin(&job.pool, self.max_check).await?;
        let found = tokio::select! {
            found = running::run(&mut transaction, check, day) => found,
            () = job.stop.cancelled() => {
                running::cancel(&job.pool, backend).await?;
                return Err(Interrupted.into());
            }
        };
        match found {
            Ok(found) => Ok(CheckResult::Finished(found)),
            Err(error) => match failure_of_the_check(&error) {
                Some(failure) => Ok(CheckResult::Unfinished(failure)),
                None => Err(error.into()),
            },
        }
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

fn log_result(day: NaiveDate, check: &Check, result: &CheckResult) {
    match result {
        CheckResult::Finished(Found { violations: 0, .. }) => {
            tracing::debug!(%day, check = check.name, "an audit check found no violations");
        }
        CheckResult::Finished(found) => tracing::error!(
            %day,
            check = check.name,
            violations = found.violations,
            details = ?found.details.iter().take(LOGGED).collect::<Vec<_>>(),
            "the books do not balance"
        ),
        CheckResult::Unfinished(error) => {
            tracing::error!(%day, check = check.name, error, "an audit check could not be finished");
        }
    }
}

impl Report {
    fn add(&mut self, check: &Check, result: &CheckResult) {
        match result {
            CheckResult::Finished(found) => {
                self.checks += 1;
                self.violations += found.violations;
                if found.violations > 0 {
                    self.violated.insert(check.name.to_owned(), found.violations);
                }
            }
            CheckResult::Unfinished(error) => {
                self.unfinished.insert(check.name.to_owned(), error.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(violations: i64, violated: &[&str], unfinished: &[&str]) -> Report {
        Report {
            checks: 24,
            violations,
            violated: violated.iter().map(|name| ((*name).to_owned(), violations)).collect(),
            unfinished: unfinished
                .iter()
                .map(|name| ((*name).to_owned(), "too slow".to_owned()))
                .collect(),
        }
    }

    #[test]
    fn violations_and_unfinished_checks_are_reported() {
        let both = report(4_000, &["cap exceeded"], &["slow"]);
        assert_eq!(
            AuditBooks::summary(&both),
            ["found 4,000 violations: cap exceeded (4,000)", "did not finish slow"]
        );
        let checks = |name: &str| name.to_owned();
        assert_eq!(
            AuditBooks::findings(&both),
            [
                Message::BooksDoNotBalance {
                    violations: 4_000,
                    checks: checks("cap exceeded")
                },
                Message::ChecksUnfinished { checks: checks("slow") },
            ]
        );
        assert_eq!(
            AuditBooks::summary(&report(0, &[], &["slow"])),
            ["found no violation in 24 checks", "did not finish slow"]
        );
    }

    #[test]
    fn balanced_books_need_no_attention() {
        let clean = report(0, &[], &[]);
        assert_eq!(AuditBooks::summary(&clean), ["the books balance (24 checks)"]);
        assert_eq!(AuditBooks::findings(&clean), []);
        assert!(AuditBooks::had_effect(&clean));
    }
}

//! Conditions of a job that need an operator's attention, even if its runs succeed or it does not run.
//!
//! Some are found in the report of a finished run, others in the current state in the database.

use crate::store::bounded::PgPool;
use chrono::{NaiveDate, TimeDelta};
use serde_json::Value;

use super::ScheduledJob;
use super::overview::{Backlog, JobRow, RunRow};
use crate::domain::language::Language;
use crate::messages::Message;
use crate::service::{audit_books, close_day, settle_awards};
use crate::store::business_days::reopening;
use crate::store::{book_audits, settlement};

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attention {
    /// An audit found violations.
    BooksDoNotBalance { violations: i64, checks: Vec<String> },
    /// An audit could not finish some of its checks.
    ChecksUnfinished { checks: Vec<String> },
    /// Awards could not be paid and wait for an operator.
    AwardsParked { count: i64, first_error: Option<String> },
    /// The totals of a closed day differ from those of its awards.
    TotalsDiffer { day: String },
    /// Days are closed although they are not over.
    DaysClosedAhead { count: i64, first: String },
    /// The latest finished run failed.
    LastRunFailed { error: String },
    /// Work is waiting, and the job is paused.
    PausedWithBacklog { by: String, backlog: Backlog },
}

impl Attention {
    /// Returns the conditions in the report of a successful run; empty if nothing needs attention.
    pub fn of_report(job: &str, report: &Value) -> Vec<Self> {
        match job {
            audit_books::NAME => {
                let (violated, unfinished) = audit_books::findings(report);
                of_audit(report["violations"].as_i64().unwrap_or(0), violated, unfinished)
            }
            settle_awards::NAME => {
                let (count, first_error) = settle_awards::parked(report);
                of_parked(count, first_error)
            }
            close_day::NAME => {
                let day = close_day::differing_day(report);
                day.map(|day| Self::TotalsDiffer { day }).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    /// Returns the message, to be rendered in the caller's language.
    pub fn message(&self) -> Message {
        match self {
            Self::BooksDoNotBalance { violations, checks } => Message::BooksDoNotBalance {
                violations: *violations,
                checks: checks.join("; "),
            },
            Self::ChecksUnfinished { checks } => Message::ChecksUnfinished {
                checks: checks.join("; "),
            },
            Self::AwardsParked { count, first_error } => Message::AwardsParked {
                count: *count,
                error: first_error.clone().unwrap_or_default(),
            },
            Self::TotalsDiffer { day } => Message::TotalsDiffer { day: day.clone() },
            Self::DaysClosedAhead { count, first } => Message::DaysClosedAhead {
                count: *count,
                day: first.clone(),
            },
            Self::LastRunFailed { error } => Message::LastRunFailed { error: error.clone() },
            Self::PausedWithBacklog { by, backlog } => Message::JobPausedWithBacklog {
                by: by.clone(),
                count: backlog.count,
                unit: backlog.unit.to_owned(),
            },
        }
    }
}

/// Returns the messages of several conditions as one text; `None` if there are none.
pub fn text(all: &[Attention], language: Language) -> Option<String> {
    let sentences: Vec<_> = all.iter().map(|one| one.message().text(language)).collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

/// Returns the conditions of a job at this moment.
///
/// # Errors
/// If the database fails.
pub(super) async fn of_job(
    job: &ScheduledJob,
    known: Option<&JobRow>,
    last: Option<&RunRow>,
    backlog: Option<Backlog>,
    lag: TimeDelta,
    today: NaiveDate,
    pool: &PgPool,
) -> sqlx::Result<Vec<Attention>> {
    let mut found = match job.name() {
        audit_books::NAME => match book_audits::latest_finished(pool).await? {
            None => Vec::new(),
            Some(audit) => {
                let findings = book_audits::findings_of(pool, &[audit.run_id]).await?;
                let (violated, unfinished): (Vec<_>, Vec<_>) = findings
                    .into_iter()
                    .partition(|finding| finding.check.violations.is_some());
                let name = |findings: Vec<book_audits::AuditFinding>| {
                    findings.into_iter().map(|finding| finding.check.check_name).collect()
                };
                of_audit(audit.violations, name(violated), name(unfinished))
            }
        },
        settle_awards::NAME => {
            let parked = settlement::parked_summary(pool).await?;
            of_parked(parked.count, parked.first_error)
        }
        // For the other jobs, only the report of the last run is relevant.
        name => match last.and_then(|run| run.report.as_ref()) {
            Some(report) => Attention::of_report(name, report),
            None => Vec::new(),
        },
    };
    if job.name() == close_day::NAME {
        let ahead = reopening::closed_ahead(pool, today).await?;
        if let Some(first) = ahead.first {
            found.push(Attention::DaysClosedAhead {
                count: ahead.count,
                first: first.to_string(),
            });
        }
    }
    if let Some(run) = last.filter(|run| run.state == "FAILED") {
        let error = run.error.clone().unwrap_or_default();
        found.push(Attention::LastRunFailed { error });
    }
    let paused_by = known.and_then(|known| known.paused_by.clone());
    if let (Some(by), Some(backlog)) = (paused_by, backlog)
        && backlog.count > 0
        && lag > TimeDelta::zero()
    {
        found.push(Attention::PausedWithBacklog { by, backlog });
    }
    Ok(found)
}

fn of_audit(violations: i64, violated: Vec<String>, unfinished: Vec<String>) -> Vec<Attention> {
    let wrong = (violations > 0).then_some(Attention::BooksDoNotBalance {
        violations,
        checks: violated,
    });
    let open = (!unfinished.is_empty()).then_some(Attention::ChecksUnfinished { checks: unfinished });
    wrong.into_iter().chain(open).collect()
}

fn of_parked(count: i64, first_error: Option<String>) -> Vec<Attention> {
    (count > 0)
        .then_some(Attention::AwardsParked { count, first_error })
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(job: &str, report: Value) -> Option<String> {
        text(&Attention::of_report(job, &report), Language::English)
    }

    #[test]
    fn conditions_are_found_in_reports() {
        let audit = json!({ "checks": 24, "violations": 7, "violated": { "cap exceeded": 7 }, "unfinished": {} });
        let audit = said("audit_books", audit).unwrap();
        assert!(audit.starts_with("The books do not balance: 7 violations"), "{audit}");
        assert!(audit.contains("cap exceeded"), "{audit}");
        let open =
            json!({ "checks": 24, "violations": 0, "violated": {}, "unfinished": { "cap exceeded": "too slow" } });
        assert!(said("audit_books", open).unwrap().contains("cap exceeded"));
        let parked = json!({ "settled": 0, "parked": 2, "parked_awards": [{ "error": "too much" }] });
        let parked = said("settle_awards", parked).unwrap();
        assert!(parked.starts_with("2 awards are parked: too much"), "{parked}");
        let closed = json!({ "closed": 0, "checked": { "day": "2026-11-19", "differences": [{ "item": "sign_in" }] } });
        assert!(said("close_day", closed).unwrap().contains("2026-11-19"));
    }

    #[test]
    fn a_report_without_findings_has_no_conditions() {
        let clean = json!({ "checks": 24, "violations": 0, "violated": {}, "unfinished": {} });
        assert_eq!(said("audit_books", clean), None);
        assert_eq!(said("settle_awards", json!({ "settled": 5, "parked": 0 })), None);
        let compared = json!({ "closed": 0, "checked": { "day": "2026-11-19", "differences": [] } });
        assert_eq!(said("close_day", compared), None);
        assert_eq!(said("expire_due", json!({ "parked": 5 })), None);
    }
}

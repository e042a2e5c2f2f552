//! Conditions of a job that need an operator's attention, even if its runs succeed or it does not run.

use chrono::TimeDelta;
use serde_json::Value;

use super::ScheduledJob;
use super::overview::{JobRow, RunRow};
use crate::domain::language::Language;
use crate::messages::Message;
use crate::service::jobs::{self, Backlog, ReadContext};

/// Returns the conditions in the report of a successful run; empty if nothing needs attention.
pub fn of_report(job: &str, report: &Value) -> Vec<Message> {
    jobs::find(job).map_or_else(Vec::new, |job| job.read_report(report).findings)
}

/// Returns several conditions as one text; `None` if there are none.
pub fn text(all: &[Message], language: Language) -> Option<String> {
    let sentences: Vec<_> = all.iter().map(|one| one.text(language)).collect();
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
    read: &ReadContext<'_>,
) -> sqlx::Result<Vec<Message>> {
    let report = last.and_then(|run| run.report.as_ref());
    let mut found = job.job.attention(read, report).await?;
    if let Some(run) = last.filter(|run| run.state == "FAILED") {
        let error = run.error.clone().unwrap_or_default();
        found.push(Message::LastRunFailed { error });
    }
    let paused_by = known.and_then(|known| known.paused_by.clone());
    if let (Some(by), Some(Backlog { count, unit, .. })) = (paused_by, backlog)
        && count > 0
        && lag > TimeDelta::zero()
    {
        let unit = unit.to_owned();
        found.push(Message::JobPausedWithBacklog { by, count, unit });
    }
    Ok(found)
}

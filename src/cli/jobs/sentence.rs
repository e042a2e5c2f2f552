//! One-sentence summaries of runs.

use serde_json::Value;

use super::shapes::Run;
use crate::service::jobs::{self, named_counts};

/// Summarises the report or progress of a run; `None` if it found nothing to do.
pub fn did(job: &str, report: &Value) -> Option<String> {
    let said = match jobs::find(job) {
        Some(job) => job.read_report(report).summary,
        // A job of another version.
        None => named_counts(report),
    };
    Some(said.join("; ")).filter(|said| !said.is_empty())
}

/// Returns true for a scheduled run that succeeded and found nothing to do.
pub fn did_nothing(run: &Run) -> bool {
    let is_routine = run.state == "SUCCEEDED" && run.origin == "SCHEDULE" && !run.dry_run && run.error.is_none();
    let found_nothing = match run.had_effect {
        Some(had_effect) => !had_effect,
        None => run.report.as_ref().is_none_or(|report| did(&run.job, report).is_none()),
    };
    is_routine && found_nothing
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reports_are_summarised_and_empty_ones_are_none() {
        for (job, report, said) in [
            (
                "pay_reservations",
                json!({ "paid": 2, "batches": 1, "campaigns": 1, "sums": { "1": "2.0000" } }),
                Some("paid 2 places: 2.0000 of coin 1; finished 1 campaign"),
            ),
            (
                "expire_due",
                json!({ "word_campaigns": 1, "session_keys": 0 }),
                Some("ended 1 word campaign"),
            ),
            (
                "prune_history",
                json!({ "job_runs": 20, "new_kind": 2 }),
                Some("deleted 20 old runs; new kind: 2"),
            ),
            (
                "another_job",
                json!({ "things_done": 2, "none": 0 }),
                Some("things done: 2"),
            ),
            ("expire_due", json!({}), None),
        ] {
            assert_eq!(did(job, &report).as_deref(), said, "{job} {report}");
        }
    }
}

//! One-sentence summaries of runs, built from the reports of their jobs.

use serde_json::{Map, Value};

use super::shapes::Run;
use crate::cli::table::{counted, grouped};

/// Summarises the report or progress of a run; `None` if it found nothing to do.
pub fn did(job: &str, report: &Value) -> Option<String> {
    let Value::Object(report) = report else { return None };
    let said = match job {
        "settle_awards" => settled(report),
        "pay_reservations" => paid(report),
        "close_day" => closed(report),
        "audit_books" => audited(report),
        "expire_due" => ended(report),
        "prune_history" => deleted(report),
        _ => any(report),
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

fn settled(report: &Map<String, Value>) -> Vec<String> {
    let mut said = Vec::new();
    if let Some(settled) = number(report, "settled") {
        said.push(format!("settled {}{}", counted(settled, "award"), sums(report)));
    }
    // In reports of older versions, `parked` counts only the awards parked by the run itself.
    let is_old = !report.contains_key("newly_parked");
    let newly_parked = number(report, if is_old { "parked" } else { "newly_parked" });
    if let Some(parked) = newly_parked {
        said.push(format!("parked {}", counted(parked, "award")));
    }
    if let Some(parked) = number(report, "parked").filter(|parked| Some(*parked) != newly_parked) {
        said.push(format!("{} parked in total", counted(parked, "award")));
    }
    said
}

fn paid(report: &Map<String, Value>) -> Vec<String> {
    let mut said = Vec::new();
    if let Some(paid) = number(report, "paid") {
        said.push(format!("paid {}{}", counted(paid, "place"), sums(report)));
    }
    if let Some(campaigns) = number(report, "campaigns") {
        said.push(format!("finished {}", counted(campaigns, "campaign")));
    }
    said
}

fn closed(report: &Map<String, Value>) -> Vec<String> {
    let mut said = Vec::new();
    if let Some(closed) = number(report, "closed") {
        let days = report.get("closed_days").and_then(Value::as_array);
        let days: Vec<&str> = days.into_iter().flatten().filter_map(Value::as_str).collect();
        let named = match days.as_slice() {
            [day] => (*day).to_owned(),
            [first, .., last] => format!("{}, {first} to {last},", counted(closed, "day")),
            [] => counted(closed, "day"),
        };
        let awards = number(report, "awards").unwrap_or(0);
        said.push(format!("closed {named} with {}", counted(awards, "award")));
    }
    if report.get("checked").is_some_and(|checked| !checked.is_null()) {
        said.push("the day was already closed; its totals were checked".to_owned());
    }
    if let Some(pruned) = number(report, "pruned_counters") {
        said.push(format!("deleted {}", counted(pruned, "old counter")));
    }
    said
}

fn audited(report: &Map<String, Value>) -> Vec<String> {
    let mut said = Vec::new();
    let checks = counted(report.get("checks").and_then(Value::as_i64).unwrap_or(0), "check");
    let named = |name: &str| {
        report
            .get(name)
            .and_then(Value::as_object)
            .filter(|found| !found.is_empty())
    };
    match named("violated") {
        Some(violated) => {
            let each: Vec<String> = violated
                .iter()
                .map(|(check, count)| format!("{check} ({})", grouped(count.as_i64().unwrap_or(0))))
                .collect();
            let violations = number(report, "violations").unwrap_or(0);
            said.push(format!(
                "found {}: {}",
                counted(violations, "violation"),
                each.join(", ")
            ));
        }
        None if named("unfinished").is_none() => said.push(format!("the books balance ({checks})")),
        None => said.push(format!("found no violation in {checks}")),
    }
    if let Some(unfinished) = named("unfinished") {
        let names: Vec<&str> = unfinished.keys().map(String::as_str).collect();
        said.push(format!("did not finish {}", names.join(", ")));
    }
    said
}

fn ended(report: &Map<String, Value>) -> Vec<String> {
    kinds(
        report,
        &[
            ("reservation_campaigns", "closed", "reservation campaign"),
            ("word_campaigns", "ended", "word campaign"),
            ("session_keys", "deleted", "ended session key"),
        ],
    )
}

fn deleted(report: &Map<String, Value>) -> Vec<String> {
    kinds(
        report,
        &[
            ("job_runs", "deleted", "old run"),
            ("task_requests", "deleted", "old task report"),
            ("tries", "deleted", "old count of failed attempts"),
        ],
    )
}

/// Lists the nonzero counts of a report: those in `known` with their verb and noun, all others with their names.
fn kinds(report: &Map<String, Value>, known: &[(&str, &str, &str)]) -> Vec<String> {
    let mut rest = report.clone();
    let mut said = Vec::new();
    for (name, verb, singular) in known {
        if let Some(count) = number(&rest, name) {
            said.push(format!("{verb} {}", counted(count, singular)));
        }
        rest.remove(*name);
    }
    said.extend(any(&rest));
    said
}

/// Lists all nonzero numbers of a report.
fn any(report: &Map<String, Value>) -> Vec<String> {
    let numbers = report.keys().filter_map(|name| Some((name, number(report, name)?)));
    numbers
        .map(|(name, count)| format!("{}: {}", name.replace('_', " "), grouped(count)))
        .collect()
}

/// Returns a nonzero count of a report.
fn number(report: &Map<String, Value>, name: &str) -> Option<i64> {
    report.get(name).and_then(Value::as_i64).filter(|number| *number != 0)
}

/// Formats the sums of a report by coin: `: 1,200.0000 of coin 1`.
fn sums(report: &Map<String, Value>) -> String {
    let Some(Value::Object(sums)) = report.get("sums") else {
        return String::new();
    };
    let each: Vec<String> = sums
        .iter()
        .map(|(coin, sum)| format!("{} of coin {coin}", grouped_amount(sum.as_str().unwrap_or("?"))))
        .collect();
    match each.is_empty() {
        true => String::new(),
        false => format!(": {}", each.join(", ")),
    }
}

/// Formats a decimal number with commas between the thousands of its integer part.
pub fn grouped_amount(amount: &str) -> String {
    let (whole, places) = amount.split_once('.').unwrap_or((amount, ""));
    match whole.parse::<i64>() {
        Ok(number) if places.is_empty() => grouped(number),
        Ok(0) if whole.starts_with('-') => format!("-0.{places}"),
        Ok(number) => format!("{}.{places}", grouped(number)),
        Err(_) => amount.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reports_are_summarised_and_empty_ones_are_none() {
        for (job, report, said) in [
            (
                "settle_awards",
                json!({ "settled": 1200, "parked": 0, "batches": 3, "sums": { "1": "12000.5000" } }),
                Some("settled 1,200 awards: 12,000.5000 of coin 1"),
            ),
            (
                "settle_awards",
                json!({ "settled": 0, "parked": 1, "batches": 0, "sums": {} }),
                Some("parked 1 award"),
            ),
            (
                "settle_awards",
                json!({ "settled": 0, "parked": 3, "newly_parked": 1, "batches": 0, "sums": {} }),
                Some("parked 1 award; 3 awards parked in total"),
            ),
            (
                "settle_awards",
                json!({ "settled": 0, "parked": 1, "newly_parked": 0, "batches": 0, "sums": {} }),
                Some("1 award parked in total"),
            ),
            (
                "settle_awards",
                json!({ "settled": 0, "parked": 0, "batches": 0, "sums": {} }),
                None,
            ),
            (
                "pay_reservations",
                json!({ "paid": 2, "batches": 1, "campaigns": 1, "sums": { "1": "2.0000" } }),
                Some("paid 2 places: 2.0000 of coin 1; finished 1 campaign"),
            ),
            (
                "close_day",
                json!({ "closed": 1, "closed_days": ["2026-11-21"], "awards": 7, "pruned_counters": 0 }),
                Some("closed 2026-11-21 with 7 awards"),
            ),
            (
                "close_day",
                json!({ "closed": 3, "closed_days": ["2026-11-19", "2026-11-20", "2026-11-21"], "awards": 7, "pruned_counters": 2 }),
                Some("closed 3 days, 2026-11-19 to 2026-11-21, with 7 awards; deleted 2 old counters"),
            ),
            (
                "audit_books",
                json!({ "checks": 15, "violations": 0, "violated": {}, "unfinished": {} }),
                Some("the books balance (15 checks)"),
            ),
            (
                "audit_books",
                json!({ "checks": 14, "violations": 4000, "violated": { "balance is the sum": 4000 }, "unfinished": { "slow": "timeout" } }),
                Some("found 4,000 violations: balance is the sum (4,000); did not finish slow"),
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

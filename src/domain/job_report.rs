//! The report of a job run: a JSON object of counts and further details.

use serde_json::Value;

/// Counts of batches or of waiting work, which are not changes.
const NOT_AN_EFFECT: [&str; 2] = ["batches", "parked"];

/// Returns true if a report counts at least one change, such as a settled award, a deleted row or a finished check.
pub fn had_effect(report: &Value) -> bool {
    let Value::Object(fields) = report else {
        return false;
    };
    fields
        .iter()
        .filter(|(name, _)| !NOT_AN_EFFECT.contains(&name.as_str()))
        .any(|(_, value)| value.as_i64().is_some_and(|count| count > 0))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_report_has_an_effect_when_it_counts_a_change() {
        assert!(!had_effect(
            &json!({ "settled": 0, "parked": 4, "newly_parked": 0, "batches": 3, "sums": { "1": "0.0000" } })
        ));
        assert!(!had_effect(&json!({ "settled": 0, "parked": 4, "newly_parked": 0 })));
        assert!(!had_effect(&json!({})));
        assert!(!had_effect(&json!(null)));
        assert!(had_effect(&json!({ "settled": 1, "parked": 0, "batches": 1 })));
        assert!(had_effect(&json!({ "settled": 0, "parked": 1, "newly_parked": 1 })));
        assert!(had_effect(&json!({ "checks": 25, "violations": 0 })));
    }
}

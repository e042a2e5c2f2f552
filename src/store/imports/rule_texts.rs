//! Check of imported texts of rules.

use serde_json::Value;

use crate::domain::rule_texts::RuleTexts;
use crate::domain::transfer::field_name;

/// Checks the texts of an item as `setRule` does; the constraints of the table accept more.
///
/// # Errors
/// Returns the problems.
pub(super) fn check(row: &Value) -> Result<(), String> {
    let columns = row.as_object().into_iter().flatten();
    let fields = columns.map(|(column, value)| (field_name(column), value.clone()));
    let texts: RuleTexts = serde_json::from_value(fields.collect()).map_err(|error| error.to_string())?;
    let problems: Vec<_> = texts.problems().iter().map(ToString::to_string).collect();
    match problems.is_empty() {
        true => Ok(()),
        false => Err(problems.join(" ").replace("input.texts.", "")),
    }
}

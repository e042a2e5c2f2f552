//! Objects of the legacy methods, accepted as they are.

use serde_json::{Map, Value};

use super::fields::{Fields, required};
use super::records::{Award, User, award_of, user_of};
use super::{Parsed, Record};
use crate::domain::award::{AwardStatus, AwardType};
use crate::domain::business_day::Calendar;

/// Parses an object without a `type`.
pub(super) fn parse(mut object: Map<String, Value>, calendar: Calendar) -> Vec<Result<Parsed, String>> {
    if let Some(Value::Object(data)) = object.get_mut("data").map(Value::take) {
        object = data;
    }
    if let Some(logs) = object.get_mut("award_logs").map(Value::take) {
        let Value::Array(logs) = logs else {
            return vec![Err("award_logs: expected a list.".to_owned())];
        };
        let logs = logs.into_iter().enumerate();
        return logs
            .map(|(index, log)| match log {
                Value::Object(log) => award(log, calendar).map_err(|reason| format!("award_logs[{index}]: {reason}")),
                _ => Err(format!("award_logs[{index}]: expected an object.")),
            })
            .map(|parsed| parsed.map(Parsed::Record))
            .collect();
    }
    let record = if object.contains_key("award_item") {
        award(object, calendar)
    } else if object.contains_key("parent_code") {
        invitation(object)
    } else {
        Err("type is missing, such as \"user\" or \"award\".".to_owned())
    };
    vec![record.map(Parsed::Record)]
}

fn award(log: Map<String, Value>, calendar: Calendar) -> Result<Record, String> {
    let mut fields = Fields::new(log);
    let status = required("status", fields.integer("status")?)?;
    let status = AwardStatus::ALL.into_iter().find(|known| *known as i64 == status);
    let target_id = fields.short_text("target_id", 64)?.filter(|target| target != "0");
    let award = Award {
        award_id: required("id", fields.id("id")?)?,
        user_id: required("user_id", fields.id("user_id")?)?,
        item: required("award_item", fields.text("award_item")?)?,
        award_type: required(
            "award_type",
            fields.name_of("award_type", &AwardType::ALL, |known| known.name())?,
        )?,
        amount: required("amount", fields.amount("amount")?)?,
        coin_id: required("coin_id", fields.short_text("coin_id", 32)?)?,
        target_id,
        status: status.ok_or("status: expected 0 (pending), 1 (settled), 2 (reversed) or 3 (void).")?,
        created_at: required("create_time", fields.time("create_time")?)?,
        updated_at: fields.time("update_time")?,
    };
    fields.finish()?;
    award_of(award, Fields::new(Map::new()), calendar)
}

/// The binding has no time of its own: it was the last change.
fn invitation(object: Map<String, Value>) -> Result<Record, String> {
    let mut fields = Fields::new(object);
    let parent_code = fields.text("parent_code")?.filter(|code| !code.is_empty());
    let parent_id = fields.legacy_id("parent_id")?;
    let created_at = required("create_time", fields.time("create_time")?)?;
    let updated_at = fields.time("update_time")?;
    let user = User {
        user_id: required("user_id", fields.id("user_id")?)?,
        code: fields.text("code")?,
        class: fields.integer("class")?,
        bound_at: parent_id.and(updated_at.or(Some(created_at))),
        parent_id,
        parent_code,
        created_at,
        updated_at,
        ..User::default()
    };
    fields.finish()?;
    user_of(user)
}

//! `newbee audit`: the audit log.

use anyhow::Context;
use chrono::{DateTime, Utc};
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use super::admin::{Admin, read};
use super::common::CommonArgs;
use super::table::{Rows, utc};
use super::{output, values};
use crate::clock::Clock;
use crate::config::Problems;

const AUDIT_LOG: &str = concat!(
    "query ($subject: String, $userId: ID, $actor: String, $action: String, $first: Int!, $below: ID) {
        auditLog(subject: $subject, userId: $userId, actor: $actor, action: $action, first: $first, below: $below) { ",
    audit_fields!(),
    " } }"
);

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  newbee audit\n  newbee audit --user 17\n  newbee audit --subject rule:join_group\n  \
    newbee audit --actor key:chat --action register_session --json\n\n\
    The newest change comes first. --json also has the values before and after each change."
)]
pub struct AuditArgs {
    /// Only changes of this subject, such as rule:join_group, award:22 or job:close_day
    #[arg(long, value_name = "SUBJECT")]
    subject: Option<String>,
    /// Only changes related to this user
    #[arg(long, value_name = "USER_ID", value_parser = values::user_id)]
    user: Option<i64>,
    /// Only changes by this actor, such as key:chat or command line:ann
    #[arg(long, value_name = "ACTOR")]
    actor: Option<String>,
    /// Only changes of this kind, such as set_rule or void_award
    #[arg(long, value_name = "ACTION")]
    action: Option<String>,
    /// Number of changes to show, at most 100
    #[arg(long, value_name = "NUMBER", default_value = "20", value_parser = values::page)]
    limit: u16,
    /// Only changes older than this entry: the number of the last one shown
    #[arg(long, value_name = "ENTRY", value_parser = values::entry_id)]
    below: Option<i64>,
    #[command(flatten)]
    common: CommonArgs,
}

/// An entry of the audit log.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    id: String,
    at: DateTime<Utc>,
    actor: String,
    action: String,
    subject: String,
    reason: Option<String>,
    before: Option<Value>,
    after: Option<Value>,
}

/// Prints the audit log.
///
/// # Errors
/// A read fails, or standard output cannot be written.
pub async fn run(args: &AuditArgs, problems: Problems, clock: Clock) -> anyhow::Result<()> {
    let admin = Admin::open(&args.common, problems, clock).await?;
    let variables = json!({
        "subject": args.subject,
        "userId": args.user.map(|user| user.to_string()),
        "actor": args.actor,
        "action": args.action,
        "first": args.limit,
        "below": args.below.map(|entry| entry.to_string()),
    });
    let value = admin.ask("auditLog", AUDIT_LOG, variables).await?;
    if args.common.json {
        return output::json(&value);
    }
    let entries: Vec<Entry> = read(&value)?;
    if entries.is_empty() {
        return Ok(output::line("No change matches.")?);
    }
    let mut text = table(&entries).into_text();
    if entries.len() == usize::from(args.limit) {
        let last = entries.last().context("there are entries")?;
        text.push_str(&format!("\n\nOlder changes: --below {}", last.id));
    }
    Ok(output::line(text)?)
}

/// Returns a table of changes, with times in UTC.
pub fn table(entries: &[Entry]) -> Rows {
    let mut rows = Rows::new(&["ENTRY", "AT (UTC)", "BY", "WHAT"]);
    for entry in entries {
        rows.add([entry.id.clone(), utc(entry.at), entry.actor.clone(), what(entry)]);
    }
    rows
}

fn what(entry: &Entry) -> String {
    let changes = changes(entry.before.as_ref(), entry.after.as_ref());
    let mut said = format!("{} {}", entry.action, entry.subject);
    if !changes.is_empty() {
        said.push_str(&format!(": {}", changes.join(", ")));
    }
    if let Some(reason) = &entry.reason {
        said.push_str(&format!(" ({reason})"));
    }
    said
}

/// Returns the fields that differ, formatted as `amount 1.0000 → 2.0000`. For a new object, returns all its fields.
fn changes(before: Option<&Value>, after: Option<&Value>) -> Vec<String> {
    let none = serde_json::Map::new();
    let (before, after) = (
        before.and_then(Value::as_object).unwrap_or(&none),
        after.and_then(Value::as_object).unwrap_or(&none),
    );
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    let differing = names.into_iter().filter_map(|name| {
        let (was, is) = (short(before.get(name)), short(after.get(name)));
        match (was, is) {
            (was, is) if was == is => None,
            (None, Some(is)) => Some(format!("{name} {is}")),
            (Some(was), None) => Some(format!("{name} {was} → none")),
            (Some(was), Some(is)) => Some(format!("{name} {was} → {is}")),
            (None, None) => None,
        }
    });
    differing.collect()
}

fn short(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        value => Some(value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_fields_that_differ_are_listed() {
        let (before, after) = (
            json!({ "amount": "1.0000", "enabled": true, "dailyLimit": null }),
            json!({ "amount": "2.0000", "enabled": true, "dailyLimit": 3 }),
        );
        assert_eq!(
            changes(Some(&before), Some(&after)),
            ["amount 1.0000 → 2.0000", "dailyLimit 3"]
        );
        assert_eq!(changes(None, Some(&json!({ "name": "chat" }))), ["name chat"]);
        assert_eq!(changes(Some(&json!({ "class": 1 })), None), ["class 1 → none"]);
    }
}

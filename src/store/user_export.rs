//! Export of everything that is stored about one user.

use serde_json::{Map, Value, json};
use sqlx::PgExecutor;

use crate::domain::id::UserId;
use crate::store::unnamed::Unnamed;

/// Parts of an export, in its order, each with the table that it shows.
pub const PARTS: [(&str, &str); 18] = [
    ("user", "users"),
    ("invitation", "invitations"),
    ("children", "invitation_children"),
    ("sessions", "sessions"),
    ("session_requests", "session_requests"),
    ("reports", "task_requests"),
    ("awards", "awards"),
    ("ledger_entries", "ledger_entries"),
    ("balances", "balances"),
    ("streak", "award_feeds"),
    ("covered_days", "covered_days"),
    ("daily_counts", "daily_counters"),
    ("qualifications", "qualifications"),
    ("attempt_limits", "tries"),
    ("word_shares", "word_shares"),
    ("reservations", "reservations"),
    ("grants", "grant_lines"),
    ("audit_log", "audit_log"),
];

/// Parts that are one object instead of a list.
const SINGLE: [&str; 3] = ["user", "invitation", "streak"];

/// Tables about users that are not exported, with the reason.
pub const LEFT_OUT: [(&str, &str); 6] = [
    (
        "host_event_marks",
        "how much of `awards` is in the feed of the host application",
    ),
    ("host_event_queue", "changes that wait to be copied into that feed"),
    (
        "host_events",
        "the feed itself: it names awards, bindings and reservations of the other parts",
    ),
    ("imported_streaks", "part of `streak`"),
    ("invitation_codes", "another form of the code in `invitation`"),
    ("invitation_links", "the parent in `invitation`"),
];

/// Columns that are not exported: the user's own id, which the export states once, hashes of keys and contents, and
/// another form of the name.
pub const HIDDEN: [&str; 4] = ["user_id", "key_hash", "content_hash", "search_name"];

/// Returns the export of a user as a JSON object; `None` if the user does not exist.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn export(connection: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<Option<Value>> {
    let found = sqlx::query_file_scalar!("src/store/users/export.sql", user.0)
        .fetch_one(Unnamed(connection))
        .await?;
    let Some(Value::Object(mut found)) = found.filter(|found| found.get("user").is_some()) else {
        return Ok(None);
    };
    let mut export = Map::new();
    export.insert("id".to_owned(), json!(user.0.to_string()));
    for (part, _) in PARTS {
        let mut rows: Vec<Value> = match found.remove(part) {
            Some(Value::Array(rows)) => rows.into_iter().map(in_camel_case).collect(),
            _ => Vec::new(),
        };
        let value = match SINGLE.contains(&part) {
            true => rows.pop().unwrap_or_default(),
            false => Value::Array(rows),
        };
        export.insert(camel_case(part), value);
    }
    Ok(Some(Value::Object(export)))
}

/// Returns a row with its columns named as in the APIs. Values are not changed.
fn in_camel_case(row: Value) -> Value {
    match row {
        Value::Object(columns) => columns
            .into_iter()
            .map(|(name, value)| (camel_case(&name), value))
            .collect(),
        other => other,
    }
}

/// Returns the name of a column as in the APIs: `created_at` as `createdAt`.
pub fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut text, word| {
        let mut letters = word.chars();
        text.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        text.push_str(letters.as_str());
        text
    })
}

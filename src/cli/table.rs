//! Aligned text tables, and times as people read them.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use comfy_table::{ContentArrangement, Table};

/// A table with a header line and no frames, as wide as the terminal.
pub fn table(header: &[&str]) -> Table {
    let mut table = plain_table();
    table.set_header(header.iter().copied());
    table
}

/// The same without a header line: names and what they stand for.
pub fn plain_table() -> Table {
    let mut table = Table::new();
    table
        .load_style(comfy_table::presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic);
    table
}

/// `2026-11-22 16:05:00`, in UTC.
pub fn utc(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// `2026-11-23 00:05:00 CST +08:00`, in a zone: the offset tells the two sides of a change of the clocks apart.
pub fn local(at: DateTime<Tz>) -> String {
    at.format("%Y-%m-%d %H:%M:%S %Z %:z").to_string()
}

/// How long ago, in the largest unit that fits: `3 min ago`.
pub fn ago(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let passed = now - at;
    match passed {
        _ if passed < TimeDelta::zero() => "just now".to_owned(),
        _ if passed < TimeDelta::minutes(2) => format!("{} s ago", passed.num_seconds()),
        _ if passed < TimeDelta::hours(2) => format!("{} min ago", passed.num_minutes()),
        _ if passed < TimeDelta::days(2) => format!("{} h ago", passed.num_hours()),
        _ => format!("{} days ago", passed.num_days()),
    }
}

/// How long something took: `0.42 s`, `3 min 12 s`.
pub fn took(time: TimeDelta) -> String {
    match time.num_seconds() {
        ..60 => format!("{:.2} s", time.as_seconds_f64().max(0.0)),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

//! Installation section of `newbee status`: the stored business time zone and recently reopened days.

use std::fmt;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cli::admin::{Admin, read};
use crate::cli::output;
use crate::cli::table::{ago, utc};
use crate::domain::business_day::Calendar;
use crate::store::installation::Installation;

/// Number of days for which the status lists reopened business days.
const SHOWN_DAYS: i64 = 7;
const REOPENED: &str = "{ auditLog(action: \"reopen_days\", first: 20) { id at actor subject reason before after } }";

/// Business time zone.
pub struct Zone {
    name: String,
    /// Time at which the zone was stored; `None` before the first start of a process.
    stored_at: Option<DateTime<Utc>>,
}

impl Zone {
    /// Creates it from the stored zone, or from the calendar of commands if none is stored.
    pub fn new(stored: Option<Installation>, calendar: Calendar) -> Self {
        match stored {
            Some(stored) => Self {
                name: stored.time_zone,
                stored_at: Some(stored.changed_at),
            },
            None => Self {
                name: calendar.time_zone.name().to_owned(),
                stored_at: None,
            },
        }
    }

    /// Returns the zone as JSON with the fields of `newbee zone show --json`; null if none is stored.
    pub fn as_value(&self) -> Value {
        json!({
            "timeZone": self.stored_at.map(|_| &self.name),
            "changedAt": self.stored_at.map(output::api_time),
        })
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.stored_at {
            Some(at) => write!(f, "{}, stored {} UTC", self.name, utc(at)),
            None => write!(f, "{}, stored at the first start of a process", self.name),
        }
    }
}

/// An audit log entry of `newbee jobs reopen-days`.
#[derive(Deserialize)]
pub struct Reopening {
    at: DateTime<Utc>,
    actor: String,
    reason: Option<String>,
    before: Range,
}

#[derive(Deserialize)]
struct Range {
    from: NaiveDate,
    to: NaiveDate,
}

/// Returns the recently reopened days, newest entry first: as JSON and deserialised.
///
/// # Errors
/// The read fails.
pub async fn reopenings(admin: &Admin) -> anyhow::Result<(Value, Vec<Reopening>)> {
    let since = admin.author.at - TimeDelta::days(SHOWN_DAYS);
    let mut entries = admin.ask("auditLog", REOPENED, json!({})).await?;
    if let Some(entries) = entries.as_array_mut() {
        entries.retain(|entry| read::<DateTime<Utc>>(&entry["at"]).is_ok_and(|at| at >= since));
    }
    let reopenings = read(&entries)?;
    Ok((entries, reopenings))
}

impl Reopening {
    /// Formats the reopened days with the time, author and reason of each entry.
    pub fn text(lately: &[Self], now: DateTime<Utc>) -> String {
        if lately.is_empty() {
            return format!("none in the last {SHOWN_DAYS} days");
        }
        let lines: Vec<String> = lately.iter().map(|one| one.line(now)).collect();
        lines.join("\n")
    }

    fn line(&self, now: DateTime<Utc>) -> String {
        let Range { from, to } = self.before;
        let days = match from == to {
            true => from.to_string(),
            false => format!("{from} to {to}"),
        };
        let reason = self.reason.as_deref().unwrap_or("-");
        format!("{days}, {} by {}: {reason}", ago(self.at, now), self.actor)
    }
}

//! Facts about the installation for `newbee status`: the stored business time zone, and days that were reopened.

use std::fmt;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cli::admin::{Admin, read};
use crate::cli::output;
use crate::cli::table::{ago, utc};
use crate::domain::business_day::Calendar;
use crate::store::installation::Installation;

/// Days for which the status shows that business days were reopened.
const SHOWN_DAYS: i64 = 7;
const REOPENED: &str = "{ auditLog(action: \"reopen_days\", first: 20) { id at actor subject reason before after } }";

/// The business time zone.
pub struct Zone {
    name: String,
    /// When it was stored; `None` before the first start of a process.
    stored_at: Option<DateTime<Utc>>,
}

impl Zone {
    /// Takes the stored zone, else that of the calendar which commands use meanwhile.
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

    /// Returns the zone with the names of `newbee zone show --json`; it is null while none is stored.
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
            None => write!(f, "{}, not stored before the first start of a process", self.name),
        }
    }
}

/// A run of `newbee jobs reopen-days`, as the audit log has it.
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

/// Asks for the days that were reopened lately, the newest entry first: as JSON, and as understood.
///
/// # Errors
/// A failed read.
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
    /// Says which days were reopened lately, when, by whom and why.
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

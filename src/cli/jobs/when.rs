//! Command-line values of `newbee jobs`: start times of listings and run states.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};

use crate::cli::values;
use crate::domain::business_day::Calendar;

const RUN_STATES: [&str; 6] = ["QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "SKIPPED", "CANCELLED"];

/// Start time of a listing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Since {
    At(DateTime<Utc>),
    /// Start of a business day.
    Day(NaiveDate),
    /// Start of the business day this number of days ago.
    DaysAgo(u64),
    /// Duration before now.
    Ago(TimeDelta),
}

/// Parses the start time of a listing.
///
/// # Errors
/// The text is not a day, a time or a duration; the message names the expected formats.
pub fn since(text: &str) -> Result<Since, String> {
    match text.trim() {
        "today" => return Ok(Since::DaysAgo(0)),
        "yesterday" => return Ok(Since::DaysAgo(1)),
        _ => {}
    }
    let day = NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d").ok();
    if let Some(day) = day.filter(|_| text.trim().len() == "2026-11-22".len()) {
        return Ok(Since::Day(day));
    }
    let at = values::instant(text).map(Since::At);
    at.or_else(|_| values::duration(text).map(Since::Ago)).map_err(|_| {
        "expected today, yesterday, a day such as 2026-11-22, a time such as 2026-11-22T08:00:00+08:00, or a duration such \
         as 2h"
            .to_owned()
    })
}

/// Parses the state of a run, in upper or lower case.
///
/// # Errors
/// The text is not a state; the message lists the states.
pub fn run_state(text: &str) -> Result<String, String> {
    let state = text.trim().to_uppercase();
    match RUN_STATES.contains(&state.as_str()) {
        true => Ok(state),
        false => Err(format!("expected one of: {}", RUN_STATES.join(", ").to_lowercase())),
    }
}

impl Since {
    /// Returns the start time, resolved relative to `now`.
    pub fn at(self, calendar: Calendar, now: DateTime<Utc>) -> DateTime<Utc> {
        let day = match self {
            Self::At(at) => return at,
            Self::Ago(time) => return now.checked_sub_signed(time).unwrap_or(DateTime::<Utc>::MIN_UTC),
            Self::Day(day) => day,
            Self::DaysAgo(days) => {
                let today = calendar.day_of(now);
                today.checked_sub_days(Days::new(days)).unwrap_or(today)
            }
        };
        calendar.day_starts_at(day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_starts_at_a_time_a_day_or_a_duration_ago() {
        let calendar = Calendar::new(chrono_tz::Asia::Shanghai);
        let now: DateTime<Utc> = "2026-11-22T10:00:00Z".parse().unwrap();
        for (text, at) in [
            ("today", "2026-11-21T16:00:00Z"),
            ("yesterday", "2026-11-20T16:00:00Z"),
            ("2026-11-01", "2026-10-31T16:00:00Z"),
            ("2026-11-22T08:00:00+08:00", "2026-11-22T00:00:00Z"),
            ("90min", "2026-11-22T08:30:00Z"),
            ("2h", "2026-11-22T08:00:00Z"),
        ] {
            assert_eq!(
                since(text).unwrap().at(calendar, now),
                at.parse::<DateTime<Utc>>().unwrap(),
                "{text}"
            );
        }
        for wrong in ["", "noon", "2026-2-3", "-1h", "2026-02-30", "+262142-12-31"] {
            assert!(since(wrong).unwrap_err().contains("yesterday"), "{wrong}");
        }
        assert_eq!(run_state("failed").as_deref(), Ok("FAILED"));
        assert!(run_state("broken").unwrap_err().contains("queued, running"));
    }
}

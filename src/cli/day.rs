//! Command-line values for business days.

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};

use crate::domain::business_day::Calendar;
use crate::domain::date::parse_date;

/// A business day: a date, or a day relative to the current business day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayArg {
    Date(NaiveDate),
    Today,
    Yesterday,
}

impl FromStr for DayArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "today" => Ok(Self::Today),
            "yesterday" => Ok(Self::Yesterday),
            _ => parse_date(text)
                .map(Self::Date)
                .map_err(|error| format!("{error}; or yesterday or today")),
        }
    }
}

impl DayArg {
    /// Returns the business day, resolved relative to the instant `now`.
    pub fn resolve(self, calendar: Calendar, now: DateTime<Utc>) -> NaiveDate {
        let today = calendar.day_of(now);
        match self {
            Self::Date(day) => day,
            Self::Today => today,
            Self::Yesterday => calendar.day_before(today),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_relative_to_the_business_day() {
        let calendar = Calendar::new(chrono_tz::Asia::Shanghai);
        let now = "2026-11-22T16:30:00Z".parse().unwrap();
        let resolved = |text: &str| text.parse::<DayArg>().unwrap().resolve(calendar, now).to_string();
        assert_eq!(resolved("today"), "2026-11-23");
        assert_eq!(resolved("yesterday"), "2026-11-22");
        assert_eq!(resolved("2026-01-02"), "2026-01-02");
        for bad in ["tomorrow", "2026-2-3", " today", "+262142-12-31"] {
            let error = bad.parse::<DayArg>().unwrap_err();
            assert!(error.contains("YYYY-MM-DD"), "{bad}: {error}");
        }
    }
}

//! Parsers of command-line values. Each error message names the expected format, with an example.

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use rust_decimal::Decimal;

use crate::domain::date::{parse_date, parse_date_time};
use crate::domain::money::parse_decimal;
use crate::domain::number::plain_number;

/// Parses a user ID: `17` or `user_17`.
///
/// # Errors
/// The text is not a positive integer.
pub fn user_id(text: &str) -> Result<i64, String> {
    numbered(text, "user_").ok_or_else(|| "expected a user ID, such as 17".to_owned())
}

/// Parses the ID of a word campaign: `7` or `word_7`.
///
/// # Errors
/// The text is not a positive integer.
pub fn word_id(text: &str) -> Result<i64, String> {
    numbered(text, "word_")
        .ok_or_else(|| "expected the ID of a word campaign, such as 7; `newbee word list` shows them".to_owned())
}

/// Parses an award ID: `award_22` or `22`.
///
/// # Errors
/// The text is not a positive integer.
pub fn award_id(text: &str) -> Result<i64, String> {
    numbered(text, "award_").ok_or_else(|| "expected an award ID, such as award_22".to_owned())
}

/// Parses a grant ID: `grant_7` or `7`.
///
/// # Errors
/// The text is not a positive integer.
pub fn grant_id(text: &str) -> Result<i64, String> {
    numbered(text, "grant_")
        .ok_or_else(|| "expected a grant ID, such as grant_7; `newbee grant list` shows them".to_owned())
}

/// Parses the ID of a run.
///
/// # Errors
/// The text is not a positive integer.
pub fn run_id(text: &str) -> Result<i64, String> {
    numbered(text, "run_")
        .ok_or_else(|| "expected the ID of a run, such as 4711; `newbee jobs history` shows them".to_owned())
}

/// Parses the ID of an audit log entry.
///
/// # Errors
/// The text is not a positive integer.
pub fn entry_id(text: &str) -> Result<i64, String> {
    numbered(text, "").ok_or_else(|| "expected the ID of an entry, such as 120".to_owned())
}

fn numbered(text: &str, prefix: &str) -> Option<i64> {
    let text = text.trim();
    plain_number(text.strip_prefix(prefix).unwrap_or(text)).filter(|number| *number > 0)
}

/// Parses an amount of coins in the format of the APIs, see [`parse_decimal`].
///
/// # Errors
/// The text is not a plain decimal.
pub fn amount(text: &str) -> Result<Decimal, String> {
    parse_decimal(text).map_err(|error| error.to_string())
}

/// Parses a count.
///
/// # Errors
/// The text is not an integer from 1 to 2,147,483,647.
pub fn count(text: &str) -> Result<i32, String> {
    let number = plain_number(text.trim()).filter(|number| *number >= 1);
    number.ok_or_else(|| "expected a positive integer, such as 50".to_owned())
}

/// Parses a number of rows to show.
///
/// # Errors
/// The text is not an integer from 1 to 1000.
pub fn rows(text: &str) -> Result<u16, String> {
    let number = plain_number(text.trim()).filter(|number| (1..=1000).contains(number));
    number.ok_or_else(|| "expected an integer from 1 to 1000".to_owned())
}

/// Parses a number of shards.
///
/// # Errors
/// The text is not an integer from 1 to 256.
pub fn shards(text: &str) -> Result<u16, String> {
    let number = plain_number(text.trim()).filter(|number| (1..=256).contains(number));
    number.ok_or_else(|| "expected an integer from 1 to 256".to_owned())
}

/// Parses a page size of the admin API, in rows.
///
/// # Errors
/// The text is not an integer from 1 to 100.
pub fn page(text: &str) -> Result<u16, String> {
    let number = plain_number(text.trim()).filter(|number| (1..=100).contains(number));
    number.ok_or_else(|| "expected an integer from 1 to 100".to_owned())
}

/// Parses a business day.
///
/// # Errors
/// The text is not a date such as `2026-11-22`.
pub fn day(text: &str) -> Result<NaiveDate, String> {
    parse_date(text).map_err(|_| "expected a day such as 2026-11-22".to_owned())
}

/// Parses a duration.
///
/// # Errors
/// The text is not a duration, or the duration is out of range.
pub fn duration(text: &str) -> Result<TimeDelta, String> {
    let read = humantime::parse_duration(text.trim()).ok();
    read.and_then(|time| TimeDelta::from_std(time).ok())
        .ok_or_else(|| "expected a duration, such as 30days, 12h or 90s".to_owned())
}

/// Parses an instant with its offset from UTC.
///
/// # Errors
/// The text is not such an instant.
pub fn instant(text: &str) -> Result<DateTime<Utc>, String> {
    parse_date_time(text).map_err(|_| {
        "expected a time with a UTC offset, such as 2030-01-01T00:00:00+08:00 or 2029-12-31T16:00:00Z".to_owned()
    })
}

/// A value to set, or `none` to remove it.
#[derive(Clone, Debug, PartialEq)]
pub struct OrNone<T>(pub Option<T>);

/// Wraps a parser so that it also accepts `none`.
///
/// # Errors
/// Those of the parser, with `none` added to the expected values.
pub fn or_none<T>(
    parse: impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static,
) -> impl Fn(&str) -> Result<OrNone<T>, String> + Clone + Send + Sync + 'static {
    move |text| match (text.trim(), parse(text)) {
        ("none", _) => Ok(OrNone(None)),
        (_, Ok(value)) => Ok(OrNone(Some(value))),
        (_, Err(expected)) => Err(format!("{expected}; or none")),
    }
}

/// Accepts any text.
///
/// # Errors
/// Never returns an error.
pub fn text(text: &str) -> Result<String, String> {
    Ok(text.to_owned())
}

/// An on/off value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switch(pub bool);

impl FromStr for Switch {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "on" => Ok(Self(true)),
            "off" => Ok(Self(false)),
            _ => Err("expected on or off".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_plain_and_positive() {
        assert_eq!(user_id("17"), Ok(17));
        assert_eq!(user_id("user_17"), Ok(17));
        assert_eq!(award_id("award_22"), Ok(22));
        for wrong in [
            "",
            "abc",
            "0",
            "-1",
            "+1",
            "1.5",
            "9223372036854775808",
            "user_",
            "口令",
        ] {
            assert!(user_id(wrong).is_err(), "{wrong}");
            assert!(count(wrong).is_err(), "{wrong}");
            assert!(rows(wrong).is_err() && page(wrong).is_err(), "{wrong}");
        }
        assert_eq!((count("3"), rows(" 1000 "), page("007")), (Ok(3), Ok(1000), Ok(7)));
    }

    #[test]
    fn an_amount_is_a_plain_decimal() {
        assert_eq!(amount("0.25"), Ok(Decimal::new(25, 2)));
        for wrong in ["+5", ".5", "5.", "1_000", "1e3", " 5", "0.00001"] {
            assert!(amount(wrong).is_err() && or_none(amount)(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn none_removes_a_value() {
        let limit = or_none(count);
        assert_eq!(limit("none"), Ok(OrNone(None)));
        assert_eq!(limit("3"), Ok(OrNone(Some(3))));
        assert!(limit("0").unwrap_err().ends_with("; or none"));
    }
}

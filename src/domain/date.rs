//! The grammar of dates and instants, shared by all APIs and the command line.

use chrono::{DateTime, NaiveDate, Utc};

/// The first day that is accepted.
pub const FIRST_DATE: NaiveDate = NaiveDate::from_ymd_opt(1900, 1, 1).expect("a day of the calendar");
/// The last day that is accepted.
pub const LAST_DATE: NaiveDate = NaiveDate::from_ymd_opt(9999, 12, 31).expect("a day of the calendar");

/// The text is not a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a date is written YYYY-MM-DD, from 1900-01-01 to 9999-12-31, such as 2026-11-22")]
pub struct DateError;

/// The text is not an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a time is written by RFC 3339 with an offset, in the years 1900 to 9999 of UTC, such as 2026-11-22T03:04:05Z")]
pub struct DateTimeError;

/// Parses a date: exactly `YYYY-MM-DD`, from 1900-01-01 to 9999-12-31.
///
/// # Errors
/// [`DateError`] for every other text, white space included.
pub fn parse_date(text: &str) -> Result<NaiveDate, DateError> {
    let bytes = text.as_bytes();
    let is_well_formed = bytes.len() == 10
        && bytes.iter().enumerate().all(|(index, byte)| match index {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let date = is_well_formed.then(|| text.parse().ok()).flatten();
    date.filter(|date| is_supported(*date)).ok_or(DateError)
}

/// Parses an instant by RFC 3339 whose date in UTC is one that [`parse_date`] accepts.
///
/// # Errors
/// [`DateTimeError`] for every other text, white space around it included.
pub fn parse_date_time(text: &str) -> Result<DateTime<Utc>, DateTimeError> {
    let date = text.get(..10).ok_or(DateTimeError)?;
    parse_date(date).map_err(|_| DateTimeError)?;
    if !matches!(text.as_bytes().get(10), Some(b'T' | b't')) {
        return Err(DateTimeError);
    }
    let instant = DateTime::parse_from_rfc3339(text).map_err(|_| DateTimeError)?.to_utc();
    if is_supported(instant.date_naive()) {
        Ok(instant)
    } else {
        Err(DateTimeError)
    }
}

/// Returns true if the grammar can represent the date.
pub fn is_supported(date: NaiveDate) -> bool {
    (FIRST_DATE..=LAST_DATE).contains(&date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_of_a_date_is_accepted() {
        for good in ["1900-01-01", "2026-11-22", "2028-02-29", "9999-12-31"] {
            assert_eq!(parse_date(good).unwrap().to_string(), good);
        }
        for bad in [
            "",
            "2026",
            "2026-2-3",
            " 2026-01-01",
            "2026-01-01 ",
            "2026-01-01\n",
            "-5000-01-01",
            "+262142-12-31",
            "+2026-01-01",
            "1899-12-31",
            "10000-01-01",
            "0000-01-01",
            "2026-02-30",
            "2026-13-01",
            "2026-00-10",
            "2026/01/01",
            "20260101",
            "2026-01-01T00:00:00Z",
            "２０２６-01-01",
            "2026-01-0١",
            "infinity",
            "today",
            "2026-01-\u{200b}1",
        ] {
            assert_eq!(parse_date(bad), Err(DateError), "{bad:?}");
        }
    }

    #[test]
    fn instants_stay_within_the_same_years() {
        for good in [
            "1900-01-01T00:00:00Z",
            "2026-11-22T03:04:05.678Z",
            "2026-11-22T03:04:05+08:00",
            "9999-12-31T23:59:59.999Z",
            "2026-11-22t03:04:05z",
        ] {
            assert!(parse_date_time(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "2026-11-22",
            "2026-11-22T03:04:05",
            "2026-11-22 03:04:05Z",
            " 2026-11-22T03:04:05Z",
            "2026-11-22T03:04:05Z ",
            "2026-11-22T25:04:05Z",
            "-5000-01-01T00:00:00Z",
            "+262142-12-31T00:00:00Z",
            "1900-01-01T00:00:00+14:00",
            "9999-12-31T23:59:59-12:00",
            "0001-01-01T00:00:00Z",
            "2026-2-3T00:00:00Z",
            "infinity",
            "２０２６-11-22T03:04:05Z",
        ] {
            assert_eq!(parse_date_time(bad), Err(DateTimeError), "{bad:?}");
        }
    }
}

//! Typed access to the fields of a line. Each error names the field and the expected value.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::column_name;
use crate::domain::date::{FIRST_DATE, LAST_DATE, is_supported, parse_date, parse_date_time};
use crate::domain::money::parse_decimal;
use crate::domain::number::plain_number;

/// Maximum length of a value in a message, in characters.
const SHOWN: usize = 60;

/// Maximum length of a key, in characters.
const MAX_KEY: usize = 100;
/// Largest number of an award or a change: those that newbee assigns later stay below 2^53 too.
pub(super) const MAX_ID: i64 = 9_000_000_000_000_000;

/// Fields of a line. Each is taken once; the rest is unknown.
pub(super) struct Fields(Map<String, Value>);

type Optional<T> = Result<Option<T>, String>;

impl Fields {
    pub fn new(object: Map<String, Value>) -> Self {
        Self(object)
    }

    /// Returns a field unless it is missing or null.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name).filter(|value| !value.is_null())
    }

    fn parsed<T>(&mut self, name: &str, expected: &str, parse: impl FnOnce(&Value) -> Option<T>) -> Optional<T> {
        let Some(value) = self.take(name) else { return Ok(None) };
        match parse(&value) {
            Some(parsed) => Ok(Some(parsed)),
            None => Err(format!("{name}: expected {expected}, got {}.", shown(&value))),
        }
    }

    pub fn text(&mut self, name: &str) -> Optional<String> {
        self.parsed(name, "a text without zero characters", |value| {
            value.as_str().filter(|text| !text.contains('\0')).map(str::to_owned)
        })
    }

    /// Takes a text without control characters.
    pub fn short_text(&mut self, name: &str, max_length: usize) -> Optional<String> {
        let expected = format!("1 to {max_length} characters without control characters");
        self.parsed(name, &expected, |value| {
            let text = value.as_str()?;
            let fits = (1..=max_length).contains(&text.chars().take(max_length + 1).count());
            (fits && !text.contains(char::is_control)).then(|| text.to_owned())
        })
    }

    /// Takes a key, which may be empty.
    pub fn key(&mut self, name: &str) -> Optional<String> {
        let expected = format!("at most {MAX_KEY} characters without control characters");
        self.parsed(name, &expected, |value| {
            let text = value.as_str()?;
            let fits = text.chars().take(MAX_KEY + 1).count() <= MAX_KEY;
            (fits && !text.contains(char::is_control)).then(|| text.to_owned())
        })
    }

    /// Takes one of these names, in any case.
    pub fn name_of<T>(
        &mut self,
        name: &str,
        all: &[T],
        name_of: impl Fn(&T) -> &'static str,
    ) -> Optional<&'static str> {
        let names: Vec<_> = all.iter().map(name_of).collect();
        let expected = format!("one of {}", names.join(", "));
        self.parsed(name, &expected, |value| {
            let text = value.as_str()?;
            names.iter().find(|known| known.eq_ignore_ascii_case(text)).copied()
        })
    }

    /// Takes an integer, or a text of digits.
    pub fn integer(&mut self, name: &str) -> Optional<i64> {
        self.parsed(name, "an integer", integer)
    }

    /// Takes a positive integer, or a text of digits.
    pub fn id(&mut self, name: &str) -> Optional<i64> {
        self.parsed(name, "a positive integer", |value| integer(value).filter(|id| *id > 0))
    }

    /// Takes a positive integer of 32 bits.
    pub fn small_id(&mut self, name: &str) -> Optional<i64> {
        self.parsed(name, &format!("a positive integer up to {}", i32::MAX), |value| {
            integer(value).filter(|id| (1..=i64::from(i32::MAX)).contains(id))
        })
    }

    /// Takes the number of a change of a user's awards; 0 if it is missing.
    pub fn change_number(&mut self, name: &str) -> Result<i64, String> {
        let expected = format!("a number from 0 to {MAX_ID}");
        let number = self.parsed(name, &expected, |value| {
            integer(value).filter(|number| (0..=MAX_ID).contains(number))
        });
        Ok(number?.unwrap_or(0))
    }

    /// Takes an id that is 0, empty or null while it is unset.
    pub fn legacy_id(&mut self, name: &str) -> Optional<i64> {
        match self.0.get(name).map(|value| (integer(value), value.as_str())) {
            Some((Some(0), _) | (_, Some(""))) => {
                self.take(name);
                Ok(None)
            }
            _ => self.id(name),
        }
    }

    /// Takes Unix seconds, as a number or text, or a time by RFC 3339. Returns the form of the database.
    pub fn time(&mut self, name: &str) -> Optional<DateTime<Utc>> {
        let expected = "Unix seconds (not milliseconds), or a time such as 2026-11-22T03:04:05Z";
        self.parsed(name, expected, |value| match integer(value) {
            Some(seconds) => DateTime::from_timestamp(seconds, 0).filter(|at| is_supported(at.date_naive())),
            None => parse_date_time(value.as_str()?).ok(),
        })
    }

    pub fn day(&mut self, name: &str) -> Optional<NaiveDate> {
        let expected = format!("a day from {FIRST_DATE} to {LAST_DATE}, such as 2026-11-22");
        self.parsed(name, &expected, |value| parse_date(value.as_str()?).ok())
    }

    /// Takes an amount: a text, because a number may have lost digits before it was written.
    pub fn amount(&mut self, name: &str) -> Optional<Decimal> {
        let expected = "an amount as a text with at most four decimal places, such as \"10.0000\"";
        self.parsed(name, expected, |value| match value {
            Value::String(text) => parse_decimal(text).ok(),
            other => other.as_i64().map(Decimal::from),
        })
    }

    /// Refuses fields that were not taken.
    pub fn finish(self) -> Result<(), String> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(unknown) => Err(format!("{unknown}: unknown field.")),
        }
    }

    /// Returns all fields as columns of the database.
    pub fn into_columns(self) -> Map<String, Value> {
        let fields = self.0.into_iter();
        fields.map(|(name, value)| (column_name(&name), value)).collect()
    }
}

/// Requires a field.
pub(super) fn required<T>(name: &str, value: Option<T>) -> Result<T, String> {
    value.ok_or_else(|| format!("{name} is missing."))
}

/// Formats a time for the database.
pub(super) fn stored(at: DateTime<Utc>) -> Value {
    at.to_rfc3339_opts(SecondsFormat::Micros, true).into()
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::String(digits) if !digits.is_empty() => plain_number(digits),
        other => other.as_i64(),
    }
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        None => text,
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

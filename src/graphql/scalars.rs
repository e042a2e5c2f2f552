//! Scalars of the APIs: times, days and amounts, each with one format.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{Datelike, NaiveDate, SecondsFormat, Timelike, Utc};

use crate::domain::date::{parse_date, parse_date_time};
use crate::domain::money::{parse_decimal, wire_amount};

/// Format check of a scalar. Values that fail it are rejected before execution, with the name of the variable or
/// argument.
type Grammar = fn(&Value) -> Result<(), String>;

/// Scalars with a format check. Any other scalar is parsed only by its resolver, whose failure would null the reply.
const GRAMMARS: [(&str, Grammar); 3] = [
    ("Date", |value| {
        parsed::<Date>(value, "a date of the form 2026-11-22, as a string")
    }),
    ("DateTime", |value| {
        parsed::<DateTime>(value, "an instant of the form 2026-11-22T03:04:05Z, as a string")
    }),
    ("Decimal", |value| {
        parsed::<Decimal>(
            value,
            "an amount with at most four decimal places such as \"10.0000\", as a string",
        )
    }),
];

/// Checks the format of a scalar value; scalars without a format check accept any value.
///
/// # Errors
/// The expected format, as `expected …`.
pub fn check_scalar(name: &str, value: &Value) -> Result<(), String> {
    let grammar = GRAMMARS.iter().find(|(scalar, _)| *scalar == name);
    grammar.map_or(Ok(()), |(_, check)| check(value))
}

fn parsed<Scalar: ScalarType>(value: &Value, expected: &str) -> Result<(), String> {
    match Scalar::parse(value.clone()) {
        Ok(_) => Ok(()),
        Err(_) => Err(format!("expected {expected}")),
    }
}

/// Appends an instant in the format of `DateTime`.
pub(super) fn write_time(at: chrono::DateTime<Utc>, text: &mut String) {
    let year = u32::try_from(at.year()).unwrap_or(u32::MAX);
    if year > 9_999 || at.nanosecond() >= 1_000_000_000 {
        // The latter is a leap second.
        return text.push_str(&at.to_rfc3339_opts(SecondsFormat::Millis, true));
    }
    let mut written = *b"0000-00-00T00:00:00.000Z";
    let mut part = |mut last: usize, mut number: u32| {
        while number > 0 {
            written[last] += (number % 10) as u8;
            number /= 10;
            last = last.saturating_sub(1);
        }
    };
    part(3, year);
    part(6, at.month());
    part(9, at.day());
    part(12, at.hour());
    part(15, at.minute());
    part(18, at.second());
    part(22, at.nanosecond() / 1_000_000);
    text.push_str(str::from_utf8(&written).expect("digits and signs"));
}

pub(super) struct DateTime(pub chrono::DateTime<Utc>);
pub(super) struct Date(pub NaiveDate);
pub(super) struct Decimal(pub rust_decimal::Decimal);

/// Time in RFC 3339 format, in the years 1900 to 9999 UTC. Returned values are always in UTC with milliseconds, such as
/// `2026-11-22T03:04:05.678Z`.
#[Scalar(specified_by_url = "https://scalars.graphql.org/andimarek/date-time")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => Ok(Self(parse_date_time(text)?)),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        let mut text = String::new();
        write_time(self.0, &mut text);
        Value::String(text)
    }
}

/// Calendar day in the service's time zone (see `clock.timeZone`), such as `2026-11-22`, from `1900-01-01` to
/// `9999-12-31`. It has no time and no offset.
#[Scalar(specified_by_url = "https://scalars.graphql.org/andimarek/local-date")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => Ok(Self(parse_date(text)?)),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// Exact amount as a string with four decimal places, such as `"10.0000"`. Parse it with a decimal library:
/// floating-point numbers cannot represent every amount. As input: an optional minus sign, digits, and optionally a
/// point with one to four digits.
#[Scalar]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => Ok(Self(parse_decimal(text)?)),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(wire_amount(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_the_format_of_rfc_3339() {
        for text in [
            "0000-01-01T00:00:00.000Z",
            "1970-01-01T00:00:00.001Z",
            "2026-11-22T03:04:05.678Z",
            "2016-12-31T23:59:60.500Z",
            "9999-12-31T23:59:59.999Z",
            "+10000-01-01T00:00:00.000Z",
            "-0044-03-15T12:30:45.010Z",
        ] {
            let mut written = String::new();
            write_time(text.parse().unwrap(), &mut written);
            assert_eq!(written, text);
        }
    }
}

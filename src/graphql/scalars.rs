//! Scalars of the APIs: times, days and amounts, each with one format.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{NaiveDate, SecondsFormat, Utc};

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
        Value::String(self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
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

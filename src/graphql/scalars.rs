//! The scalars of the APIs: times, days and amounts, each with one spelling.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{NaiveDate, SecondsFormat, Utc};

use crate::domain::money::{parse_decimal, wire_amount};

pub(super) struct DateTime(pub chrono::DateTime<Utc>);
pub(super) struct Date(pub NaiveDate);
pub(super) struct Decimal(pub rust_decimal::Decimal);

/// An instant by RFC 3339, always in UTC and with milliseconds, such as `2026-11-22T03:04:05.678Z`.
#[Scalar(specified_by_url = "https://scalars.graphql.org/andimarek/date-time")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => Ok(Self(chrono::DateTime::parse_from_rfc3339(text)?.to_utc())),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

/// A calendar day of the service's time zone (see `clock.timeZone`), such as `2026-11-22`. It has no time and no offset.
#[Scalar(specified_by_url = "https://scalars.graphql.org/andimarek/local-date")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => Ok(Self(text.parse()?)),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// An exact amount as a string with four decimal places, such as `"10.0000"`. Read it with a decimal library: a floating
/// point number cannot hold every amount. As input: an optional minus sign, digits, and optionally a point with one to four
/// digits.
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

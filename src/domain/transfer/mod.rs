//! Lines of `newbee import` and `newbee export`: one JSON object per line, as described in `deploy/import.md`. Also the
//! objects of the legacy methods: an award, `award_logs`, an invitation, or a whole reply with one of them.

mod fields;
mod legacy;
mod records;

use serde_json::{Map, Value};

use self::fields::Fields;
use super::business_day::Calendar;

/// Version of the format, which the first line of an export names.
pub const FORMAT_VERSION: i64 = 1;

/// One record of an import, checked as far as is possible without a database.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Value of `type`, such as `award`.
    pub kind: &'static str,
    /// Unique among the records of this kind.
    pub key: String,
    /// User that the record is about.
    pub user_id: Option<i64>,
    /// Columns in the names and formats of the database.
    pub content: Map<String, Value>,
}

/// Content of a line, or a part of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Parsed {
    Record(Record),
    /// Row of a table, in the names of the database.
    Row {
        kind: String,
        columns: Map<String, Value>,
    },
    Header(Header),
}

/// First line of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub version: i64,
    pub time_zone: String,
}

/// Parses a line: a record each, or why it is none. An `award_logs` object has many.
pub fn parse(line: &str, calendar: Calendar) -> Vec<Result<Parsed, String>> {
    let value = match serde_json::from_str(line) {
        Ok(Value::Object(object)) => object,
        Ok(_) => return vec![Err("Expected a JSON object.".to_owned())],
        Err(error) if error.is_eof() => {
            let reason = "The line ends within a JSON value. Write each object in one line, as `jq -c . FILE` does.";
            return vec![Err(reason.to_owned())];
        }
        // Without the position of the error: its line is always 1.
        Err(error) => {
            let text = error.to_string();
            let reason = text.split(" at line ").next().unwrap_or_default();
            return vec![Err(format!("Not JSON: {reason} (column {}).", error.column()))];
        }
    };
    match value.get("type") {
        None => legacy::parse(value, calendar),
        Some(Value::String(kind)) => {
            let kind = kind.clone();
            vec![parse_typed(&kind, value, calendar)]
        }
        Some(other) => vec![Err(format!("type: expected a text, got {other}."))],
    }
}

fn parse_typed(kind: &str, mut object: Map<String, Value>, calendar: Calendar) -> Result<Parsed, String> {
    object.remove("type");
    let fields = Fields::new(object);
    Ok(Parsed::Record(match kind {
        "newbeeExport" => return Ok(Parsed::Header(records::header(fields)?)),
        "user" => records::user(fields)?,
        "award" => records::award(fields, calendar)?,
        "openingBalance" => records::opening_balance(fields)?,
        "streak" => records::streak(fields)?,
        "place" => records::place(fields)?,
        "claim" => records::claim(fields)?,
        _ => {
            return Ok(Parsed::Row {
                kind: kind.to_owned(),
                columns: fields.into_columns(),
            });
        }
    }))
}

/// Returns the name of a column as a field of a line: `coin_id` is `coinId`.
pub fn field_name(column: &str) -> String {
    let mut words = column.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut name, word| {
        let mut letters = word.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(letters.as_str());
        name
    })
}

/// Returns the column of a field: `coinId` is `coin_id`.
pub fn column_name(field: &str) -> String {
    let mut name = String::new();
    for letter in field.chars() {
        if letter.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

#[cfg(test)]
mod tests;

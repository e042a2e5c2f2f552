//! JSON text, written value by value.

use std::fmt::{Display, Write};

use async_graphql::indexmap::IndexMap;
use async_graphql::resolver_utils::EnumType;
use async_graphql::{Name, Value};
use async_graphql_value::RAW_VALUE_TOKEN;
use chrono::{DateTime, Utc};

use crate::graphql::scalars::write_time;

/// Expected size of a row, in bytes.
const ROW_BYTES: usize = 192;

/// JSON text under construction.
pub struct Json(String);

impl Json {
    /// Returns an empty text with room for rows.
    pub fn for_rows(rows: usize) -> Self {
        Self(String::with_capacity((rows + 1) * ROW_BYTES))
    }

    /// Returns the text as a value that is sent unchanged: the form that async-graphql gives a raw value of
    /// `serde_json`.
    pub fn into_value(self) -> Value {
        Value::Object(IndexMap::from_iter([(
            Name::new(RAW_VALUE_TOKEN),
            Value::String(self.0),
        )]))
    }

    /// Returns the text, for values that write themselves.
    pub fn buffer(&mut self) -> &mut String {
        &mut self.0
    }

    pub fn null(&mut self) {
        self.0.push_str("null");
    }

    pub fn bool(&mut self, value: bool) {
        self.0.push_str(if value { "true" } else { "false" });
    }

    pub fn number(&mut self, number: i64) {
        let _ = write!(self.0, "{number}");
    }

    pub fn text(&mut self, text: &str) {
        let is_plain = |byte| byte >= b' ' && byte != b'"' && byte != b'\\';
        if text.bytes().all(is_plain) {
            return self.quoted(|json| json.push_str(text));
        }
        self.0 += &serde_json::to_string(text).expect("a text is JSON");
    }

    /// Writes a string by its `Display`, which needs no escapes.
    pub fn display(&mut self, value: impl Display) {
        self.quoted(|json| {
            let _ = write!(json, "{value}");
        });
    }

    pub fn time(&mut self, at: DateTime<Utc>) {
        self.quoted(|json| write_time(at, json));
    }

    pub fn name_of<Enum: EnumType>(&mut self, value: Enum) {
        let item = Enum::items().iter().find(|item| item.value == value);
        self.text(item.map_or("", |item| item.name));
    }

    /// Writes a string that needs no escapes.
    pub fn quoted(&mut self, write: impl FnOnce(&mut String)) {
        self.0.push('"');
        write(&mut self.0);
        self.0.push('"');
    }

    pub fn optional<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        match value {
            Some(value) => write(self, value),
            None => self.null(),
        }
    }

    /// Writes a list; `None` if an item cannot be written.
    pub fn list<Item>(
        &mut self,
        items: impl IntoIterator<Item = Item>,
        mut write: impl FnMut(&mut Self, Item) -> Option<()>,
    ) -> Option<()> {
        self.0.push('[');
        for item in items {
            self.separate('[');
            write(self, item)?;
        }
        self.0.push(']');
        Some(())
    }

    /// Writes a comma, unless the text ends with the given start of a list or object.
    fn separate(&mut self, start: char) {
        if !self.0.ends_with(start) {
            self.0.push(',');
        }
    }

    /// Writes the key of the next field of an object.
    pub fn key(&mut self, key: &str) {
        self.separate('{');
        self.quoted(|json| json.push_str(key));
        self.0.push(':');
    }
}

//! Aligned text tables, and human-readable times and counts.

use std::fmt::{self, Display};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use comfy_table::{ColumnConstraint, ContentArrangement, Row, Table};

pub use crate::domain::number::{counted, grouped};

/// Minimum width of a wrapped last column, in characters.
const MIN_WRAPPED_WIDTH: usize = 16;

/// Creates a table with a header line.
pub fn table(header: &[&str]) -> Rows {
    Rows::new(header)
}

/// A table without borders, with or without a header line. Only the last column is wrapped, at the terminal width.
pub struct Rows {
    table: Table,
    columns: usize,
}

impl Rows {
    /// Creates a table with a header line.
    pub fn new(header: &[&str]) -> Self {
        let mut rows = Self::without_header(header.len());
        rows.table.set_header(header.iter().copied());
        rows
    }

    /// Creates a table without a header line, for example of names and values.
    pub fn without_header(columns: usize) -> Self {
        let mut table = Table::new();
        table.load_style(comfy_table::presets::NOTHING);
        Self { table, columns }
    }

    /// Adds a row.
    pub fn add(&mut self, row: impl Into<Row>) {
        self.table.add_row(row);
    }

    /// Adds a row, like [`Rows::add`].
    pub fn add_row(&mut self, row: impl Into<Row>) {
        self.add(row);
    }

    /// Adds a name and its value.
    pub fn fact(&mut self, name: &str, value: impl Display) {
        self.add([name.to_owned(), value.to_string()]);
    }

    /// Sets the wrapping width in characters, instead of the terminal width.
    #[cfg(test)]
    pub fn set_width(&mut self, width: u16) {
        self.table.set_width(width);
    }

    /// Returns the table as lines without trailing spaces. Columns are separated by two spaces, or by one if the
    /// terminal is too narrow.
    pub fn into_text(self) -> String {
        self.to_string()
    }
}

impl Display for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(width) = self.table.width().map(usize::from) else {
            return f.write_str(&self.lines(2, ContentArrangement::Disabled));
        };
        let contents: Vec<usize> = self
            .table
            .column_max_content_widths()
            .into_iter()
            .map(usize::from)
            .collect();
        let all: usize = contents.iter().sum();
        let last = contents.last().copied().unwrap_or(0);
        let gaps = self.columns.saturating_sub(1);
        let (gap, arrangement) = if all + 2 * gaps <= width {
            (2, ContentArrangement::Disabled)
        } else if all + gaps <= width {
            (1, ContentArrangement::Disabled)
        } else if all - last + 2 * gaps + MIN_WRAPPED_WIDTH <= width {
            (2, ContentArrangement::Dynamic)
        } else {
            // Too narrow for wrapping: leave line breaks to the terminal.
            (2, ContentArrangement::Disabled)
        };
        f.write_str(&self.lines(gap, arrangement))
    }
}

impl Rows {
    fn lines(&self, gap: u16, arrangement: ContentArrangement) -> String {
        let mut table = self.table.clone();
        table.set_content_arrangement(arrangement);
        for index in 0..self.columns {
            if let Some(column) = table.column_mut(index) {
                column.set_padding((0, gap));
                if index + 1 < self.columns {
                    column.set_constraint(ColumnConstraint::ContentWidth);
                } else {
                    column.set_padding((0, 0));
                }
            }
        }
        table.trim_fmt()
    }
}

/// Formats an instant as `2026-11-22 16:05:00`, in UTC.
pub fn utc(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// Formats an instant in its zone, as `2026-11-23 00:05:00 CST +08:00`. The offset disambiguates times around a
/// daylight saving change.
pub fn local(at: DateTime<Tz>) -> String {
    at.format("%Y-%m-%d %H:%M:%S %Z %:z").to_string()
}

/// Formats the age of an instant, such as `3 min ago`.
pub fn ago(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    match now - at {
        passed if passed < TimeDelta::seconds(1) => "just now".to_owned(),
        passed => format!("{} ago", rough(passed)),
    }
}

/// Formats a duration approximately, in its largest suitable unit: `3 min`, `26 h`, `12 days`.
pub fn rough(time: TimeDelta) -> String {
    match time {
        _ if time < TimeDelta::minutes(2) => format!("{} s", time.num_seconds().max(0)),
        _ if time < TimeDelta::hours(2) => format!("{} min", time.num_minutes()),
        _ if time < TimeDelta::days(2) => format!("{} h", time.num_hours()),
        _ => format!("{} days", time.num_days()),
    }
}

/// Formats an elapsed time: `12 ms`, `4.2 s`, `3 min 12 s`.
pub fn took(time: TimeDelta) -> String {
    let milliseconds = time.num_milliseconds().max(0);
    match milliseconds {
        0..1_000 => format!("{milliseconds} ms"),
        1_000..60_000 => format!("{:.1} s", time.as_seconds_f64()),
        _ => format!("{} min {} s", milliseconds / 60_000, milliseconds / 1_000 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_no_trailing_spaces_and_only_the_last_column_wraps() {
        let mut rows = Rows::new(&["JOB", "WHAT"]);
        rows.add([
            "pay_reservations",
            "a sentence that is longer than what is left of the line",
        ]);
        rows.set_width(40);
        let text = rows.into_text();
        assert!(text.starts_with("JOB               WHAT\n"), "{text:?}");
        assert!(text.contains("\npay_reservations  a sentence"), "{text:?}");
        assert!(text.lines().count() > 2, "{text:?}");
        assert!(
            text.lines().all(|line| line == line.trim_end() && line.len() <= 40),
            "{text:?}"
        );
    }

    #[test]
    fn a_last_column_without_enough_space_is_not_wrapped() {
        let mut rows = Rows::new(&["A", "SCHEDULE"]);
        rows.add(["a".repeat(35), "0 20 0 * * * Asia/Shanghai".to_owned()]);
        rows.set_width(40);
        assert_eq!(rows.into_text().lines().count(), 2);
    }

    #[test]
    fn times_are_human_readable() {
        assert_eq!(took(TimeDelta::milliseconds(12)), "12 ms");
        assert_eq!(took(TimeDelta::milliseconds(4_230)), "4.2 s");
        assert_eq!(took(TimeDelta::seconds(192)), "3 min 12 s");
        assert_eq!(rough(TimeDelta::seconds(119)), "119 s");
        assert_eq!(rough(TimeDelta::hours(47)), "47 h");
    }
}

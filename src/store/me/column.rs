//! Wide columns shared by the rows of all parts.

use sqlx::postgres::PgRow;
use sqlx::{Decode, Postgres, Row};

/// Shared column, whose meaning depends on the part. Each row starts with its part and its slot, followed by these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    Id,
    Number,
    Text1,
    Text2,
    Text3,
    Kind,
    Status,
    Amount1,
    Amount2,
    Day1,
    Day2,
    Time1,
    Time2,
    Time3,
    Number2,
}

/// Number of columns before those of [`Column`]: part and slot.
const LEADING: usize = 2;

impl Column {
    pub const ALL: [(Self, &'static str); 15] = [
        (Self::Id, "int8"),
        (Self::Number, "int8"),
        (Self::Text1, "text"),
        (Self::Text2, "text"),
        (Self::Text3, "text"),
        (Self::Kind, "text"),
        (Self::Status, "text"),
        (Self::Amount1, "numeric"),
        (Self::Amount2, "numeric"),
        (Self::Day1, "date"),
        (Self::Day2, "date"),
        (Self::Time1, "timestamptz"),
        (Self::Time2, "timestamptz"),
        (Self::Time3, "timestamptz"),
        (Self::Number2, "int8"),
    ];

    /// Returns the value of this column in a row, whose type must be the one in [`Column::ALL`].
    ///
    /// # Errors
    /// Returns an error if the value cannot be decoded.
    pub fn of<'r, T: Decode<'r, Postgres>>(self, row: &'r PgRow) -> sqlx::Result<T> {
        row.try_get_unchecked(LEADING + self as usize)
    }
}

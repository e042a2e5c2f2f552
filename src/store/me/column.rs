//! The wide columns that the rows of all parts have in common.

use sqlx::postgres::PgRow;
use sqlx::{Decode, Postgres, Row, Type};

/// A column; what it holds is the part's business. Each row begins with its part and its slot, then come these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
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

/// The columns before those of [`Column`]: part and slot.
const LEADING: usize = 2;

impl Column {
    pub const ALL: [(Self, &'static str); 15] = [
        (Self::Id, "int8"),
        (Self::Number, "int8"),
        (Self::Text1, "text"),
        (Self::Text2, "text"),
        (Self::Text3, "text"),
        (Self::Kind, "int2"),
        (Self::Status, "int2"),
        (Self::Amount1, "numeric"),
        (Self::Amount2, "numeric"),
        (Self::Day1, "date"),
        (Self::Day2, "date"),
        (Self::Time1, "timestamptz"),
        (Self::Time2, "timestamptz"),
        (Self::Time3, "timestamptz"),
        (Self::Number2, "int8"),
    ];

    /// The value of this column in a row.
    pub fn of<'r, T: Decode<'r, Postgres> + Type<Postgres>>(self, row: &'r PgRow) -> sqlx::Result<T> {
        row.try_get(LEADING + self as usize)
    }
}

//! Definition of a part: its SQL, its arguments, and how its rows are read.

use std::fmt::{self, Write};

use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArguments, PgRow};

use super::Column;
use crate::domain::id::UserId;

/// Part of a user's data; its fields are the arguments of the read beside the user.
pub trait Part: Clone + PartialEq + Send + Sync + 'static {
    /// What a read returns: by default, that there are no rows.
    type Value: Clone + Default + Send + Sync + 'static;

    /// True if the value is the same for all users and arguments: a statement then reads it once.
    const IS_SHARED: bool = false;

    /// Returns the SQL, which can depend on the arguments.
    fn sql(&self) -> &'static PartSql<Self>;

    /// Adds a row to the value.
    ///
    /// # Errors
    /// Returns an error if the row cannot be decoded.
    fn add_row(&self, user: UserId, value: &mut Self::Value, row: &PgRow) -> sqlx::Result<()>;

    /// Sorts the rows of the value: SQL guarantees no order across a join.
    fn sort(_value: &mut Self::Value) {}
}

/// SQL of a part. It is a `static`, because its address identifies it.
pub struct PartSql<P: 'static> {
    /// Columns of its `asked` rows beside `user_id` and `slot`.
    pub arguments: &'static [Argument<P>],
    /// Expressions of the wide columns that the part fills.
    pub columns: &'static [(Column, &'static str)],
    /// SQL after `from unnest(…) as asked(…)`.
    pub from: &'static str,
}

/// Column of the `asked` rows of a part, made by [`argument!`].
pub struct Argument<P> {
    pub name: &'static str,
    pub sql_type: &'static str,
    /// Binds the column of all reads of a statement as one array.
    pub bind: fn(&[&P], &mut PgArguments) -> Result<(), BoxDynError>,
}

/// Defines an [`Argument`]: `argument!("day", "date", part => part.day)`.
macro_rules! argument {
    ($name:literal, $sql_type:literal, $part:ident => $value:expr) => {
        $crate::store::me::Argument {
            name: $name,
            sql_type: $sql_type,
            bind: |parts, arguments| {
                let values: Vec<_> = parts.iter().map(|$part| $value).collect();
                sqlx::Arguments::add(arguments, values)
            },
        }
    };
}
pub(super) use argument;

impl<P> PartSql<P> {
    /// Writes the SELECT of the part, whose rows begin with its number in the statement and the slot of the read.
    ///
    /// # Errors
    /// None, because writing to a string does not fail.
    pub fn write(
        &self,
        number: usize,
        placeholders: &mut dyn Iterator<Item = usize>,
        text: &mut String,
    ) -> fmt::Result {
        let mut placeholder = || placeholders.next().expect("placeholder numbers are unbounded");
        write!(text, "select {number}::int2 as part, asked.slot")?;
        for (column, sql_type) in Column::ALL {
            match self.columns.iter().find(|(filled, _)| *filled == column) {
                Some((_, expression)) => write!(text, ", {expression}")?,
                None => write!(text, ", null::{sql_type}")?,
            }
        }
        write!(text, "\nfrom unnest(${}::int8[]", placeholder())?;
        for argument in self.arguments {
            write!(text, ", ${}::{}[]", placeholder(), argument.sql_type)?;
        }
        text.push_str(") with ordinality as asked(user_id");
        for argument in self.arguments {
            write!(text, ", {}", argument.name)?;
        }
        write!(text, ", slot)\n{}", self.from)
    }
}

/// Open interval of keys, and the end from which rows are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range<Key> {
    pub below: Option<Key>,
    pub above: Option<Key>,
    pub newest_first: bool,
    pub limit: usize,
}

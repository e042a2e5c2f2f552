//! Definition of a part: its SQL, its arguments, and how its rows are read.

use std::fmt::Write;

use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArguments, PgRow};

use super::Column;
use crate::domain::id::UserId;

/// Part of a user's data; its fields are the arguments of the read beside the user.
pub trait Part: Clone + PartialEq + Send + Sync + 'static {
    /// Result of a read; its default is the result without rows.
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
    /// SQL after `from (…) asked`.
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

/// Users of the reads of a part.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    /// Users given by their IDs.
    Users,
    /// Users given by their IDs or by the negative numbers of callers.
    UsersOrCallers,
    /// All callers, in their order.
    Callers,
}

impl<P> PartSql<P> {
    /// Writes the SELECT of the part.
    pub fn write(&self, number: usize, asks: Asks, placeholders: &mut dyn Iterator<Item = usize>, text: &mut String) {
        let mut array = |sql_type| {
            let placeholder = placeholders.next().expect("placeholder numbers are unbounded");
            format!("${placeholder}::{sql_type}[]")
        };
        let given = |users| format!("unnest({users}) with ordinality as given(user_id, slot)");
        let (user, users) = match asks {
            Asks::Users => ("user_id", given(array("int8"))),
            Asks::UsersOrCallers => (
                "case when user_id < 0 then (select ids from caller_ids)[-user_id] else user_id end as user_id",
                given(array("int8")),
            ),
            Asks::Callers => ("user_id", "callers".to_owned()),
        };
        // One function scan: each would keep its rows in a store of its own.
        let argument = |argument: &Argument<P>| format!(", ({})[slot] as {}", array(argument.sql_type), argument.name);
        let arguments: String = self.arguments.iter().map(argument).collect();
        write_columns(&number.to_string(), "asked.slot", self.columns, text);
        let asked = format!("select {user}{arguments}, slot from {users}");
        write!(text, "\nfrom ({asked}) asked\n{}", self.from).expect("writing to a string does not fail");
    }
}

/// Writes the columns of a SELECT: a number, a slot, and the wide columns.
pub fn write_columns(number: &str, slot: &str, filled: &[(Column, &str)], text: &mut String) {
    let column = |(column, sql_type): (Column, &str)| match filled.iter().find(|(filled, _)| *filled == column) {
        Some((_, expression)) => format!(", {expression}"),
        None => format!(", null::{sql_type}"),
    };
    let columns: String = Column::ALL.map(column).concat();
    write!(text, "select {number}::int2 as part, {slot}{columns}").expect("writing to a string does not fail");
}

/// Open interval of keys, and the end from which rows are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range<Key> {
    pub below: Option<Key>,
    pub above: Option<Key>,
    pub newest_first: bool,
    pub limit: usize,
}

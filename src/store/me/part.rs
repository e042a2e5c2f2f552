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
    /// SQL after `from (…) asked`. `{column}` follows the condition of each column of user IDs: a statement for the users of
    /// one shard repeats it with their IDs, by which Citus finds the shard.
    pub from: &'static str,
    /// SQL after `from` for the users of one shard, with `{asked}` in place of the `asked` rows, if the part also reads rows of
    /// other users, which are in other shards. Such a part has a statement of its own.
    pub from_of_shard: Option<&'static str>,
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
    /// Users of one shard, given by their IDs.
    UsersOfShard,
}

impl<P> PartSql<P> {
    /// Writes the SELECT of the part.
    pub fn write(&self, number: usize, asks: Asks, placeholders: &mut dyn Iterator<Item = usize>, text: &mut String) {
        let mut array = |sql_type| {
            let placeholder = placeholders.next().expect("placeholder numbers are unbounded");
            format!("${placeholder}::{sql_type}[]")
        };
        let given = |users: &str| format!("unnest({users}) with ordinality as given(user_id, slot)");
        let mut of_shard = None;
        let (user, users) = match asks {
            Asks::Users => ("user_id", given(&array("int8"))),
            Asks::UsersOrCallers => (
                "case when user_id < 0 then (select ids from caller_ids)[-user_id] else user_id end as user_id",
                given(&array("int8")),
            ),
            Asks::Callers => ("user_id", "callers".to_owned()),
            Asks::UsersOfShard => {
                let users = array("int8");
                let given = given(&users);
                of_shard = Some(users);
                ("user_id", given)
            }
        };
        // One function scan: each would keep its rows in a store of its own.
        let argument = |argument: &Argument<P>| format!(", ({})[slot] as {}", array(argument.sql_type), argument.name);
        let arguments: String = self.arguments.iter().map(argument).collect();
        write_columns(&number.to_string(), "asked.slot", self.columns, text);
        let asked = format!("(select {user}{arguments}, slot from {users}) asked");
        let from = match self.from_of_shard {
            Some(from) if asks == Asks::UsersOfShard => from.replace("{asked}", &asked),
            _ => format!("{asked}\n{}", self.from),
        };
        let from = repeat_conditions(&from, of_shard.as_deref());
        write!(text, "\nfrom {from}").expect("writing to a string does not fail");
    }
}

/// Replaces each `{column}` by a condition that it is one of the users, or by nothing.
fn repeat_conditions(from: &str, users: Option<&str>) -> String {
    let mut pieces = from.split('{');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (column, after) = piece.split_once('}').expect("a column ends with a brace");
        if let Some(users) = users {
            write!(text, " and {column} = any({users})").expect("writing to a string does not fail");
        }
        text.push_str(after);
    }
    text
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

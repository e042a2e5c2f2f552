//! The users who bound a user's invitation code.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::postgres::PgRow;

use super::{Column, Part, PartSql, Range, argument, qualifications};
use crate::domain::id::UserId;
use crate::domain::qualification::Qualification;

/// Data of a child that an inviter may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Child {
    pub user_id: UserId,
    pub name: Option<String>,
    pub portrait_uri: Option<String>,
    pub bound_at: DateTime<Utc>,
    /// Number of the child's own children; `None` if it was not requested.
    pub children_count: Option<i64>,
    /// Progress under the rules that pay the inviter; `None` if it was not requested.
    pub qualifications: Option<Vec<Qualification>>,
}

/// Sort key of a child among its siblings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChildKey {
    pub bound_at: DateTime<Utc>,
    pub user_id: UserId,
}

impl Child {
    /// Returns the sort key of the child.
    pub fn key(&self) -> ChildKey {
        ChildKey {
            bound_at: self.bound_at,
            user_id: self.user_id,
        }
    }
}

/// Implements [`Part`] for a read of children, in the order of their keys.
macro_rules! children_part {
    ($part:ty, $self:ident => $sql:expr, $is_qualified:expr) => {
        impl Part for $part {
            type Value = Vec<Child>;

            fn sql(&$self) -> &'static PartSql<Self> {
                $sql
            }

            fn add_row(&$self, _: UserId, children: &mut Self::Value, row: &PgRow) -> sqlx::Result<()> {
                children.push(Child {
                    user_id: UserId(Column::Id.of(row)?),
                    name: Column::Text1.of(row)?,
                    portrait_uri: Column::Text2.of(row)?,
                    bound_at: Column::Time1.of(row)?,
                    children_count: Column::Number.of(row)?,
                    qualifications: match $is_qualified {
                        true => Some(qualifications::from_json(Column::Text3.of(row)?)?),
                        false => None,
                    },
                });
                Ok(())
            }

            fn sort(children: &mut Self::Value) {
                children.sort_unstable_by_key(Child::key);
            }
        }
    };
}

/// Read of a page of children, optionally with the number of each child's own children.
#[derive(Clone, PartialEq)]
pub struct ReadChildren {
    pub range: Range<ChildKey>,
    pub with_counts: bool,
    /// Current business day, if the progress of each child is requested.
    pub qualified_on: Option<NaiveDate>,
}

/// Children of a page.
macro_rules! children {
    ($direction:literal) => {
        concat!(
            "(
    select user_id as child_id, bound_at as child_bound_at from invitation_children
    where parent_id = asked.user_id{parent_id}
      and (bound_at, user_id)
          < (coalesce(asked.below_time, 'infinity'), coalesce(asked.below_id, 9223372036854775807))
      and (bound_at, user_id) > (coalesce(asked.above_time, '-infinity'), coalesce(asked.above_id, 0))
    order by bound_at ",
            $direction,
            ", user_id ",
            $direction,
            " limit asked.row_limit
)"
        )
    };
}

macro_rules! page {
    ($direction:literal) => {
        PartSql {
            arguments: &[
                argument!("below_time", "timestamptz", part => part.range.below.map(|key| key.bound_at)),
                argument!("below_id", "int8", part => part.range.below.map(|key| key.user_id.0)),
                argument!("above_time", "timestamptz", part => part.range.above.map(|key| key.bound_at)),
                argument!("above_id", "int8", part => part.range.above.map(|key| key.user_id.0)),
                argument!("row_limit", "int8", part => part.range.limit as i64),
                argument!("with_counts", "bool", part => part.with_counts),
                argument!("qualified_on", "date", part => part.qualified_on),
            ],
            columns: &[
                (Column::Id, "child_id"),
                (Column::Text1, "u.name"),
                (Column::Text2, "u.portrait_uri"),
                (Column::Time1, "child_bound_at"),
                (
                    Column::Number,
                    "case when asked.with_counts then u.children_count::int8 end",
                ),
                (
                    Column::Text3,
                    "case when asked.qualified_on is not null
                          then shown_qualifications(child_id, 'INVITER', asked.qualified_on)::text end",
                ),
            ],
            from: concat!(
                "cross join lateral ",
                children!($direction),
                " child
join users u on u.user_id = child_id"
            ),
            from_of_shard: Some(concat!(
                "(select asked.slot, asked.with_counts, asked.qualified_on, child.* from {asked} cross join lateral ",
                children!($direction),
                " child) asked
join users u on u.user_id = child_id"
            )),
        }
    };
}

static NEWEST_FIRST: PartSql<ReadChildren> = page!("desc");
static OLDEST_FIRST: PartSql<ReadChildren> = page!("asc");

children_part!(
    ReadChildren,
    self => if self.range.newest_first { &NEWEST_FIRST } else { &OLDEST_FIRST },
    self.qualified_on.is_some()
);

/// Read of one child, if it belongs to the user.
#[derive(Clone, PartialEq)]
pub struct ReadChild {
    pub id: UserId,
}

static BY_ID: PartSql<ReadChild> = PartSql {
    arguments: &[argument!("wanted_id", "int8", part => part.id.0)],
    columns: &[
        (Column::Id, "child_id"),
        (Column::Text1, "u.name"),
        (Column::Text2, "u.portrait_uri"),
        (Column::Time1, "child_bound_at"),
    ],
    // `offset 0` keeps the parent out of the lookup, which would otherwise scan all children of the inviter.
    from: "cross join lateral (
    select user_id as child_id, parent_id, bound_at as child_bound_at
    from invitations where user_id = asked.wanted_id offset 0
) child
join users u on u.user_id = child_id
where child.parent_id = asked.user_id",
    // The invitation of the child is in another shard: the children of the user name it too.
    from_of_shard: Some(
        "(select asked.slot, child.* from {asked} cross join lateral (
    select user_id as child_id, bound_at as child_bound_at from invitation_children
    where parent_id = asked.user_id{parent_id} and user_id = asked.wanted_id limit 1
) child) asked
join users u on u.user_id = child_id",
    ),
};

children_part!(ReadChild, self => &BY_ID, false);

/// Read of the number of children.
#[derive(Clone, PartialEq)]
pub struct ReadChildrenTotal;

static TOTAL: PartSql<ReadChildrenTotal> = PartSql {
    arguments: &[],
    columns: &[(Column::Number, "u.children_count::int8")],
    from: "join users u on u.user_id = asked.user_id{u.user_id}",
    from_of_shard: None,
};

impl Part for ReadChildrenTotal {
    type Value = i64;

    fn sql(&self) -> &'static PartSql<Self> {
        &TOTAL
    }

    fn add_row(&self, _: UserId, total: &mut i64, row: &PgRow) -> sqlx::Result<()> {
        *total = Column::Number.of(row)?;
        Ok(())
    }
}

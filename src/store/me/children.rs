//! The users who bound a user's invitation code.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;

use super::awards::take_total;
use super::{Answer, Argument, Ask, Column, PartSpec, mismatch};
use crate::domain::id::UserId;

/// Data of a child that an inviter may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Child {
    pub user_id: UserId,
    pub name: Option<String>,
    pub portrait_uri: Option<String>,
    pub bound_at: DateTime<Utc>,
    /// Number of the child's own children; `None` if it was not requested.
    pub children_count: Option<i64>,
}

/// Sort key of a child among its siblings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
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

fn take(_: &Ask, answer: &mut Answer, row: &PgRow) -> sqlx::Result<()> {
    let Answer::Children(children) = answer else { mismatch() };
    children.push(Child {
        user_id: UserId(Column::Id.of(row)?),
        name: Column::Text1.of(row)?,
        portrait_uri: Column::Text2.of(row)?,
        bound_at: Column::Time1.of(row)?,
        children_count: Column::Number.of(row)?,
    });
    Ok(())
}

const PAGE: &[Argument] = &[
    Argument::UserId,
    Argument::BelowTime,
    Argument::BelowId,
    Argument::AboveTime,
    Argument::AboveId,
    Argument::RowLimit,
    Argument::WithCounts,
];

macro_rules! page {
    ($direction:literal) => {
        PartSpec {
            asked: PAGE,
            columns: &[
                (Column::Id, "child.user_id"),
                (Column::Text1, "u.name"),
                (Column::Text2, "u.portrait_uri"),
                (Column::Time1, "child.bound_at"),
                (
                    Column::Number,
                    "case when asked.with_counts
        then (select count(*) from invitations grandchild where grandchild.parent_id = child.user_id) end",
                ),
            ],
            from: concat!(
                "cross join lateral (
    select user_id, bound_at from invitations
    where parent_id = asked.user_id
      and (bound_at, user_id)
          < (coalesce(asked.below_time, 'infinity'), coalesce(asked.below_id, 9223372036854775807))
      and (bound_at, user_id) > (coalesce(asked.above_time, '-infinity'), coalesce(asked.above_id, 0))
    order by bound_at ",
                $direction,
                ", user_id ",
                $direction,
                " limit asked.row_limit
) child
join users u on u.user_id = child.user_id"
            ),
            empty: || Answer::Children(Vec::new()),
            take,
        }
    };
}

pub(super) static NEWEST_FIRST: PartSpec = page!("desc");
pub(super) static OLDEST_FIRST: PartSpec = page!("asc");

pub(super) static BY_ID: PartSpec = PartSpec {
    asked: &[Argument::UserId, Argument::OtherId],
    columns: &[
        (Column::Id, "child.user_id"),
        (Column::Text1, "u.name"),
        (Column::Text2, "u.portrait_uri"),
        (Column::Time1, "child.bound_at"),
    ],
    // `offset 0` keeps the parent out of the lookup, which would otherwise scan all children of the inviter by
    // `invitations_children`.
    from: "cross join lateral (
    select user_id, parent_id, bound_at from invitations where user_id = asked.other_id offset 0
) child
join users u on u.user_id = child.user_id
where child.parent_id = asked.user_id",
    empty: || Answer::Children(Vec::new()),
    take,
};

pub(super) static TOTAL: PartSpec = PartSpec {
    asked: &[Argument::UserId],
    columns: &[(Column::Number, "counted.total")],
    from: "cross join lateral (
    select count(*) as total from invitations where parent_id = asked.user_id
) counted",
    empty: || Answer::Total(0),
    take: take_total,
};

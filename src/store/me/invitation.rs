//! Invitation of a user.

use sqlx::postgres::PgRow;

use super::{Column, Part, PartSql};
use crate::domain::id::UserId;
use crate::domain::invitation::{Invitation, Parent};

/// Read of the user's own invitation.
#[derive(Clone, PartialEq)]
pub struct ReadInvitation;

static SQL: PartSql<ReadInvitation> = PartSql {
    arguments: &[],
    columns: &[
        (Column::Id, "i.parent_id"),
        (Column::Text1, "i.code"),
        (Column::Text2, "i.parent_code"),
        (Column::Number, "i.class::int8"),
        (Column::Time1, "i.bound_at"),
        (Column::Time2, "i.created_at"),
        (Column::Time3, "i.updated_at"),
    ],
    from: "join invitations i on i.user_id = asked.user_id{i.user_id}",
    from_of_shard: None,
};

impl Part for ReadInvitation {
    type Value = Option<Invitation>;

    fn sql(&self) -> &'static PartSql<Self> {
        &SQL
    }

    fn add_row(&self, user: UserId, invitation: &mut Self::Value, row: &PgRow) -> sqlx::Result<()> {
        let parent = match Column::Id.of::<Option<i64>>(row)? {
            Some(parent_id) => Some(Parent {
                user_id: UserId(parent_id),
                code: Column::Text2.of(row)?,
                bound_at: Column::Time1.of(row)?,
            }),
            None => None,
        };
        *invitation = Some(Invitation {
            user_id: user,
            code: Column::Text1.of(row)?,
            class: if Column::Number.of::<i64>(row)? == 0 { 0 } else { 1 },
            parent,
            created_at: Column::Time2.of(row)?,
            updated_at: Column::Time3.of(row)?,
        });
        Ok(())
    }
}

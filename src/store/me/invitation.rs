//! Invitation of a user.

use super::{Answer, Argument, Column, PartSpec, mismatch};
use crate::domain::id::UserId;
use crate::domain::invitation::{Invitation, Parent};

pub(super) static INVITATION: PartSpec = PartSpec {
    asked: &[Argument::UserId],
    columns: &[
        (Column::Id, "i.parent_id"),
        (Column::Text1, "i.code"),
        (Column::Text2, "i.parent_code"),
        (Column::Kind, "i.class"),
        (Column::Time1, "i.bound_at"),
        (Column::Time2, "i.created_at"),
        (Column::Time3, "i.updated_at"),
    ],
    from: "join invitations i on i.user_id = asked.user_id",
    empty: || Answer::Invitation(None),
    take: |ask, answer, row| {
        let Answer::Invitation(invitation) = answer else {
            mismatch()
        };
        let parent = match Column::Id.of::<Option<i64>>(row)? {
            Some(parent_id) => Some(Parent {
                user_id: UserId(parent_id),
                code: Column::Text2.of(row)?,
                bound_at: Column::Time1.of(row)?,
            }),
            None => None,
        };
        *invitation = Some(Invitation {
            user_id: ask.user,
            code: Column::Text1.of(row)?,
            class: Column::Kind.of(row)?,
            parent,
            created_at: Column::Time2.of(row)?,
            updated_at: Column::Time3.of(row)?,
        });
        Ok(())
    },
};

//! Public profile of a user.

use super::{Answer, Argument, Column, PartSpec, mismatch};

/// Name and portrait of a user, as registered by the host application.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Profile {
    pub name: Option<String>,
    pub portrait_uri: Option<String>,
}

pub(super) static PROFILE: PartSpec = PartSpec {
    asked: &[Argument::UserId],
    columns: &[(Column::Text1, "u.name"), (Column::Text2, "u.portrait_uri")],
    from: "join users u on u.user_id = asked.user_id",
    empty: || Answer::Profile(None),
    take: |_, answer, row| {
        let Answer::Profile(profile) = answer else { mismatch() };
        *profile = Some(Profile {
            name: Column::Text1.of(row)?,
            portrait_uri: Column::Text2.of(row)?,
        });
        Ok(())
    },
};

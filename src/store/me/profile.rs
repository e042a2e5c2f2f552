//! Public profile of a user.

use sqlx::PgExecutor;
use sqlx::postgres::PgRow;

use super::{Column, Part, PartSql};
use crate::domain::id::UserId;

/// Name and portrait of a user, as registered by the host application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    pub name: Option<String>,
    pub portrait_uri: Option<String>,
}

/// Read of name and portrait; `None` if the user does not exist.
#[derive(Clone, PartialEq)]
pub struct ReadProfile;

static SQL: PartSql<ReadProfile> = PartSql {
    arguments: &[],
    columns: &[(Column::Text1, "u.name"), (Column::Text2, "u.portrait_uri")],
    from: "join users u on u.user_id = asked.user_id{u.user_id}",
    from_of_shard: None,
};

impl Part for ReadProfile {
    type Value = Option<Profile>;

    fn sql(&self) -> &'static PartSql<Self> {
        &SQL
    }

    fn add_row(&self, _: UserId, profile: &mut Self::Value, row: &PgRow) -> sqlx::Result<()> {
        *profile = Some(Profile {
            name: Column::Text1.of(row)?,
            portrait_uri: Column::Text2.of(row)?,
        });
        Ok(())
    }
}

/// Returns the profile of a user; `None` if the user does not exist.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn find(connection: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<Option<Profile>> {
    sqlx::query_as!(
        Profile,
        "select name, portrait_uri from users where user_id = $1",
        user.0
    )
    .fetch_optional(connection)
    .await
}

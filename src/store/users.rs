//! Users, as the host registers them.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use super::me::Profile;
use crate::domain::id::UserId;

/// A user as the host describes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUser {
    pub user_id: UserId,
    pub name: Option<String>,
    pub portrait_uri: Option<String>,
}

/// Adds a user; `false` when there is one of that id.
pub async fn insert(connection: impl PgExecutor<'_>, user: &NewUser, at: DateTime<Utc>) -> sqlx::Result<bool> {
    let inserted = sqlx::query(
        "insert into users (user_id, name, portrait_uri, created_at, updated_at) values ($1, $2, $3, $4, $4)
         on conflict (user_id) do nothing",
    )
    .bind(user.user_id.0)
    .bind(&user.name)
    .bind(&user.portrait_uri)
    .bind(at)
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Whether there is a user of that id.
pub async fn exists(connection: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<bool> {
    sqlx::query_scalar("select exists (select from users where user_id = $1)")
        .bind(user.0)
        .fetch_one(connection)
        .await
}

/// What a user shows of themselves; `None` when there is no such user.
pub async fn profile(connection: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<Option<Profile>> {
    sqlx::query_as("select name, portrait_uri from users where user_id = $1")
        .bind(user.0)
        .fetch_optional(connection)
        .await
}

//! API keys, looked up by their hash.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use super::rules::unknown;
use crate::domain::api_key::{ApiKeyHash, Scope};

/// Stored API key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKeyRecord {
    pub name: String,
    pub scopes: Vec<Scope>,
    pub created_by: String,
    pub created_at: DateTime<Utc>,
    pub revoked_by: Option<String>,
    pub revoked_at: Option<DateTime<Utc>>,
}

/// Checked statement that returns keys, from its `from` on.
macro_rules! key_query {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query!(
            "select name, scopes, created_by, created_at, revoked_by, revoked_at " + $rest $(, $argument)*
        )
        .try_map(|row| {
            let scopes = row.scopes.iter();
            let scopes = scopes.map(|name| Scope::parse(name).ok_or_else(|| unknown("scopes")));
            Ok(ApiKeyRecord {
                name: row.name,
                scopes: scopes.collect::<Result<_, _>>()?,
                created_by: row.created_by,
                created_at: row.created_at,
                revoked_by: row.revoked_by,
                revoked_at: row.revoked_at,
            })
        })
    };
}

/// Inserts a key. Returns false if the name is already used, by an active or a revoked key.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn insert(
    connection: impl PgExecutor<'_>,
    name: &str,
    key_hash: ApiKeyHash,
    scopes: &[Scope],
    created_by: &str,
    at: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let inserted = sqlx::query!(
        "insert into api_keys (name, key_hash, scopes, created_by, created_at) values ($1, $2, $3, $4, $5)
         on conflict (name) do nothing",
        name,
        key_hash.0.as_slice(),
        scopes.iter().map(|scope| scope.name()).collect::<Vec<_>>() as _,
        created_by,
        at
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Returns the key with this hash, unless it is revoked.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn find_live(connection: impl PgExecutor<'_>, key_hash: ApiKeyHash) -> sqlx::Result<Option<ApiKeyRecord>> {
    key_query!(
        "from api_keys where key_hash = $1 and revoked_at is null",
        key_hash.0.as_slice()
    )
    .fetch_optional(connection)
    .await
}

/// Returns true if there is a key with this name that is not revoked.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn is_live(connection: impl PgExecutor<'_>, name: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select 1 from api_keys where name = $1 and revoked_at is null) as "exists!""#,
        name
    )
    .fetch_one(connection)
    .await
}

/// Returns all keys, oldest first.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn list(connection: impl PgExecutor<'_>) -> sqlx::Result<Vec<ApiKeyRecord>> {
    key_query!("from api_keys order by key_id").fetch_all(connection).await
}

/// Returns the key with this name and locks it until the transaction ends.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn lock(connection: impl PgExecutor<'_>, name: &str) -> sqlx::Result<Option<ApiKeyRecord>> {
    key_query!("from api_keys where name = $1 for update", name)
        .fetch_optional(connection)
        .await
}

/// Revokes a key; a revoked key is left unchanged.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn revoke(
    connection: impl PgExecutor<'_>,
    name: &str,
    revoked_by: &str,
    at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update api_keys set revoked_by = $2, revoked_at = $3 where name = $1 and revoked_at is null",
        name,
        revoked_by,
        at
    )
    .execute(connection)
    .await
    .map(|_| ())
}

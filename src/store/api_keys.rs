//! API keys, looked up by their hash.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgExecutor, Row, postgres::PgRow};

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

impl FromRow<'_, PgRow> for ApiKeyRecord {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        let names: Vec<String> = row.try_get("scopes")?;
        let scopes = names
            .iter()
            .map(|name| Scope::parse(name).ok_or_else(|| unknown("scopes")));
        Ok(Self {
            name: row.try_get("name")?,
            scopes: scopes.collect::<Result<_, _>>()?,
            created_by: row.try_get("created_by")?,
            created_at: row.try_get("created_at")?,
            revoked_by: row.try_get("revoked_by")?,
            revoked_at: row.try_get("revoked_at")?,
        })
    }
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
    let inserted = sqlx::query(
        "insert into api_keys (name, key_hash, scopes, created_by, created_at) values ($1, $2, $3, $4, $5)
         on conflict (name) do nothing",
    )
    .bind(name)
    .bind(key_hash.0.as_slice())
    .bind(scopes.iter().map(|scope| scope.name()).collect::<Vec<_>>())
    .bind(created_by)
    .bind(at)
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Returns the key with this hash, unless it is revoked.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn find_live(connection: impl PgExecutor<'_>, key_hash: ApiKeyHash) -> sqlx::Result<Option<ApiKeyRecord>> {
    sqlx::query_as("select * from api_keys where key_hash = $1 and revoked_at is null")
        .bind(key_hash.0.as_slice())
        .fetch_optional(connection)
        .await
}

/// Returns all keys, oldest first.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn list(connection: impl PgExecutor<'_>) -> sqlx::Result<Vec<ApiKeyRecord>> {
    sqlx::query_as("select * from api_keys order by key_id")
        .fetch_all(connection)
        .await
}

/// Returns the key with this name and locks it until the transaction ends.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn lock(connection: impl PgExecutor<'_>, name: &str) -> sqlx::Result<Option<ApiKeyRecord>> {
    sqlx::query_as("select * from api_keys where name = $1 for update")
        .bind(name)
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
    sqlx::query("update api_keys set revoked_by = $2, revoked_at = $3 where name = $1 and revoked_at is null")
        .bind(name)
        .bind(revoked_by)
        .bind(at)
        .execute(connection)
        .await
        .map(|_| ())
}

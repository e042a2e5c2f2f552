//! Session keys by their hash.

use crate::store::bounded::PgConnection;
use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgExecutor};

use super::walk::{BatchResult, Chunk};
use crate::domain::id::UserId;
use crate::domain::session::SessionKeyHash;

/// Where a key comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionOrigin {
    /// Made here, shown once.
    Issued,
    /// The host's own.
    Registered,
    /// One of the demo's fixed public keys.
    Demo,
}

/// A key to be kept.
#[derive(Clone, Copy, Debug)]
pub struct NewSession<'a> {
    pub key_hash: SessionKeyHash,
    pub user_id: UserId,
    pub origin: SessionOrigin,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    /// The host's name of the request that it was issued by.
    pub request_key: Option<&'a str>,
}

/// A key as it is kept.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub struct KeptSession {
    pub user_id: i64,
    pub expires_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
}

/// Keeps a key; `false` when it is kept already, for whomever.
pub async fn insert(connection: impl PgExecutor<'_>, session: NewSession<'_>) -> sqlx::Result<bool> {
    let origin = match session.origin {
        SessionOrigin::Issued => "issued",
        SessionOrigin::Registered => "registered",
        SessionOrigin::Demo => "demo",
    };
    let inserted = sqlx::query(
        "insert into sessions (key_hash, user_id, origin, created_at, expires_at, request_key)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (key_hash) do nothing",
    )
    .bind(session.key_hash.0.as_slice())
    .bind(session.user_id.0)
    .bind(origin)
    .bind(session.created_at)
    .bind(session.expires_at)
    .bind(session.request_key)
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// The key of a hash, also one that has ended.
pub async fn find(connection: impl PgExecutor<'_>, key_hash: SessionKeyHash) -> sqlx::Result<Option<KeptSession>> {
    sqlx::query_as("select user_id, expires_at, revoked_at from sessions where key_hash = $1")
        .bind(key_hash.0.as_slice())
        .fetch_optional(connection)
        .await
}

/// Whether a key of this hash ended and was deleted since.
pub async fn has_ended(connection: impl PgExecutor<'_>, key_hash: SessionKeyHash) -> sqlx::Result<bool> {
    sqlx::query_scalar("select exists (select from ended_session_keys where key_hash = $1)")
        .bind(key_hash.0.as_slice())
        .fetch_one(connection)
        .await
}

/// Ends the key that a request issued, if it did.
pub async fn revoke_of_request(
    connection: impl PgExecutor<'_>,
    user: UserId,
    request_key: &str,
    at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query("update sessions set revoked_at = $3 where user_id = $1 and request_key = $2 and revoked_at is null")
        .bind(user.0)
        .bind(request_key)
        .bind(at)
        .execute(connection)
        .await
        .map(|_| ())
}

/// Ends one key from `at` on; `None` when it is unknown, else whose it is and whether it was still good.
pub async fn revoke(
    connection: impl PgExecutor<'_>,
    key_hash: SessionKeyHash,
    at: DateTime<Utc>,
) -> sqlx::Result<Option<(UserId, bool)>> {
    let revoked: Option<(i64, bool)> = sqlx::query_as(
        "update sessions s set revoked_at = coalesce(s.revoked_at, $2)
         from (select key_hash, revoked_at is null and expires_at > $2 as was_good from sessions where key_hash = $1 for update) old
         where s.key_hash = old.key_hash
         returning s.user_id, old.was_good",
    )
    .bind(key_hash.0.as_slice())
    .bind(at)
    .fetch_optional(connection)
    .await?;
    Ok(revoked.map(|(user, was_good)| (UserId(user), was_good)))
}

/// Ends every key of a user; how many were still good.
pub async fn revoke_all_of(connection: impl PgExecutor<'_>, user: UserId, at: DateTime<Utc>) -> sqlx::Result<u64> {
    let revoked = sqlx::query(
        "update sessions set revoked_at = $2 where user_id = $1 and revoked_at is null and expires_at > $2",
    )
    .bind(user.0)
    .bind(at)
    .execute(connection)
    .await?;
    Ok(revoked.rows_affected())
}

/// A place among the keys that ended, by when they did.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct EndedKey {
    pub ended_at: DateTime<Utc>,
    pub key_hash: Vec<u8>,
}

/// Deletes at most `limit` keys that expired or were revoked before an instant, the oldest first. Their hashes are kept (see
/// `migrations/0022_ended_session_keys.sql`). It costs nothing for keys that are good.
pub async fn delete_ended(
    connection: &mut PgConnection,
    after: Option<EndedKey>,
    before: DateTime<Utc>,
    limit: i64,
) -> sqlx::Result<BatchResult<EndedKey>> {
    let (ended_at, key_hash) = after.map_or((DateTime::UNIX_EPOCH, Vec::new()), |key| (key.ended_at, key.key_hash));
    let chunk: Option<Chunk<EndedKey>> = sqlx::query_as(
        "with chunk as (
             select least(expires_at, revoked_at) as ended_at, key_hash from sessions
             where least(expires_at, revoked_at) < $3 and (least(expires_at, revoked_at), key_hash) > ($1, $2)
             order by ended_at, key_hash limit $4
         ),
         deleted as (
             delete from sessions s using chunk where s.key_hash = chunk.key_hash returning 1
         )
         select (select count(*) from deleted) as changed, (select count(*) from chunk) as looked_at, ended_at, key_hash
         from chunk order by ended_at desc, key_hash desc limit 1",
    )
    .bind(ended_at)
    .bind(key_hash)
    .bind(before)
    .bind(limit)
    .fetch_optional(connection)
    .await?;
    Ok(BatchResult::from_chunk(chunk, limit))
}

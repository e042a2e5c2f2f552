//! Whom session keys belong to. Found by hash and not by user, so this is a statement of its own.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::{PgExecutor, Row};

use crate::domain::id::UserId;
use crate::domain::session::SessionKeyHash;

/// A session that was not revoked; whether it has expired is for the requester to say, who has the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveSession {
    pub user_id: UserId,
    pub expires_at: DateTime<Utc>,
}

/// The sessions behind these hashes, without those that were revoked.
pub async fn find(
    connection: impl PgExecutor<'_>,
    hashes: &[SessionKeyHash],
) -> sqlx::Result<HashMap<SessionKeyHash, LiveSession>> {
    let hashes: Vec<&[u8]> = hashes.iter().map(|hash| hash.0.as_slice()).collect();
    sqlx::query("select key_hash, user_id, expires_at from sessions where key_hash = any($1) and revoked_at is null")
        .bind(hashes)
        .try_map(|row: sqlx::postgres::PgRow| {
            let hash: [u8; 32] = row.try_get("key_hash")?;
            let session = LiveSession {
                user_id: UserId(row.try_get("user_id")?),
                expires_at: row.try_get("expires_at")?,
            };
            Ok((SessionKeyHash(hash), session))
        })
        .fetch_all(connection)
        .await
        .map(|rows| rows.into_iter().collect())
}

//! Users of session keys. Looked up by hash and not by user, so this is a separate statement.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::domain::id::UserId;
use crate::domain::session::SessionKeyHash;

/// Session that was not revoked; the requester, which has the current time, checks its expiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveSession {
    pub user_id: UserId,
    pub expires_at: DateTime<Utc>,
}

impl LiveSession {
    /// Returns the user if the session has not expired at the given time.
    pub fn user_at(&self, at: DateTime<Utc>) -> Option<UserId> {
        (at < self.expires_at).then_some(self.user_id)
    }
}

/// Returns the sessions with these hashes, without revoked ones.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn find(
    connection: impl PgExecutor<'_>,
    hashes: &[SessionKeyHash],
) -> sqlx::Result<HashMap<SessionKeyHash, LiveSession>> {
    let hashes: Vec<&[u8]> = hashes.iter().map(|hash| hash.0.as_slice()).collect();
    sqlx::query!(
        r#"select key_hash as "key_hash: [u8; 32]", user_id, expires_at from sessions
           where key_hash = any($1) and revoked_at is null"#,
        hashes as _
    )
    .map(|row| {
        let session = LiveSession {
            user_id: UserId(row.user_id),
            expires_at: row.expires_at,
        };
        (SessionKeyHash(row.key_hash), session)
    })
    .fetch_all(connection)
    .await
    .map(|rows| rows.into_iter().collect())
}

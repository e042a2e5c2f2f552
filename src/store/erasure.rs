//! Erasure of a user: the data that is removed, and the data that stays.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::domain::id::UserId;
use crate::store::bounded::PgConnection;

/// Returns the time when a user was erased, if they were, and locks their row until the transaction ends. Returns
/// `None` if the user does not exist.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn lock(connection: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<Option<Option<DateTime<Utc>>>> {
    sqlx::query_scalar!("select erased_at from users where user_id = $1 for update", user.0)
        .fetch_optional(connection)
        .await
}

/// Removes name and portrait of a user and marks them as erased. Lookups by their invitation code no longer find
/// them.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn erase_user(connection: impl PgExecutor<'_>, user: UserId, at: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "update users set name = null, search_name = null, portrait_uri = null, erased_at = $2, updated_at = $2
         where user_id = $1",
        user.0,
        at
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Removes the request keys that the host application assigned to a user's sessions.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn forget_session_requests(connection: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<()> {
    sqlx::query!("delete from session_requests where user_id = $1", user.0)
        .execute(connection)
        .await
        .map(|_| ())
}

/// Removes name, portrait and invitation code of a user from the audit log. Returns the number of changed entries.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn redact_audit_log(connection: &mut PgConnection, user: UserId) -> sqlx::Result<u64> {
    let redacted = sqlx::query!(
        "update audit_log set before = without_personal_data(before), after = without_personal_data(after)
         where user_id = $1
           and (before, after) is distinct from (without_personal_data(before), without_personal_data(after))",
        user.0
    )
    .execute(connection)
    .await?;
    Ok(redacted.rows_affected())
}

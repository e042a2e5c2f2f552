//! Erasure of a user: the data that is removed, and the data that stays.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::domain::id::UserId;
use crate::store::bounded::PgConnection;
use crate::store::citus;

/// Returns the time when a user was erased, if they were, and locks their row until the transaction ends. Returns
/// `None` if the user does not exist. A binding of the user's code updates the same row, so none is made meanwhile.
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

/// Removes the keys that the host application assigned to requests about a user: sessions, tasks and acts. Returns
/// their number.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn forget_requests(connection: &mut PgConnection, user: UserId) -> sqlx::Result<u64> {
    let sessions = sqlx::query!("delete from session_requests where user_id = $1", user.0)
        .execute(&mut *connection)
        .await?;
    let reports = sqlx::query!("delete from task_requests where user_id = $1", user.0)
        .execute(connection)
        .await?;
    Ok(sessions.rows_affected() + reports.rows_affected())
}

/// Ends the qualifications of an erased user, who can do no more deeds.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn end_qualifications(connection: &mut PgConnection, user: UserId, at: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "update qualifications set state = 'EXPIRED', decided_at = $2 where user_id = $1 and state = 'PENDING'",
        user.0,
        at
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Retires the invitation code of an erased user: keeps its hash, so that it is never assigned again, and replaces it by
/// a random code, also in the rows of the users who bound it. Returns their number.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn retire_code(connection: &mut PgConnection, user: UserId, random_code: &str) -> sqlx::Result<u64> {
    sqlx::query!(
        "with old as (select normalised_code from invitation_codes where user_id = $1),
         retired as (
             insert into retired_invitation_codes (code_hash)
             select sha256(convert_to(normalised_code, 'UTF8')) from old on conflict do nothing
         ),
         replaced as (update invitation_codes set normalised_code = $2 where user_id = $1)
         update invitations set code = $2 where user_id = $1",
        user.0,
        random_code
    )
    .execute(&mut *connection)
    .await?;
    if connection.is_distributed() {
        return citus::erasure::rename_parent(connection, user, random_code).await;
    }
    let children = sqlx::query!(
        "update invitations i set parent_code = $2
         from invitation_children c where c.parent_id = $1 and i.user_id = c.user_id",
        user.0,
        random_code
    )
    .execute(connection)
    .await?;
    Ok(children.rows_affected())
}

/// Removes the targets and keys that the host application reported with the awards of an erased user, and the labels of
/// their grants. Returns the number of changed awards.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn redact_awards(connection: &mut PgConnection, user: UserId) -> sqlx::Result<u64> {
    sqlx::query!(
        "update grant_lines set label = 'erased:' || line where user_id = $1",
        user.0
    )
    .execute(&mut *connection)
    .await?;
    let redacted = sqlx::query!(
        "update awards
         set target_id = null,
             source_key = case when source_key = '' or source = 'grant' then source_key else 'erased:' || award_id end
         where user_id = $1
           and (((award_type in ('NEWBEE', 'DAILY') or source = 'import') and (target_id is not null or source_key <> ''))
                or (source = 'grant' and target_id is not null))",
        user.0
    )
    .execute(connection)
    .await?;
    Ok(redacted.rows_affected())
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

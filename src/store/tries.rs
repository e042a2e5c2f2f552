//! Attempt counters of users for limited actions.

use crate::store::bounded::PgConnection;
use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use super::walk::{BatchResult, Chunk};
use crate::domain::id::UserId;
use crate::domain::tries::{LimitedAction, Tries};

fn name(action: LimitedAction) -> &'static str {
    match action {
        LimitedAction::SubmitWord => "submit_word",
        LimitedAction::PreviewInvitation => "preview_invitation",
    }
}

/// Returns the end of the user's lockout from an action at an instant; `None` if they are not locked out. Takes no
/// lock, so a concurrent attempt may change the result.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn locked_until(
    connection: impl PgExecutor<'_>,
    user: UserId,
    action: LimitedAction,
    at: DateTime<Utc>,
) -> sqlx::Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar!(
        r#"select locked_until as "locked_until!" from tries where (user_id, action) = ($1, $2) and locked_until > $3"#,
        user.0,
        name(action),
        at
    )
    .fetch_optional(connection)
    .await
}

/// Locks a user's attempts at an action until the transaction ends, so that concurrent attempts are counted one after
/// the other.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn lock(
    connection: &mut PgConnection,
    user: UserId,
    action: LimitedAction,
    at: DateTime<Utc>,
) -> sqlx::Result<Tries> {
    // The no-op update locks an existing row; a row that was just inserted is locked anyway.
    sqlx::query_as!(
        Tries,
        "insert into tries as t (user_id, action, count, window_began_at, locks) values ($1, $2, 0, $3, 0)
         on conflict (user_id, action) do update set count = t.count
         returning count, window_began_at, locked_until, locks",
        user.0,
        name(action),
        at
    )
    .fetch_one(connection)
    .await
}

/// Stores the state returned by [`lock`] after one more attempt was counted.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn save(
    connection: &mut PgConnection,
    user: UserId,
    action: LimitedAction,
    tries: &Tries,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update tries set count = $3, window_began_at = $4, locked_until = $5, locks = $6
         where (user_id, action) = ($1, $2)",
        user.0,
        name(action),
        tries.count,
        tries.window_began_at,
        tries.locked_until,
        tries.locks
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Position in the primary key of `tries`.
#[derive(Clone, Debug)]
pub struct TriesKey {
    user_id: i64,
    action: String,
}

/// Examines the next `limit` rows after a key, and deletes those without an attempt or a lockout since an instant.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn prune(
    connection: &mut PgConnection,
    after: Option<TriesKey>,
    before: DateTime<Utc>,
    limit: i64,
) -> sqlx::Result<BatchResult<TriesKey>> {
    let after = after.unwrap_or(TriesKey {
        user_id: 0,
        action: String::new(),
    });
    let chunk = sqlx::query!(
        r#"with chunk as (
               select user_id, action from tries where (user_id, action) > ($1, $2) order by user_id, action limit $4
           ),
           deleted as (
               delete from tries t using chunk
               where (t.user_id, t.action) = (chunk.user_id, chunk.action)
                 and t.window_began_at < $3 and (t.locked_until is null or t.locked_until < $3)
               returning 1
           )
           select (select count(*) from deleted) as "changed!", (select count(*) from chunk) as "looked_at!", chunk.*
           from chunk order by user_id desc, action desc limit 1"#,
        after.user_id,
        after.action,
        before,
        limit
    )
    .map(|row| Chunk {
        changed: row.changed,
        looked_at: row.looked_at,
        last: TriesKey {
            user_id: row.user_id,
            action: row.action,
        },
    })
    .fetch_optional(connection)
    .await?;
    Ok(BatchResult::from_chunk(chunk, limit))
}

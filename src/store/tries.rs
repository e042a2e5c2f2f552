//! Attempt counters of users for limited actions.

use crate::store::bounded::PgConnection;
use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgExecutor};

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
    sqlx::query_scalar("select locked_until from tries where (user_id, action) = ($1, $2) and locked_until > $3")
        .bind(user.0)
        .bind(name(action))
        .bind(at)
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
    let (count, window_began_at, locked_until, locks) = sqlx::query_as(
        "insert into tries as t (user_id, action, count, window_began_at, locks) values ($1, $2, 0, $3, 0)
         on conflict (user_id, action) do update set count = t.count
         returning count, window_began_at, locked_until, locks",
    )
    .bind(user.0)
    .bind(name(action))
    .bind(at)
    .fetch_one(connection)
    .await?;
    Ok(Tries {
        count,
        window_began_at,
        locked_until,
        locks,
    })
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
    sqlx::query(
        "update tries set count = $3, window_began_at = $4, locked_until = $5, locks = $6 where (user_id, action) = ($1, $2)",
    )
    .bind(user.0)
    .bind(name(action))
    .bind(tries.count)
    .bind(tries.window_began_at)
    .bind(tries.locked_until)
    .bind(tries.locks)
    .execute(connection)
    .await
    .map(|_| ())
}

/// Position in the primary key of `tries`.
#[derive(Clone, Debug, FromRow)]
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
    let chunk: Option<Chunk<TriesKey>> = sqlx::query_as(
        "with chunk as (
             select user_id, action from tries where (user_id, action) > ($1, $2) order by user_id, action limit $4
         ),
         deleted as (
             delete from tries t using chunk
             where (t.user_id, t.action) = (chunk.user_id, chunk.action)
               and t.window_began_at < $3 and (t.locked_until is null or t.locked_until < $3)
             returning 1
         )
         select (select count(*) from deleted) as changed, (select count(*) from chunk) as looked_at, chunk.*
         from chunk order by user_id desc, action desc limit 1",
    )
    .bind(after.user_id)
    .bind(after.action)
    .bind(before)
    .bind(limit)
    .fetch_optional(connection)
    .await?;
    Ok(BatchResult::from_chunk(chunk, limit))
}

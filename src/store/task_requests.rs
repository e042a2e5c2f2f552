//! Task reports by idempotency key, each with its first result.

use crate::store::bounded::PgConnection;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgExecutor;

use super::walk::{BatchResult, Chunk};
use crate::domain::id::UserId;

/// Earlier report with the same key.
#[derive(Clone, Debug)]
pub struct EarlierReport {
    pub content_hash: Vec<u8>,
    pub result: Value,
    /// True if it was recorded at the instant given to [`find`].
    pub is_of_instant: bool,
}

/// Reserves a key for this transaction. Returns false if the key is used. Waits for a concurrent transaction with the
/// same key to end.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn take_key(
    connection: &mut PgConnection,
    user: UserId,
    key: &str,
    content_hash: &[u8; 32],
    at: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let taken = sqlx::query!(
        "insert into task_requests (user_id, idempotency_key, content_hash, result, created_at)
         values ($1, $2, $3, 'null', $4)
         on conflict (user_id, idempotency_key) do nothing",
        user.0,
        key,
        content_hash.as_slice(),
        at
    )
    .execute(connection)
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// Stores the result for a key that this transaction reserved.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn keep_result(connection: &mut PgConnection, user: UserId, key: &str, result: &Value) -> sqlx::Result<()> {
    sqlx::query!(
        "update task_requests set result = $3 where (user_id, idempotency_key) = ($1, $2)",
        user.0,
        key,
        result
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Returns the first report with a key.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn find(
    connection: impl PgExecutor<'_>,
    user: UserId,
    key: &str,
    instant: DateTime<Utc>,
) -> sqlx::Result<Option<EarlierReport>> {
    sqlx::query_as!(
        EarlierReport,
        r#"select content_hash, result, created_at = $3 as "is_of_instant!"
           from task_requests where (user_id, idempotency_key) = ($1, $2)"#,
        user.0,
        key,
        instant
    )
    .fetch_optional(connection)
    .await
}

/// Position in the index of reports by their time.
#[derive(Clone, Debug)]
pub struct RequestAge {
    created_at: DateTime<Utc>,
    user_id: i64,
    idempotency_key: String,
}

/// Deletes at most `limit` reports that were recorded before an instant, oldest first. A deleted report that is sent
/// again counts as new.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn prune(
    connection: &mut PgConnection,
    after: Option<RequestAge>,
    before: DateTime<Utc>,
    limit: i64,
) -> sqlx::Result<BatchResult<RequestAge>> {
    let after = after.unwrap_or(RequestAge {
        created_at: DateTime::UNIX_EPOCH,
        user_id: 0,
        idempotency_key: String::new(),
    });
    let chunk = sqlx::query!(
        r#"with chunk as (
               select created_at, user_id, idempotency_key from task_requests
               where (created_at, user_id, idempotency_key) > ($1, $2, $3) and created_at < $4
               order by created_at, user_id, idempotency_key limit $5
           ),
           deleted as (
               delete from task_requests r using chunk
               where (r.user_id, r.idempotency_key) = (chunk.user_id, chunk.idempotency_key)
               returning 1
           )
           select (select count(*) from deleted) as "changed!", (select count(*) from chunk) as "looked_at!", chunk.*
           from chunk order by created_at desc, user_id desc, idempotency_key desc limit 1"#,
        after.created_at,
        after.user_id,
        after.idempotency_key,
        before,
        limit
    )
    .map(|row| Chunk {
        changed: row.changed,
        looked_at: row.looked_at,
        last: RequestAge {
            created_at: row.created_at,
            user_id: row.user_id,
            idempotency_key: row.idempotency_key,
        },
    })
    .fetch_optional(connection)
    .await?;
    Ok(BatchResult::from_chunk(chunk, limit))
}

//! Reports of tasks and acts by idempotency key, each with its first result.

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

/// User and key of a report, and whatever is stored about them.
#[derive(Clone, Debug)]
pub struct KnownReport {
    /// True if the user exists and is not erased.
    pub is_user: bool,
    /// The earlier report with the same key.
    pub earlier: Option<EarlierReport>,
}

/// Returns what is stored about reports with these keys, in their order.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn find_all(
    connection: impl PgExecutor<'_>,
    reports: &[(UserId, &str)],
    instant: DateTime<Utc>,
) -> sqlx::Result<Vec<KnownReport>> {
    sqlx::query!(
        r#"select u.user_id is not null as "is_user!", r.content_hash as "content_hash?", r.result as "result?",
                  r.created_at = $3 as "is_of_instant?"
           from unnest($1::bigint[], $2::text[]) with ordinality as a (user_id, idempotency_key, slot)
           -- By user, because a join alone would read both tables as a whole for a thousand reports.
           left join users u on u.user_id = a.user_id and u.user_id = any ($1) and u.erased_at is null
           left join task_requests r
             on (r.user_id, r.idempotency_key) = (a.user_id, a.idempotency_key) and r.user_id = any ($1)
           order by a.slot"#,
        &reports.iter().map(|(user, _)| user.0).collect::<Vec<_>>()[..],
        reports.iter().map(|(_, key)| *key).collect::<Vec<_>>() as _,
        instant
    )
    .map(|row| KnownReport {
        is_user: row.is_user,
        earlier: (|| {
            Some(EarlierReport {
                content_hash: row.content_hash?,
                result: row.result?,
                is_of_instant: row.is_of_instant?,
            })
        })(),
    })
    .fetch_all(connection)
    .await
}

/// A report with its result, to be stored.
#[derive(Clone, Debug)]
pub struct NewReport<'a> {
    pub user_id: UserId,
    pub idempotency_key: &'a str,
    pub content_hash: [u8; 32],
    pub result: Value,
}

/// Stores reports with different keys and their results. Returns false if another report has used one of the keys: the
/// transaction must then be rolled back. Waits for concurrent transactions with the same keys to end.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn keep_all(
    connection: &mut PgConnection,
    reports: &[NewReport<'_>],
    at: DateTime<Utc>,
) -> sqlx::Result<bool> {
    // In ascending order, so that two concurrent calls wait for each other instead of deadlocking.
    let kept = sqlx::query!(
        "insert into task_requests (user_id, idempotency_key, content_hash, result, created_at)
         select a.user_id, a.idempotency_key, a.content_hash, a.result, $5
         from unnest($1::bigint[], $2::text[], $3::bytea[], $4::jsonb[])
              as a (user_id, idempotency_key, content_hash, result)
         order by a.user_id, a.idempotency_key
         on conflict (user_id, idempotency_key) do nothing",
        &reports.iter().map(|report| report.user_id.0).collect::<Vec<_>>()[..],
        reports.iter().map(|report| report.idempotency_key).collect::<Vec<_>>() as _,
        reports
            .iter()
            .map(|report| report.content_hash.as_slice())
            .collect::<Vec<_>>() as _,
        &reports.iter().map(|report| report.result.clone()).collect::<Vec<_>>()[..],
        at
    )
    .execute(connection)
    .await?;
    Ok(kept.rows_affected() == reports.len() as u64)
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

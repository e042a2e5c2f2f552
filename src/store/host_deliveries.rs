//! Batches of events that are sent to the endpoints of the host application, and batches that were given up.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::store::bounded::PgConnection;

/// Batch of an endpoint: the events after one and through another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    pub endpoint_id: i64,
    pub after: i64,
    pub through: i64,
}

/// Chooses the batch that is sent next, unless the endpoint has moved or was disabled. Every attempt sends this batch.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn choose(connection: &mut PgConnection, batch: Batch) -> sqlx::Result<bool> {
    let chosen = sqlx::query!(
        "update host_endpoints set sending_through = $3
         where (endpoint_id, delivered_through) = ($1, $2) and sending_through is null and state = 'ACTIVE'",
        batch.endpoint_id,
        batch.after,
        batch.through
    )
    .execute(connection)
    .await?;
    Ok(chosen.rows_affected() == 1)
}

/// Records that a batch was delivered, or that its range holds nothing for the endpoint. Returns false if the endpoint
/// has moved since.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn succeed(
    connection: &mut PgConnection,
    batch: Batch,
    sent_at: Option<DateTime<Utc>>,
) -> sqlx::Result<bool> {
    let moved = sqlx::query!(
        "update host_endpoints
         set delivered_through = $3, sending_through = null, failures = 0, last_error = null, next_attempt_at = null,
             last_success_at = coalesce($4, last_success_at),
             old_secret = case when $4::timestamptz is null or old_secret_until > $4 then old_secret end,
             old_secret_until = case when $4::timestamptz is null or old_secret_until > $4 then old_secret_until end
         where (endpoint_id, delivered_through) = ($1, $2) and coalesce(sending_through, $3) = $3",
        batch.endpoint_id,
        batch.after,
        batch.through,
        sent_at
    )
    .execute(connection)
    .await?;
    Ok(moved.rows_affected() == 1)
}

/// Records a failure of a batch, and when it is tried again. Returns false if the endpoint has moved since.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn fail(
    connection: &mut PgConnection,
    batch: Batch,
    failures: i32,
    error: &str,
    next_attempt_at: Option<DateTime<Utc>>,
) -> sqlx::Result<bool> {
    let failed = sqlx::query!(
        "update host_endpoints set failures = $4, last_error = $5, next_attempt_at = $6
         where (endpoint_id, delivered_through, sending_through) = ($1, $2, $3)",
        batch.endpoint_id,
        batch.after,
        batch.through,
        failures,
        error,
        next_attempt_at
    )
    .execute(connection)
    .await?;
    Ok(failed.rows_affected() == 1)
}

/// Disables an endpoint that asked for no more messages, in reply to a batch. Returns false if the endpoint has moved or was
/// disabled since.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn disable_after(
    connection: &mut PgConnection,
    batch: Batch,
    reason: &str,
    at: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let disabled = sqlx::query!(
        "update host_endpoints
         set state = 'DISABLED', disabled_reason = $4, next_attempt_at = null, updated_at = $5
         where (endpoint_id, delivered_through, sending_through) = ($1, $2, $3) and state = 'ACTIVE'",
        batch.endpoint_id,
        batch.after,
        batch.through,
        reason,
        at
    )
    .execute(connection)
    .await?;
    Ok(disabled.rows_affected() == 1)
}

/// Gives a batch up: the endpoint goes on after it. Returns false if the endpoint has moved since.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn give_up(
    connection: &mut PgConnection,
    batch: Batch,
    failures: i32,
    error: &str,
    at: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let given_up = sqlx::query!(
        "with moved as (
             update host_endpoints
             set delivered_through = $3, sending_through = null, failures = 0, last_error = $5, next_attempt_at = null
             where (endpoint_id, delivered_through, sending_through) = ($1, $2, $3)
             returning endpoint_id
         )
         insert into host_dead_letters (endpoint_id, through_event, after_event, failures, error, died_at)
         select endpoint_id, $3, $2, $4, $5, $6 from moved
         on conflict (endpoint_id, through_event) do update
         set after_event = excluded.after_event, failures = excluded.failures, error = excluded.error,
             died_at = excluded.died_at, redelivered_at = null",
        batch.endpoint_id,
        batch.after,
        batch.through,
        failures,
        error,
        at
    )
    .execute(connection)
    .await?;
    Ok(given_up.rows_affected() == 1)
}

/// Batch that was given up.
#[derive(Clone, Debug)]
pub struct DeadLetter {
    pub after_event: i64,
    pub through_event: i64,
    pub failures: i32,
    pub error: String,
    pub died_at: DateTime<Utc>,
    pub redelivered_at: Option<DateTime<Utc>>,
}

/// Returns the latest batches of an endpoint that were given up, newest first.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn dead_letters(
    connection: impl PgExecutor<'_>,
    endpoint_id: i64,
    limit: i64,
) -> sqlx::Result<Vec<DeadLetter>> {
    sqlx::query_as!(
        DeadLetter,
        "select after_event, through_event, failures, error, died_at, redelivered_at from host_dead_letters
         where endpoint_id = $1 order by died_at desc, through_event desc limit $2",
        endpoint_id,
        limit
    )
    .fetch_all(connection)
    .await
}

//! Endpoints of the host application, and batches that were given up.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::domain::host_event::EventId;
use crate::store::bounded::PgConnection;

/// Endpoint with its state of delivery.
#[derive(Clone, Debug)]
pub struct EndpointRow {
    pub endpoint_id: i64,
    pub name: String,
    pub url: String,
    /// `None`: all kinds.
    pub kinds: Option<Vec<String>>,
    pub allows_private: bool,
    pub secret: Vec<u8>,
    pub old_secret: Option<Vec<u8>>,
    pub old_secret_until: Option<DateTime<Utc>>,
    /// `None`: active.
    pub disabled_reason: Option<String>,
    pub delivered_through: i64,
    pub sending_through: Option<i64>,
    pub failures: i32,
    pub last_error: Option<String>,
    pub next_attempt_at: Option<DateTime<Utc>>,
    pub last_success_at: Option<DateTime<Utc>>,
    pub created_by: String,
    pub created_at: DateTime<Utc>,
    /// Events after the position, of all kinds; at most 100,000.
    pub pending: i64,
    /// Time of the first of them.
    pub pending_since: Option<DateTime<Utc>>,
    /// Batches that were given up and not put back into delivery.
    pub dead_letters: i64,
}

/// Checked statement that returns endpoints; `$after` continues it after `from host_endpoints e`. `$figures` selects what
/// waits for them.
macro_rules! endpoint_query {
    ($after:literal $(, $argument:expr)* $(,)?) => {
        endpoint_query!(
            figures
            r#"(select count(*) from (select from host_events h where h.event_id > e.delivered_through limit 100000) p)
                   as "pending!",
               (select h.occurred_at from host_events h where h.event_id > e.delivered_through
                order by h.event_id limit 1) as pending_since,
               (select count(*) from host_dead_letters d
                where d.endpoint_id = e.endpoint_id and d.redelivered_at is null) as "dead_letters!""#,
            $after $(, $argument)*
        )
    };
    (figures $figures:literal, $after:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            EndpointRow,
            "select endpoint_id, name, url, kinds, allows_private, secret, old_secret, old_secret_until, disabled_reason,
                    delivered_through, sending_through, failures, last_error, next_attempt_at, last_success_at, created_by,
                    created_at, "
                + $figures
                + " from host_endpoints e "
                + $after
            $(, $argument)*
        )
    };
}

/// Returns all endpoints, by name.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn list(connection: impl PgExecutor<'_>) -> sqlx::Result<Vec<EndpointRow>> {
    endpoint_query!("order by name").fetch_all(connection).await
}

/// Returns the endpoint with a name.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn find(connection: impl PgExecutor<'_>, name: &str) -> sqlx::Result<Option<EndpointRow>> {
    endpoint_query!("where name = $1", name)
        .fetch_optional(connection)
        .await
}

/// Returns the endpoint with a name, locked until the transaction ends.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn find_for_update(connection: &mut PgConnection, name: &str) -> sqlx::Result<Option<EndpointRow>> {
    endpoint_query!("where name = $1 for update of e", name)
        .fetch_optional(connection)
        .await
}

/// Returns the active endpoints whose next attempt is due, without the figures of what waits for them: counting that
/// takes longer than a delivery.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn due(connection: impl PgExecutor<'_>, now: DateTime<Utc>) -> sqlx::Result<Vec<EndpointRow>> {
    endpoint_query!(
        figures r#"0::bigint as "pending!", null::timestamptz as pending_since, 0::bigint as "dead_letters!""#,
        "where state = 'ACTIVE' and (next_attempt_at is null or next_attempt_at <= $1) order by endpoint_id",
        now
    )
    .fetch_all(connection)
    .await
}

/// Returns true if any endpoint is active.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn any_active(connection: impl PgExecutor<'_>) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"select exists (select from host_endpoints where state = 'ACTIVE') as "any!""#)
        .fetch_one(connection)
        .await
}

/// New endpoint.
#[derive(Clone, Debug)]
pub struct NewEndpoint<'a> {
    pub name: &'a str,
    pub url: &'a str,
    pub kinds: Option<&'a [String]>,
    pub allows_private: bool,
    pub secret: &'a [u8],
    pub delivered_through: EventId,
    pub created_by: &'a str,
    pub reason: &'a str,
    pub at: DateTime<Utc>,
}

/// Inserts an endpoint. Returns false if the name is taken.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn insert(connection: &mut PgConnection, new: &NewEndpoint<'_>) -> sqlx::Result<bool> {
    let inserted = sqlx::query!(
        "insert into host_endpoints (name, url, kinds, allows_private, secret, delivered_through, created_by, reason,
                                     created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
         on conflict (name) do nothing",
        new.name,
        new.url,
        new.kinds,
        new.allows_private,
        new.secret,
        new.delivered_through.0,
        new.created_by,
        new.reason,
        new.at
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Replaces the secret; the previous one signs too until an instant.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn set_secret(
    connection: &mut PgConnection,
    endpoint_id: i64,
    secret: &[u8],
    old_until: DateTime<Utc>,
    at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update host_endpoints set old_secret = secret, old_secret_until = $3, secret = $2, updated_at = $4
         where endpoint_id = $1",
        endpoint_id,
        secret,
        old_until,
        at
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Disables an endpoint for a reason, or makes it active again: its next attempt is then due at once.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn set_state(
    connection: &mut PgConnection,
    endpoint_id: i64,
    disabled_reason: Option<&str>,
    at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update host_endpoints
         set state = case when $2::text is null then 'ACTIVE' else 'DISABLED' end::endpoint_state, disabled_reason = $2,
             next_attempt_at = null, updated_at = $3
         where endpoint_id = $1",
        endpoint_id,
        disabled_reason,
        at
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Moves an endpoint to a position, from which the next attempt delivers at once. Dead letters after it count as put back
/// into delivery.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn set_position(
    connection: &mut PgConnection,
    endpoint_id: i64,
    position: EventId,
    at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "with revived as (
             update host_dead_letters set redelivered_at = $3
             where endpoint_id = $1 and through_event > $2 and redelivered_at is null
         )
         update host_endpoints
         set delivered_through = $2, sending_through = null, failures = 0, last_error = null, next_attempt_at = null,
             updated_at = $3
         where endpoint_id = $1",
        endpoint_id,
        position.0,
        at
    )
    .execute(connection)
    .await
    .map(|_| ())
}

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

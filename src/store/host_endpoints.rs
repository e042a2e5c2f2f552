//! Endpoints of the host application.

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

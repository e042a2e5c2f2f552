//! Users as operators see them, with all stored details.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use sqlx::PgExecutor;

use super::unnamed::Unnamed;
use crate::domain::id::UserId;

/// Data that the host application reported about a user, with times.
#[derive(Clone, Debug, PartialEq)]
pub struct UserRecord {
    pub user_id: i64,
    pub name: Option<String>,
    pub portrait_uri: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub erased_at: Option<DateTime<Utc>>,
}

/// Lifetime of a session key, without the key.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionRecord {
    /// `issued`, `registered` or `demo`.
    pub origin: String,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
}

/// Entry of the ledger.
#[derive(Clone, Debug, PartialEq)]
pub struct LedgerRecord {
    pub award_id: i64,
    /// `SETTLE`, `REVERSE` or `OPENING`.
    pub kind: String,
    pub coin_id: String,
    pub amount: Decimal,
    /// Job run that posted it; `None` for a manual correction.
    pub run_id: Option<i64>,
    pub posted_at: DateTime<Utc>,
}

/// Usage of a daily limit by a user.
#[derive(Clone, Debug, PartialEq)]
pub struct CounterRecord {
    pub business_day: NaiveDate,
    pub item: String,
    pub count: i32,
}

/// Attempts of a user at a limited action, with the lockout.
#[derive(Clone, Debug, PartialEq)]
pub struct TriesRecord {
    pub action: String,
    pub count: i32,
    pub locked_until: Option<DateTime<Utc>>,
}

/// Returns a user by id.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn find(connection: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<Option<UserRecord>> {
    sqlx::query_as!(
        UserRecord,
        "select user_id, name, portrait_uri, created_at, updated_at, erased_at from users where user_id = $1",
        user.0
    )
    .fetch_optional(connection)
    .await
}

/// Returns users, by id, that have this id, this normalised invitation code, or a name whose search form starts with
/// the text.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn search(
    connection: impl PgExecutor<'_>,
    id: Option<i64>,
    normalised_code: Option<&str>,
    name: &str,
    limit: i64,
) -> sqlx::Result<Vec<UserRecord>> {
    // LIKE pattern characters are escaped.
    let beginning: String = name
        .chars()
        .flat_map(|character| {
            matches!(character, '%' | '_' | '\\')
                .then_some('\\')
                .into_iter()
                .chain([character])
        })
        .chain(['%'])
        .collect();
    sqlx::query_as!(
        UserRecord,
        "select user_id, name, portrait_uri, created_at, updated_at, erased_at from users
         where user_id in (
             select $1
             union all select user_id from invitation_codes join users using (user_id)
                       where normalised_code = $2 and erased_at is null
             union all (select user_id from users where search_name like $3 order by user_id limit $4)
         )
         order by user_id limit $4",
        id,
        normalised_code,
        beginning,
        limit
    )
    // Planned for the actual pattern: otherwise the index on names cannot be used.
    .fetch_all(Unnamed(connection))
    .await
}

/// Returns a user's session keys, newest first.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn sessions(connection: impl PgExecutor<'_>, user: UserId, limit: i64) -> sqlx::Result<Vec<SessionRecord>> {
    sqlx::query_as!(
        SessionRecord,
        r#"select origin::text as "origin!", created_at, expires_at, revoked_at from sessions
           where user_id = $1 order by created_at desc limit $2"#,
        user.0,
        limit
    )
    .fetch_all(connection)
    .await
}

/// Returns a user's ledger entries, newest award first.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn ledger(connection: impl PgExecutor<'_>, user: UserId, limit: i64) -> sqlx::Result<Vec<LedgerRecord>> {
    sqlx::query_as!(
        LedgerRecord,
        r#"select award_id, kind::text as "kind!", coin_id, amount, run_id, posted_at from ledger_entries
           where user_id = $1 order by award_id desc, kind limit $2"#,
        user.0,
        limit
    )
    .fetch_all(connection)
    .await
}

/// Returns a user's daily counters, newest day first.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn counters(connection: impl PgExecutor<'_>, user: UserId, limit: i64) -> sqlx::Result<Vec<CounterRecord>> {
    sqlx::query_as!(
        CounterRecord,
        "select business_day, item, count from daily_counters where user_id = $1
         order by business_day desc, item limit $2",
        user.0,
        limit
    )
    .fetch_all(connection)
    .await
}

/// Returns a user's attempts at limited actions.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn tries(connection: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<Vec<TriesRecord>> {
    sqlx::query_as!(
        TriesRecord,
        "select action, count, locked_until from tries where user_id = $1 order by action",
        user.0
    )
    .fetch_all(connection)
    .await
}

/// Reservation of a user in a campaign, active or cancelled.
#[derive(Clone, Debug, PartialEq)]
pub struct PlaceRecord {
    pub campaign_key: String,
    pub reserved_at: DateTime<Utc>,
    /// `None` while the reservation is active.
    pub cancelled_at: Option<DateTime<Utc>>,
}

/// Returns a user's reservations, newest campaign first.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn places(connection: impl PgExecutor<'_>, user: UserId, limit: i64) -> sqlx::Result<Vec<PlaceRecord>> {
    sqlx::query_as!(
        PlaceRecord,
        "select c.campaign_key, r.reserved_at, r.cancelled_at
         from reservations r join reservation_campaigns c using (campaign_id)
         where r.user_id = $1 order by campaign_id desc limit $2",
        user.0,
        limit
    )
    .fetch_all(connection)
    .await
}

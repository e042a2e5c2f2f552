//! Facts about the installation, stored in a single row.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgExecutor;

use super::bounded::PgConnection;

/// Stored facts about the installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    /// IANA name of the business time zone.
    pub time_zone: String,
    pub created_at: DateTime<Utc>,
    /// Time when the zone was stored or last changed.
    pub changed_at: DateTime<Utc>,
}

/// Reads the installation. Returns `None` before the first start of a process.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn find(connection: impl PgExecutor<'_>) -> sqlx::Result<Option<Installation>> {
    sqlx::query_as!(
        Installation,
        "select time_zone, created_at, changed_at from installation"
    )
    .fetch_optional(connection)
    .await
}

/// Stores the business time zone unless one is stored already. Returns the stored zone.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn store_first(connection: &mut PgConnection, time_zone: &str, now: DateTime<Utc>) -> sqlx::Result<String> {
    sqlx::query!(
        "insert into installation (time_zone, created_at, changed_at) values ($1, $2, $2) on conflict do nothing",
        time_zone,
        now
    )
    .execute(&mut *connection)
    .await?;
    // A separate statement, so that it sees a row that a concurrent process inserted first.
    sqlx::query_scalar!("select time_zone from installation")
        .fetch_one(connection)
        .await
}

/// Returns the stored zone and locks the row.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn lock_time_zone(connection: &mut PgConnection) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!("select time_zone from installation for update")
        .fetch_optional(connection)
        .await
}

/// Changes the stored zone.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn change_time_zone(connection: &mut PgConnection, time_zone: &str, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "update installation set time_zone = $1, changed_at = $2",
        time_zone,
        now
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Counts the sessions of other newbee processes on this database.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn other_sessions(connection: impl PgExecutor<'_>) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from pg_stat_activity
           where datname = current_database() and application_name like 'newbee%' and pid <> pg_backend_pid()"#
    )
    .fetch_one(connection)
    .await
}

/// Returns the first day that prevents a change of the time zone: a closed day from `day` on, or a later day with
/// awards.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn day_in_the_way(connection: impl PgExecutor<'_>, day: NaiveDate) -> sqlx::Result<Option<NaiveDate>> {
    sqlx::query_scalar!(
        "select least((select min(day) from business_days where state = 'CLOSED' and day >= $1),
                      (select min(business_day) from awards where business_day > $1 and source <> 'import'))",
        day
    )
    .fetch_one(connection)
    .await
}

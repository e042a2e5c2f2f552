//! Users, as registered by the host application.

use crate::store::bounded::PgConnection;
use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use super::citus::locks;
use super::unnamed::Unnamed;
use crate::domain::id::UserId;
use crate::domain::user::{UserReport, search_name};

/// Returns true if the user exists and is not erased, and keeps them from being erased until the transaction ends: what
/// it writes about them is erased then. The same users may be held by any number of transactions.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn hold(connection: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<bool> {
    let held = sqlx::query!(
        "select from users where user_id = $1 and erased_at is null for key share",
        user.0
    );
    Ok(held.execute(connection).await?.rows_affected() == 1)
}

/// Does the same as [`hold`] for several users. Returns those who exist and are not erased.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn hold_all(connection: &mut PgConnection, users: &[i64]) -> sqlx::Result<Vec<i64>> {
    if connection.is_distributed() {
        return locks::hold_users(connection, users).await;
    }
    sqlx::query_scalar!(
        "select user_id from users where user_id = any ($1) and erased_at is null order by user_id for key share",
        users
    )
    .fetch_all(connection)
    .await
}

/// Returns true if the user exists and is not erased, and locks them until the transaction ends.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn lock(connection: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<bool> {
    let found = sqlx::query!(
        "select from users where user_id = $1 and erased_at is null for no key update",
        user.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.is_some())
}

/// Report of a user with the codes that may be assigned.
#[derive(Clone, Debug)]
pub struct CodedReport<'a> {
    pub report: &'a UserReport,
    /// Normalised form of the requested code.
    pub normalised_code: Option<String>,
    /// Code to assign if none is requested.
    pub random_code: String,
}

/// Result of one report.
#[derive(Clone, Debug)]
pub struct RegisteredRow {
    pub user_id: i64,
    pub existed: bool,
    pub added: bool,
    pub changed: bool,
    /// The code belongs to another user, or the user has a different one.
    pub code_refused: bool,
    /// The user is erased and stays erased.
    pub erased: bool,
    /// The user was added at the instant of this call, by an earlier attempt.
    pub added_now: bool,
    /// The user was changed at the instant of this call, by an earlier attempt.
    pub changed_now: bool,
    pub old_name: Option<String>,
    pub old_portrait_uri: Option<String>,
    pub old_class: Option<i16>,
    pub name: Option<String>,
    pub portrait_uri: Option<String>,
    pub class: i16,
    pub code: String,
}

/// Registers and updates users, each user at most once; see `users/register.sql`. A user who neither existed nor was
/// added, and whose code was not refused, lost a race: the caller must retry.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn register(
    connection: &mut PgConnection,
    reports: &[CodedReport<'_>],
    change_existing: bool,
    at: DateTime<Utc>,
) -> sqlx::Result<Vec<RegisteredRow>> {
    if !connection.is_distributed() {
        return register_all(connection, reports, change_existing, at).await;
    }
    // Citus locks rows of one shard per statement. In a fixed order, so that two calls cannot deadlock.
    let mut ordered: Vec<_> = reports.iter().collect();
    ordered.sort_unstable_by_key(|coded| coded.report.user_id);
    let mut registered = Vec::new();
    for coded in ordered {
        registered.extend(register_all(connection, std::slice::from_ref(coded), change_existing, at).await?);
    }
    Ok(registered)
}

async fn register_all(
    connection: &mut PgConnection,
    reports: &[CodedReport<'_>],
    change_existing: bool,
    at: DateTime<Utc>,
) -> sqlx::Result<Vec<RegisteredRow>> {
    fn column<'a, T>(reports: &'a [CodedReport<'a>], of: impl Fn(&'a CodedReport<'a>) -> T) -> Vec<T> {
        reports.iter().map(of).collect()
    }
    sqlx::query_file_as!(
        RegisteredRow,
        "src/store/users/register.sql",
        &column(reports, |coded| coded.report.user_id.0)[..],
        column(reports, |coded| coded.report.name.clone().flatten()) as _,
        &column(reports, |coded| coded.report.name.is_some())[..],
        column(reports, |coded| coded.report.portrait_uri.clone().flatten()) as _,
        &column(reports, |coded| coded.report.portrait_uri.is_some())[..],
        column(reports, |coded| coded.report.code.as_deref()) as _,
        column(reports, |coded| coded.normalised_code.as_deref()) as _,
        column(reports, |coded| coded.random_code.as_str()) as _,
        column(reports, |coded| coded.report.class) as _,
        at,
        change_existing,
        column(reports, |coded| {
            coded
                .report
                .name
                .as_ref()
                .and_then(|name| search_name(name.as_deref()?))
        }) as _
    )
    // Planned for the number of users: one, or a thousand.
    .fetch_all(Unnamed(connection))
    .await
}

//! Streaks of single users, and the days that users made up.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgExecutor;

use crate::domain::business_day::BusinessTime;
use crate::domain::id::UserId;
use crate::domain::make_up::month_of;
use crate::domain::streak::Streak;
use crate::store::bounded::PgConnection;

/// Locks the user's streak until the transaction ends, so that no sign-in, make-up sign-in or bridge changes it
/// meanwhile. Returns the time when the account was created; `None` if the user is erased or unknown. An erasure waits
/// for the end of the transaction.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn lock(connection: &mut PgConnection, user: UserId) -> sqlx::Result<Option<DateTime<Utc>>> {
    let created_at = sqlx::query_scalar!(
        "select created_at from users where user_id = $1 and erased_at is null for key share",
        user.0
    )
    .fetch_optional(&mut *connection)
    .await?;
    if created_at.is_some() {
        // An insert even if the row exists: its lock of the table is one that a bridge waits for.
        sqlx::query!(
            "insert into award_feeds (user_id, last_change) values ($1, 0) on conflict do nothing",
            user.0
        )
        .execute(&mut *connection)
        .await?;
        sqlx::query!("select 1 as one from award_feeds where user_id = $1 for update", user.0)
            .fetch_one(connection)
            .await?;
    }
    Ok(created_at)
}

/// Returns the streak of a user; `None` if they have never signed in.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn find(connection: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<Option<Streak>> {
    sqlx::query_as!(
        Streak,
        r#"select last_sign_in as "last_day!", streak_length as "length!", coalesce(skipped_days, 0) as "skipped!",
                  coalesce(freezes, 0) as "freezes!", coalesce(best_streak, 0) as "best!"
           from award_feeds where user_id = $1 and last_sign_in is not null"#,
        user.0
    )
    .fetch_optional(connection)
    .await
}

/// Writes the streak of a user.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn update(connection: impl PgExecutor<'_>, user: UserId, streak: &Streak) -> sqlx::Result<()> {
    sqlx::query!(
        "update award_feeds
         set last_sign_in = $2, streak_length = $3, skipped_days = nullif($4::integer, 0),
             freezes = nullif($5::integer, 0), best_streak = nullif($6::integer, 0)
         where user_id = $1",
        user.0,
        streak.last_day,
        streak.length,
        streak.skipped,
        streak.freezes,
        streak.best
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// State of a past day of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PastDayRecord {
    pub is_signed_in: bool,
    pub is_made_up: bool,
    /// True if a freeze covers the day, or it is bridged.
    pub is_forgiven: bool,
    /// Number of made-up days in the month of the day.
    pub made_up_in_month: i64,
}

/// Returns the state of a past day of a user.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn past_day(connection: impl PgExecutor<'_>, user: UserId, day: NaiveDate) -> sqlx::Result<PastDayRecord> {
    let (first, last) = month_of(day);
    sqlx::query_as!(
        PastDayRecord,
        r#"select exists (select 1 from awards a
                          where a.once_day = $2 and a.user_id = $1 and a.award_type = 'DAILY' and a.item = 'sign_in')
                  or exists (select 1 from imported_streaks i
                             where i.user_id = $1 and $2 between i.last_day - i.streak_length + 1 and i.last_day)
                  as "is_signed_in!",
                  exists (select 1 from covered_days where user_id = $1 and day = $2 and made_up_at is not null)
                  as "is_made_up!",
                  exists (select 1 from covered_days where user_id = $1 and day = $2 and made_up_at is null)
                  or exists (select 1 from bridged_days where day = $2) as "is_forgiven!",
                  (select count(*) from covered_days
                   where user_id = $1 and day between $3 and $4 and made_up_at is not null) as "made_up_in_month!""#,
        user.0,
        day,
        first,
        last
    )
    .fetch_one(connection)
    .await
}

/// Records a made-up day, with the version of the rule that allowed it.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn insert_made_up(
    connection: impl PgExecutor<'_>,
    user: UserId,
    day: NaiveDate,
    rule_version: i32,
    moment: BusinessTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into covered_days (user_id, day, made_up_at, made_up_on, rule_version) values ($1, $2, $3, $4, $5)",
        user.0,
        day,
        moment.at,
        moment.day,
        rule_version
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// A run of days that belong together, according to the sign-ins and covered days of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    pub first_day: NaiveDate,
    pub last_day: NaiveDate,
    /// Number of days with a sign-in or made up.
    pub length: i32,
    /// Number of bridged and frozen days between them.
    pub skipped: i32,
}

/// Returns the run that contains a day with a sign-in or made up.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn run_around(connection: impl PgExecutor<'_>, user: UserId, day: NaiveDate) -> sqlx::Result<Run> {
    sqlx::query_as!(
        Run,
        r#"select first_day as "first_day!", last_day as "last_day!", length as "length!", skipped as "skipped!"
           from streak_around($1, $2)"#,
        user.0,
        day
    )
    .fetch_one(connection)
    .await
}

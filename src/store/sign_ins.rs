//! Sign-ins of several users in one statement.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgExecutor;

use crate::domain::award::Award;
use crate::domain::id::UserId;

/// Item of the rule that pays for a sign-in.
pub const ITEM: &str = "sign_in";

/// Business day of sign-ins.
#[derive(Clone, Copy, Debug)]
pub struct SignInDay {
    pub day: NaiveDate,
    /// Preceding day in the business calendar: a streak that ended on it is continued.
    pub day_before: NaiveDate,
}

/// Inserts the sign-in award of the day for each user without one, advances their streak, and inserts the bonuses for
/// its new length. Returns the inserted awards: users without one had it already, or the rule is closed. `users` and
/// `at` (the time of each request) have the same length.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn insert_missing(
    connection: impl PgExecutor<'_>,
    day: SignInDay,
    users: &[UserId],
    at: &[DateTime<Utc>],
) -> sqlx::Result<Vec<Award>> {
    // Users in ascending order, so that two concurrent groups wait for each other instead of deadlocking.
    sqlx::query_as(
        "with asked as (
             select distinct on (user_id) user_id, at
             from unnest($1::bigint[], $2::timestamptz[]) as a (user_id, at)
             order by user_id, at
         ),
         made as (
             insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id,
                                 business_day, settles_at, created_at, updated_at)
             select a.user_id, r.item, $3::date::text, r.item, r.award_type, r.version,
                    draw_amount(r.amount, r.amount_max, r.amount_step), r.coin_id, $3, a.at + r.hold, a.at, a.at
             from asked a
             join current_rules r
               on r.item = 'sign_in' and r.enabled
              and (r.opens_at is null or r.opens_at <= a.at) and (r.closes_at is null or r.closes_at > a.at)
             order by a.user_id
             on conflict on constraint awards_once do nothing
             returning *
         ),
         moved as (
             insert into sign_in_streaks as s (user_id, last_day, length)
             select user_id, $3, 1 from made order by user_id
             on conflict (user_id) do update
             set length = case when s.last_day = $4 then s.length + 1 else 1 end, last_day = excluded.last_day
             where s.last_day < excluded.last_day
             returning user_id, length
         ),
         earned as (
             insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id,
                                 business_day, settles_at, created_at, updated_at)
             select a.user_id, r.item, $3::date::text, r.item, r.award_type, r.version,
                    draw_amount(r.amount, r.amount_max, r.amount_step), r.coin_id, $3, a.at + r.hold, a.at, a.at
             from moved m
             join asked a using (user_id)
             join current_rules r
               on r.award_type = 5 and r.enabled
              and (r.opens_at is null or r.opens_at <= a.at) and (r.closes_at is null or r.closes_at > a.at)
              and (m.length = r.streak_length or (r.streak_repeats and m.length % r.streak_length = 0))
             order by a.user_id, r.item
             on conflict on constraint awards_once do nothing
             returning *
         )
         select *, least(changed_in, last_ended_change()) as change
         from (select * from made union all select * from earned) all_made",
    )
    .bind(ids(users))
    .bind(at)
    .bind(day.day)
    .bind(day.day_before)
    .fetch_all(connection)
    .await
}

/// Returns the sign-in awards and the streak bonuses of these users for a day.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn find_all(connection: impl PgExecutor<'_>, day: NaiveDate, users: &[UserId]) -> sqlx::Result<Vec<Award>> {
    sqlx::query_as(
        "select a.*, least(a.changed_in, last_ended_change()) as change from unnest($1::bigint[]) as u (user_id)
         join awards a on (a.user_id, a.source, a.source_key) = (u.user_id, 'sign_in', $2::date::text)
         union all
         select a.*, least(a.changed_in, last_ended_change()) as change from unnest($1::bigint[]) as u (user_id)
         join awards a on (a.user_id, a.award_type, a.business_day) = (u.user_id, 5, $2)",
    )
    .bind(ids(users))
    .bind(day)
    .fetch_all(connection)
    .await
}

fn ids(users: &[UserId]) -> Vec<i64> {
    users.iter().map(|user| user.0).collect()
}

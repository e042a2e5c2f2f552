//! Sign-ins of many users at once, in one statement.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgExecutor;

use crate::domain::award::Award;
use crate::domain::id::UserId;

/// The rule item that pays a sign-in.
pub const ITEM: &str = "sign_in";

/// One business day that users sign in for.
#[derive(Clone, Copy, Debug)]
pub struct SignInDay {
    pub day: NaiveDate,
    /// The day before it in the business calendar: who signed in then goes on with their streak.
    pub day_before: NaiveDate,
}

/// Makes the day's sign-in award of each user who has none, moves their streak on, and makes the bonuses that its new length
/// earns. Answers the awards that were made: who is missing had theirs before, or the rule is closed. `users` and `at` (when
/// each asked) have the same length.
pub async fn insert_missing(
    connection: impl PgExecutor<'_>,
    day: SignInDay,
    users: &[UserId],
    at: &[DateTime<Utc>],
) -> sqlx::Result<Vec<Award>> {
    // Users in order, so that two groups at once wait for each other instead of dead-locking.
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

/// The sign-in awards that these users have for a day, and the bonuses of that day.
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

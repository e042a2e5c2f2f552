//! Sign-ins of several users in one statement.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgExecutor, Row};

use super::awards::with_award_columns;
use crate::domain::award::{Award, AwardStatus, AwardType};
use crate::domain::id::{AwardId, UserId};
use crate::domain::rule::Rule;
use crate::domain::session::SessionKeyHash;

/// Item of the rule that pays for a sign-in.
pub const ITEM: &str = "sign_in";

/// Business day of sign-ins.
#[derive(Clone, Copy, Debug)]
pub struct SignInDay {
    pub day: NaiveDate,
    /// Preceding day in the business calendar: a streak that ended on it is continued.
    pub day_before: NaiveDate,
}

/// Rules that pay for sign-ins, as of one version of the catalogue.
#[derive(Clone, Debug, PartialEq)]
pub struct SignInRules {
    /// Number of changes of the catalogue.
    pub catalogue: i64,
    /// Rule of the sign-in itself; `None` if the catalogue has none.
    pub sign_in: Option<Rule>,
    /// Number of rules of bonuses for streaks.
    pub bonus_count: i64,
}

/// Returns the current rules that pay for sign-ins.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn rules(connection: impl PgExecutor<'_>) -> sqlx::Result<SignInRules> {
    let row = sqlx::query(
        "select c.version as catalogue, r.*, extract(epoch from r.hold)::bigint as hold_seconds,
                (select count(*) from current_rules where award_type = 'BONUS') as bonus_count
         from rule_catalogue c left join current_rules r on r.item = 'sign_in'",
    )
    .fetch_one(connection)
    .await?;
    let item: Option<&str> = row.try_get("item")?;
    Ok(SignInRules {
        catalogue: row.try_get("catalogue")?,
        sign_in: item.is_some().then(|| Rule::from_row(&row)).transpose()?,
        bonus_count: row.try_get("bonus_count")?,
    })
}

/// Looks the session keys of `$1` up where `$2` has no user, inserts the sign-in award of each user without one on the
/// day, and advances their streak.
///   $3 times of the requests, $4 day, $5 preceding day, $6 version of the catalogue, $7 version of the rule,
///   $8 + $9 + $10 amount, $11 coin, $12 hold, $13 number of rules of bonuses, $14 + $15 window of the rule
macro_rules! made {
    () => {
        "with asked as (
             select a.slot, coalesce(a.user_id, s.user_id) as user_id, a.at
             from unnest($1::bytea[], $2::bigint[], $3::timestamptz[]) with ordinality as a (key_hash, user_id, at, slot)
             left join sessions s on s.key_hash = a.key_hash and s.revoked_at is null and s.expires_at > a.at
         ),
         once as (
             -- Users in ascending order, so that two concurrent groups wait for each other instead of deadlocking.
             select distinct on (user_id) user_id, at from asked
             where user_id is not null and (select version from rule_catalogue) = $6
               and ($14::timestamptz is null or at >= $14) and ($15::timestamptz is null or at < $15)
             order by user_id, slot
         ),
         fed as (
             insert into award_feeds as f (user_id, last_change, last_sign_in, streak_length)
             select user_id, 1 + $13, $4, 1 from once order by user_id
             on conflict (user_id) do update
             set last_change = f.last_change + excluded.last_change, last_sign_in = excluded.last_sign_in,
                 streak_length = case when f.last_sign_in = $5 then f.streak_length + 1 else 1 end
             where f.last_sign_in is null or f.last_sign_in < excluded.last_sign_in
             returning user_id, last_change - $13 as change, streak_length
         ),
         made as (
             insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id,
                                 business_day, settles_at, created_at, updated_at, changed_in)
             select user_id, 'sign_in', '', 'sign_in', 'DAILY', $7, draw_amount($8, $9, $10), $11, $4, o.at + $12, o.at, o.at,
                    f.change
             from fed f join once o using (user_id)
             order by user_id
             on conflict on constraint awards_once do nothing
             returning user_id, award_id, item, amount, coin_id, settles_at, created_at, changed_in
         )"
    };
}

macro_rules! answers {
    ($made:literal) => {
        concat!(
            " select a.slot, a.user_id, m.award_id, m.item, m.amount, m.coin_id, m.settles_at, m.created_at, m.changed_in
              from asked a left join ",
            $made,
            " m using (user_id)"
        )
    };
}

const SIGN_IN: &str = concat!(made!(), answers!("made"));

/// Adds the bonuses for the new length of each streak.
const SIGN_IN_WITH_BONUSES: &str = concat!(
    made!(),
    ", earned as (
         insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id,
                             business_day, settles_at, created_at, updated_at, changed_in)
         select user_id, r.item, '', r.item, 'BONUS', r.version, draw_amount(r.amount, r.amount_max, r.amount_step),
                r.coin_id, $4, o.at + r.hold, o.at, o.at, f.change + row_number() over (partition by user_id order by r.item)
         from made join fed f using (user_id) join once o using (user_id)
         join current_rules r
           on r.award_type = 'BONUS' and r.enabled
          and (r.opens_at is null or r.opens_at <= o.at) and (r.closes_at is null or r.closes_at > o.at)
          and (f.streak_length = r.streak_length or (r.streak_repeats and f.streak_length % r.streak_length = 0))
         order by user_id, r.item
         on conflict on constraint awards_once do nothing
         returning user_id, award_id, item, amount, coin_id, settles_at, created_at, changed_in
     )",
    answers!("(select * from made union all select * from earned)")
);

/// User of a sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInBy {
    User(UserId),
    /// The user of a session key, if it is valid.
    Session(SessionKeyHash),
}

/// Request of a sign-in.
#[derive(Clone, Copy, Debug)]
pub struct SignInRequest {
    pub by: SignInBy,
    /// Time of the request.
    pub at: DateTime<Utc>,
}

/// Result of one request: its user, and the inserted awards.
#[derive(Clone, Debug, Default)]
pub struct SignedIn {
    /// `None` if the session key is not valid.
    pub user: Option<UserId>,
    /// The award of the sign-in, and bonuses. Requests of the same user have the same awards.
    pub awards: Vec<Award>,
}

/// Inserts the sign-in award of the day for each user without one, advances their streak, and inserts the bonuses for
/// its new length. Returns the results in the order of `asked`. A user without an inserted award had it already, or the
/// rule is closed, or the catalogue has another version than `rules`.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn sign_in(
    connection: impl PgExecutor<'_>,
    day: SignInDay,
    asked: &[SignInRequest],
    rules: &SignInRules,
) -> sqlx::Result<Vec<SignedIn>> {
    let sql = if rules.bonus_count == 0 {
        SIGN_IN
    } else {
        SIGN_IN_WITH_BONUSES
    };
    let (keys, users): (Vec<Option<&[u8]>>, Vec<Option<i64>>) = asked
        .iter()
        .map(|request| match &request.by {
            SignInBy::User(user) => (None, Some(user.0)),
            SignInBy::Session(key) => (Some(key.0.as_slice()), None),
        })
        .unzip();
    let rule = rules.sign_in.as_ref().filter(|rule| rule.terms.enabled);
    let terms = rule.map(|rule| &rule.terms);
    let rows = sqlx::query(sql)
        .bind(keys)
        .bind(users)
        .bind(asked.iter().map(|request| request.at).collect::<Vec<_>>())
        .bind(day.day)
        .bind(day.day_before)
        // No version fits without an enabled rule: only the keys are looked up.
        .bind(rule.map(|_| rules.catalogue))
        .bind(rule.map(|rule| rule.version))
        .bind(terms.map(|terms| terms.amount.least()))
        .bind(terms.and_then(|terms| terms.amount.most()))
        .bind(terms.and_then(|terms| terms.amount.step()))
        .bind(terms.map(|terms| &terms.coin_id))
        .bind(terms.map(|terms| terms.hold))
        .bind(rules.bonus_count)
        .bind(terms.and_then(|terms| terms.opens_at))
        .bind(terms.and_then(|terms| terms.closes_at))
        .fetch_all(connection)
        .await?;
    let mut results = vec![SignedIn::default(); asked.len()];
    for row in &rows {
        let result = &mut results[row.try_get::<i64, _>(0)? as usize - 1];
        result.user = row.try_get::<Option<i64>, _>(1)?.map(UserId);
        if let Some(user) = result.user
            && let Some(id) = row.try_get::<Option<i64>, _>(2)?
        {
            result.awards.push(made_award(user, AwardId(id), day.day, row)?);
        }
    }
    Ok(results)
}

/// Reads an inserted award, whose other columns follow from its kind.
fn made_award(user: UserId, id: AwardId, day: NaiveDate, row: &PgRow) -> sqlx::Result<Award> {
    let item: String = row.try_get(3)?;
    let created_at = row.try_get(7)?;
    Ok(Award {
        id,
        user_id: user,
        award_type: if item == ITEM {
            AwardType::Daily
        } else {
            AwardType::Bonus
        },
        item,
        amount: row.try_get(4)?,
        coin_id: row.try_get(5)?,
        target_id: None,
        status: AwardStatus::Pending,
        business_day: day,
        settles_at: row.try_get(6)?,
        created_at,
        updated_at: created_at,
        change: row.try_get(8)?,
    })
}

/// Returns the sign-in awards and the streak bonuses of these users for a day, and the version of the catalogue.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn find_all(
    connection: impl PgExecutor<'_>,
    day: NaiveDate,
    users: &[UserId],
) -> sqlx::Result<(Vec<Award>, i64)> {
    let rows = sqlx::query(with_award_columns!(
        "select c.version as catalogue, a.*
         from rule_catalogue c
         left join lateral (
             select",
        "from unnest($1::bigint[]) as asked (asked_id)
             join awards on once_day = $2 and user_id = asked_id
             where (source = 'sign_in' and source_key = '') or award_type = 'BONUS'
         ) a on true"
    ))
    .bind(users.iter().map(|user| user.0).collect::<Vec<_>>())
    .bind(day)
    .fetch_all(connection)
    .await?;
    let (mut awards, mut catalogue) = (Vec::new(), 0);
    for row in &rows {
        catalogue = row.try_get("catalogue")?;
        if row.try_get::<Option<i64>, _>("award_id")?.is_some() {
            awards.push(Award::from_row(row)?);
        }
    }
    Ok((awards, catalogue))
}

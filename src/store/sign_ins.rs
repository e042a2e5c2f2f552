//! Sign-ins of several users in one statement.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use sqlx::PgExecutor;

use super::awards::{outer_award, outer_award_query};
use crate::domain::award::{Award, AwardStatus, AwardType};
use crate::domain::id::{AwardId, UserId};
use crate::domain::rule::Rule;
use crate::domain::session::SessionKeyHash;
use crate::domain::streak::earliest_last_days;

/// Item of the rule that pays for a sign-in.
pub const ITEM: &str = "sign_in";

/// Business day of sign-ins.
#[derive(Clone, Copy, Debug)]
pub struct SignInDay {
    pub day: NaiveDate,
    /// Preceding day in the business calendar: a streak that ended on it is continued, and an earlier one if no day was
    /// missed since, or freezes cover the missed days.
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
    /// Rules among all of these that have a budget, by item.
    pub budgeted: Vec<Rule>,
    /// Bridged days, in ascending order.
    pub bridged: Vec<NaiveDate>,
}

/// Looks the session keys of `$1` up where `$2` has no user, inserts the sign-in award of each user of `$3` without one on
/// the day, and advances their streak. `$more` continues the common table expressions, and `$awards` names the one with the
/// inserted awards.
///   $3 whether the rule is open for the request, $4 time, $5 day, $6 earliest last days of streaks that it continues,
///   $7 version of the catalogue, $8 version of the rule, $9 + $10 + $11 amount, $12 coin, $13 hold, $14 number of rules of
///   bonuses, $15 reporter, $16 preceding day, $17 days of a streak that earn a freeze, $18 limit of freezes
///
/// A user who has already signed in on a later day, or made this one up, gets the award of this one, without a change of
/// the streak, which `Streak::after` describes.
macro_rules! sign_in_query {
    ($more:literal, $awards:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            SignInRow,
            "with asked as (
                 select a.slot, coalesce(a.user_id, s.user_id) as user_id, a.is_open
                 from unnest($1::bytea[], $2::bigint[], $3::boolean[])
                      with ordinality as a (key_hash, user_id, is_open, slot)
                 left join sessions s on s.key_hash = a.key_hash and s.revoked_at is null and s.expires_at > $4
             ),
             once as (
                 -- Users in ascending order, so that two concurrent groups wait for each other instead of deadlocking.
                 select distinct user_id from asked
                 where user_id is not null and is_open and (select version from rule_catalogue) = $7
                 order by user_id
             ),
             pending as materialized (
                 -- Invitees who may qualify: few, and none in most groups. Where nobody may, this is one look-up.
                 select q.inviter_id from once o cross join lateral (
                     select inviter_id from qualifications where user_id = o.user_id and state = 'PENDING' limit 1
                 ) q
                 where (select user_id from qualifications where state = 'PENDING' order by user_id limit 1) is not null
             ),
             held as materialized (
                 -- Their inviters may be paid by a trigger: all are locked in one order, as in every other statement.
                 select 1 from (
                     select inviter_id as user_id from pending
                     union select user_id from once where exists (select 1 from pending)
                     order by user_id
                 ) u cross join lateral (select 1 from award_feeds where user_id = u.user_id for update) f
             ),
             fed as (
                 insert into award_feeds as f (user_id, last_change, last_sign_in, streak_length)
                 select user_id, 1 + $14::bigint, $5, 1 from once
                 where (select count(*) from held) >= 0 order by user_id
                 on conflict (user_id) do update
                 set last_change = f.last_change + excluded.last_change,
                     last_sign_in = greatest(f.last_sign_in, excluded.last_sign_in),
                     streak_length = case when f.last_sign_in >= $5 then f.streak_length
                                          when streak_goes_on(f.last_sign_in, f.freezes, $6) then f.streak_length + 1
                                          else 1 end,
                     skipped_days = case when f.last_sign_in >= $5 then f.skipped_days
                                         when f.last_sign_in = $16 then f.skipped_days
                                         when streak_goes_on(f.last_sign_in, f.freezes, $6)
                                         then coalesce(f.skipped_days, 0) + ($16::date - f.last_sign_in) end,
                     freezes = case when f.last_sign_in >= $5 then f.freezes
                                    when streak_goes_on(f.last_sign_in, f.freezes, $6)
                                    then nullif(least(coalesce(f.freezes, 0)
                                                      - (cardinality($6::date[]) - width_bucket(f.last_sign_in, $6::date[]))
                                                      + case when (f.streak_length + 1) % $17::integer = 0 then 1 else 0 end,
                                                      $18::integer), 0) end,
                     best_streak = case when f.last_sign_in >= $5 or streak_goes_on(f.last_sign_in, f.freezes, $6)
                                        then f.best_streak else greatest(f.best_streak, f.streak_length) end
                 where f.last_sign_in is null or f.last_sign_in < excluded.last_sign_in
                    or ((f.last_sign_in > excluded.last_sign_in
                         or exists (select 1 from covered_days c where (c.user_id, c.day) = (f.user_id, $5)))
                        and not exists (
                            select 1 from awards a
                            where (a.once_day, a.user_id, a.source, a.source_key) = ($5, f.user_id, 'sign_in', '')))
                 returning user_id, last_change - $14 as change, coalesce(skipped_days, 0) as skipped_days,
                           case when last_sign_in = $5 then streak_length end as streak_length
             ),
             made as (
                 insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id,
                                     business_day, settles_at, created_at, updated_at, recorded_by, changed_in)
                 select user_id, 'sign_in', '', 'sign_in', 'DAILY', $8, draw_amount($9, $10, $11), $12, $5,
                        $4 + $13::interval, $4, $4, $15, change
                 from fed
                 on conflict on constraint awards_once do nothing
                 returning user_id, award_id, item, amount, coin_id, settles_at, changed_in
             )"
                + $more
                + r#"
             select a.slot as "slot!", a.user_id, m.award_id as "award_id?", m.item as "item?", m.amount as "amount?",
                    m.coin_id as "coin_id?", m.settles_at as "settles_at?", m.changed_in as "changed_in?"
             from asked a left join "#
                + $awards
                + " m using (user_id)"
            $(, $argument)*
        )
    };
}

/// Request with its user, and one of the inserted awards.
struct SignInRow {
    slot: i64,
    user_id: Option<i64>,
    award_id: Option<i64>,
    item: Option<String>,
    amount: Option<Decimal>,
    coin_id: Option<String>,
    settles_at: Option<DateTime<Utc>>,
    changed_in: Option<i64>,
}

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
    /// True if there is no award because the budget of the rule is used up.
    pub budget_spent: bool,
}

/// Inserts the sign-in award of the day for each user without one, advances their streak, and inserts the bonuses for
/// its new length, except of the items `without`. Returns the results in the order of `asked`. A user without an
/// inserted award had it already, or the rule is closed, or the catalogue has another version than `rules`. The awards
/// are made at the time of the last request.
/// `recorded_by` is the API key that acts for the users; `None` if they act themselves. The budgets of the rules are not
/// checked: see [`super::budgets`].
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn sign_in(
    connection: impl PgExecutor<'_>,
    day: SignInDay,
    asked: &[SignInRequest],
    rules: &SignInRules,
    recorded_by: Option<&str>,
    without: &[String],
) -> sqlx::Result<Vec<SignedIn>> {
    let Some(at) = made_at(asked) else {
        return Ok(Vec::new());
    };
    let (keys, users): (Vec<Option<&[u8]>>, Vec<Option<i64>>) = asked
        .iter()
        .map(|request| match &request.by {
            SignInBy::User(user) => (None, Some(user.0)),
            SignInBy::Session(key) => (Some(key.0.as_slice()), None),
        })
        .unzip();
    let rule = rules.sign_in.as_ref().filter(|rule| rule.terms.enabled);
    let is_open = |request: &SignInRequest| rule.is_some_and(|rule| rule.is_open(request.at));
    let terms = rule.map(|rule| &rule.terms);
    let freezes = terms.and_then(|terms| terms.forgiveness.freezes());
    let earliest = earliest_last_days(
        day.day_before,
        &rules.bridged,
        freezes.map_or(0, |freezes| freezes.most),
    );
    macro_rules! rows {
        ($more:literal, $awards:literal $(, $argument:expr)*) => {
            sign_in_query!(
                $more,
                $awards,
                keys as _,
                users as _,
                &asked.iter().map(is_open).collect::<Vec<_>>()[..],
                at,
                day.day,
                &earliest[..],
                rules.catalogue,
                rule.map(|rule| rule.version),
                terms.map(|terms| terms.amount.least()),
                terms.and_then(|terms| terms.amount.most()),
                terms.and_then(|terms| terms.amount.step()),
                terms.map(|terms| terms.coin_id.as_str()),
                terms.map(|terms| terms.hold) as _,
                rules.bonus_count,
                recorded_by,
                day.day_before,
                freezes.map(|freezes| freezes.every),
                freezes.map(|freezes| freezes.most),
                $($argument,)*
            )
            .fetch_all(connection)
        };
    }
    let rows = if rules.bonus_count == 0 {
        rows!("", "made").await?
    } else {
        // Adds the bonuses for the new length of each streak.
        rows!(
            ", earned as (
                 insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id,
                                     business_day, settles_at, created_at, updated_at, recorded_by, changed_in)
                 select user_id, r.item,
                        to_char($5::date - f.streak_length - f.skipped_days + 1, 'YYYY-MM-DD') || ':' || f.streak_length,
                        r.item, 'BONUS', r.version,
                        draw_amount(r.amount, r.amount_max, r.amount_step), r.coin_id, $5, $4 + r.hold, $4, $4,
                        $15, f.change + row_number() over (partition by user_id order by r.item)
                 from made join fed f using (user_id)
                 join current_rules r
                   on r.award_type = 'BONUS' and r.enabled and r.item <> all ($19::text[])
                  and (r.opens_at is null or r.opens_at <= $4) and (r.closes_at is null or r.closes_at > $4)
                  and (f.streak_length = r.streak_length
                       or (r.streak_repeats and f.streak_length % r.streak_length = 0))
                 order by user_id, r.item
                 on conflict do nothing
                 returning user_id, award_id, item, amount, coin_id, settles_at, changed_in
             )",
            "(select * from made union all select * from earned)",
            without
        )
        .await?
    };
    let mut results = vec![SignedIn::default(); asked.len()];
    for row in rows {
        let result = &mut results[row.slot as usize - 1];
        result.user = row.user_id.map(UserId);
        result.awards.extend(made_award(day.day, at, row));
    }
    Ok(results)
}

/// Returns the time at which the awards of a group are made: that of its last request; `None` without requests.
#[must_use]
pub fn made_at(asked: &[SignInRequest]) -> Option<DateTime<Utc>> {
    asked.iter().map(|request| request.at).max()
}

/// Returns the inserted award of a row, whose other columns follow from its kind; `None` without one.
fn made_award(day: NaiveDate, created_at: DateTime<Utc>, row: SignInRow) -> Option<Award> {
    let item = row.item?;
    Some(Award {
        id: AwardId(row.award_id?),
        user_id: UserId(row.user_id?),
        award_type: if item == ITEM {
            AwardType::Daily
        } else {
            AwardType::Bonus
        },
        item,
        amount: row.amount?,
        coin_id: row.coin_id?,
        target_id: None,
        status: AwardStatus::Pending,
        business_day: day,
        settles_at: row.settles_at?,
        created_at,
        updated_at: created_at,
        change: row.changed_in?,
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
    let rows = outer_award_query!(
        "select c.version as catalogue,",
        "from rule_catalogue c
         left join lateral (
             select awards.* from unnest($1::bigint[]) as asked (asked_id)
             join awards on once_day = $2 and user_id = asked_id
             where (source = 'sign_in' and source_key = '') or award_type = 'BONUS'
         ) found on true",
        &users.iter().map(|user| user.0).collect::<Vec<_>>()[..],
        day,
    )
    .fetch_all(connection)
    .await?;
    let catalogue = rows.first().map_or(0, |row| row.catalogue);
    let awards = rows.into_iter().filter_map(|row| outer_award!(row)).collect();
    Ok((awards, catalogue))
}

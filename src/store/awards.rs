//! Awards, and the daily counters that limit them.

use crate::store::bounded::PgConnection;
use chrono::{NaiveDate, TimeDelta};
use rust_decimal::Decimal;
use sqlx::PgExecutor;

use crate::domain::award::{Award, AwardStatus, AwardType};
use crate::domain::business_day::BusinessTime;
use crate::domain::id::{AwardId, UserId};
use crate::domain::rule::Rule;

/// Checked statement that returns awards, with their columns between its two parts.
macro_rules! award_query {
    ($before:literal, $after:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            Award,
            $before
                + r#" award_id as id, user_id, changed_in as change, item, award_type::text as "award_type!: AwardType",
                      amount, coin_id, target_id, status::text as "status!: AwardStatus", business_day, settles_at,
                      created_at, updated_at "#
                + $after
            $(, $argument)*
        )
    };
}

/// Checked statement with the columns of an award `found` that an outer join may lack: see [`outer_award`].
macro_rules! outer_award_query {
    ($before:literal, $after:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query!(
            $before
                + r#" found.award_id as "award_id?", found.user_id as "user_id?", found.changed_in as "change?",
                      found.item as "item?", found.award_type::text as "award_type?: AwardType",
                      found.amount as "amount?", found.coin_id as "coin_id?", found.target_id as "target_id?",
                      found.status::text as "status?: AwardStatus", found.business_day as "business_day?",
                      found.settles_at as "settles_at?", found.created_at as "created_at?",
                      found.updated_at as "updated_at?" "#
                + $after
            $(, $argument)*
        )
    };
}
pub(super) use outer_award_query;

/// Returns the award of a row of [`outer_award_query`]; `None` if the outer join found none.
macro_rules! outer_award {
    ($row:expr) => {
        (|| {
            Some(Award {
                id: AwardId($row.award_id?),
                user_id: UserId($row.user_id?),
                item: $row.item?,
                award_type: $row.award_type?,
                amount: $row.amount?,
                coin_id: $row.coin_id?,
                target_id: $row.target_id,
                status: $row.status?,
                business_day: $row.business_day?,
                settles_at: $row.settles_at?,
                created_at: $row.created_at?,
                updated_at: $row.updated_at?,
                change: $row.change?,
            })
        })()
    };
}
pub(super) use outer_award;

/// Data of a new award that its rule does not define.
#[derive(Clone, Copy, Debug)]
pub struct NewAward<'a> {
    pub user_id: UserId,
    pub rule: &'a Rule,
    /// Unique among the awards of this user and item: those of the business day for a DAILY item, else all. For a
    /// BONUS, the result of [`bonus_key`](crate::domain::streak::bonus_key).
    pub source_key: &'a str,
    pub target_id: Option<&'a str>,
    /// Instant of creation, and the business day of the award.
    pub moment: BusinessTime,
    /// Actor that reported the task or acted for the user; `None` if the user performed the action in newbee.
    pub recorded_by: Option<&'a str>,
}

/// Inserts an award according to a version of its rule. Returns `None` if it exists already.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn insert(connection: impl PgExecutor<'_>, award: NewAward<'_>) -> sqlx::Result<Option<Award>> {
    award_query!(
        "with held as materialized (
             -- The inviter of an invitee who may qualify is paid by a trigger: both are locked in the order of users.
             select 1 from (
                 select distinct unnest(array[user_id, inviter_id]) as user_id from qualifications
                 where user_id = $1 and state = 'PENDING' order by 1
             ) u cross join lateral (select 1 from award_feeds where user_id = u.user_id for update) f
         ),
         feed as (
             insert into award_feeds as f (user_id, last_change)
             select $1, 1 where (select count(*) from held) >= 0
             on conflict (user_id) do update set last_change = f.last_change + 1
             returning last_change
         )
         insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id, target_id,
                             business_day, settles_at, created_at, updated_at, recorded_by, changed_in)
         select $1, case when v.target_rule = 'ONCE' then v.item || ':once' else v.item end, $4, v.item, $5::text::award_type, v.version,
                draw_amount(v.amount, v.amount_max, v.amount_step), v.coin_id, $6, $7, $8::timestamptz + v.hold,
                $8, $8, $9, feed.last_change
         from feed cross join rule_versions v
         where (v.item, v.version) = ($2, $3)
           -- What an old system paid once for all time is not paid again.
           and ($5::text <> 'NEWBEE' or not exists (
                   select 1 from awards a
                   where a.user_id = $1 and a.item = v.item and a.source = 'import' and a.award_type = 'NEWBEE'))
           -- A target that counts once may have been paid by an old system, or before the rule was changed to that.
           and (v.target_rule <> 'ONCE' or not exists (
                   select 1 from awards a where a.user_id = $1 and a.item = v.item and a.target_id = $6))
         on conflict do nothing
         returning",
        "",
        award.user_id.0,
        award.rule.item,
        award.rule.version,
        award.source_key,
        award.rule.award_type.name(),
        award.target_id,
        award.moment.day,
        award.moment.at,
        award.recorded_by,
    )
    .fetch_optional(connection)
    .await
}

/// Award paid by a campaign, once per user and campaign, without a rule.
#[derive(Clone, Copy, Debug)]
pub struct CampaignAward<'a> {
    pub user_id: UserId,
    pub kind: CampaignKind,
    pub campaign_id: i64,
    /// Name of the campaign that the user sees, if it has one.
    pub target_id: Option<&'a str>,
    pub amount: Decimal,
    pub coin_id: &'a str,
    /// Time between the creation of the award and its settlement.
    pub hold: TimeDelta,
    pub moment: BusinessTime,
    /// API key that acted for the user; `None` if the user acted.
    pub recorded_by: Option<&'a str>,
}

/// Table of campaigns that an award's `source_key` refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CampaignKind {
    Word,
    Reservation,
}

impl CampaignKind {
    /// Returns the item of the campaign's awards, which is also their source.
    pub fn item(self) -> &'static str {
        match self {
            Self::Word => "word",
            Self::Reservation => "reservation",
        }
    }

    fn award_type(self) -> AwardType {
        match self {
            Self::Word => AwardType::Word,
            Self::Reservation => AwardType::Reservation,
        }
    }
}

/// Inserts an award of a campaign. Returns `None` if the user already has it.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn insert_of_campaign(
    connection: impl PgExecutor<'_>,
    award: CampaignAward<'_>,
) -> sqlx::Result<Option<Award>> {
    award_query!(
        "with feed as (
             insert into award_feeds as f (user_id, last_change) values ($1, 1)
             on conflict (user_id) do update set last_change = f.last_change + 1
             returning last_change
         )
         insert into awards (user_id, source, source_key, item, award_type, amount, coin_id, target_id, business_day,
                             settles_at, created_at, updated_at, recorded_by, changed_in)
         select $1, $2, $3, $2, $4::text::award_type, $5, $6, $7, $8, $9, $10, $10, $11, feed.last_change from feed
         on conflict on constraint awards_once do nothing
         returning",
        "",
        award.user_id.0,
        award.kind.item(),
        award.campaign_id.to_string(),
        award.kind.award_type().name(),
        award.amount,
        award.coin_id,
        award.target_id,
        award.moment.day,
        award.moment.at + award.hold,
        award.moment.at,
        award.recorded_by,
    )
    .fetch_optional(connection)
    .await
}

/// Returns the award that a campaign paid to a user.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn find_of_campaign(
    connection: impl PgExecutor<'_>,
    user: UserId,
    kind: CampaignKind,
    campaign_id: i64,
) -> sqlx::Result<Option<Award>> {
    award_query!(
        "select",
        "from awards where (once_day, user_id, source, source_key) = ('1900-01-01', $1, $2, $3)",
        user.0,
        kind.item(),
        campaign_id.to_string(),
    )
    .fetch_optional(connection)
    .await
}

/// Returns an award of a user by its id.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn find(connection: impl PgExecutor<'_>, user: UserId, id: AwardId) -> sqlx::Result<Option<Award>> {
    award_query!(
        "select",
        "from awards where (user_id, award_id) = ($1, $2)",
        user.0,
        id.0,
    )
    .fetch_optional(connection)
    .await
}

/// Returns awards by user and id, in any order.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn find_all(connection: impl PgExecutor<'_>, awards: &[(UserId, AwardId)]) -> sqlx::Result<Vec<Award>> {
    award_query!(
        "select",
        "from unnest($1::bigint[], $2::bigint[]) as asked (asked_user, asked_id)
         join awards on (user_id, award_id) = (asked_user, asked_id)",
        &awards.iter().map(|(user, _)| user.0).collect::<Vec<_>>()[..],
        &awards.iter().map(|(_, award)| award.0).collect::<Vec<_>>()[..],
    )
    .fetch_all(connection)
    .await
}

/// Increments the counter of an item and day unless the limit is reached. Returns false, without counting, if it is.
/// Locks the counter's row until the transaction ends, so that concurrent awards cannot exceed the limit.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn count_within_limit(
    connection: &mut PgConnection,
    user: UserId,
    day: NaiveDate,
    rule: &Rule,
) -> sqlx::Result<bool> {
    let counted = sqlx::query!(
        "insert into daily_counters as c (user_id, business_day, item, count) values ($1, $2, $3, 1)
         on conflict (user_id, business_day, item) do update set count = c.count + 1
         where $4::integer is null or c.count < $4",
        user.0,
        day,
        rule.item,
        rule.terms.daily_limit
    )
    .execute(connection)
    .await?;
    Ok(counted.rows_affected() == 1)
}

//! Awards, and the daily counters that limit them.

use crate::store::bounded::PgConnection;
use chrono::{NaiveDate, TimeDelta};
use rust_decimal::Decimal;
use sqlx::{FromRow, PgExecutor, Row, postgres::PgRow};

use super::rules::{label, stored_type, unknown};
use crate::domain::award::{Award, AwardStatus, AwardType};
use crate::domain::business_day::BusinessTime;
use crate::domain::id::{AwardId, UserId};
use crate::domain::rule::Rule;

/// Inserts the columns of an award between two parts of a statement. The labels of enums are text: the driver would
/// look their types up once per connection, which needs a prepared statement.
macro_rules! with_award_columns {
    ($before:expr, $after:literal) => {
        concat!(
            $before,
            " user_id, award_id, changed_in, item, award_type::text, amount, coin_id, target_id, status::text, business_day,
              settles_at, created_at, updated_at ",
            $after
        )
    };
}
pub(super) use with_award_columns;

/// Begins a statement with the next number of the changes of the user `$1`, as `feed.last_change`.
macro_rules! with_next_change {
    ($statement:literal) => {
        concat!(
            "with feed as (
                 insert into award_feeds as f (user_id, last_change) values ($1, 1)
                 on conflict (user_id) do update set last_change = f.last_change + 1
                 returning last_change
             ) ",
            $statement
        )
    };
}
pub(super) use with_next_change;

impl FromRow<'_, PgRow> for Award {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: AwardId(row.try_get("award_id")?),
            user_id: UserId(row.try_get("user_id")?),
            item: row.try_get("item")?,
            award_type: stored_type(row)?,
            amount: row.try_get("amount")?,
            coin_id: row.try_get("coin_id")?,
            target_id: row.try_get("target_id")?,
            status: AwardStatus::from_name(label(row, "status")?).ok_or_else(|| unknown("status"))?,
            business_day: row.try_get("business_day")?,
            settles_at: row.try_get("settles_at")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
            change: row.try_get("changed_in")?,
        })
    }
}

/// Data of a new award that its rule does not define.
#[derive(Clone, Copy, Debug)]
pub struct NewAward<'a> {
    pub user_id: UserId,
    pub rule: &'a Rule,
    /// Unique among the awards of this user and item: those of the business day for a DAILY item, else all.
    pub source_key: &'a str,
    pub target_id: Option<&'a str>,
    /// Instant of creation, and the business day of the award.
    pub moment: BusinessTime,
    /// Actor that reported the task; `None` if the user performed the action in newbee.
    pub recorded_by: Option<&'a str>,
}

/// Inserts an award according to a version of its rule. Returns `None` if it exists already.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn insert(connection: impl PgExecutor<'_>, award: NewAward<'_>) -> sqlx::Result<Option<Award>> {
    sqlx::query_as(with_award_columns!(
        with_next_change!(
            "insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id, target_id,
                                 business_day, settles_at, created_at, updated_at, recorded_by, changed_in)
             select $1, v.item, $4, v.item, $5::award_type, v.version, draw_amount(v.amount, v.amount_max, v.amount_step),
                    v.coin_id, $6, $7, $8 + v.hold, $8, $8, $9, feed.last_change
             from feed cross join rule_versions v where (v.item, v.version) = ($2, $3)
             on conflict on constraint awards_once do nothing
             returning"
        ),
        ""
    ))
    .bind(award.user_id.0)
    .bind(&award.rule.item)
    .bind(award.rule.version)
    .bind(award.source_key)
    .bind(award.rule.award_type.name())
    .bind(award.target_id)
    .bind(award.moment.day)
    .bind(award.moment.at)
    .bind(award.recorded_by)
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
    sqlx::query_as(with_award_columns!(
        with_next_change!(
            "insert into awards (user_id, source, source_key, item, award_type, amount, coin_id, target_id, business_day,
                                 settles_at, created_at, updated_at, changed_in)
             select $1, $2, $3, $2, $4::award_type, $5, $6, $7, $8, $9, $10, $10, feed.last_change from feed
             on conflict on constraint awards_once do nothing
             returning"
        ),
        ""
    ))
    .bind(award.user_id.0)
    .bind(award.kind.item())
    .bind(award.campaign_id.to_string())
    .bind(award.kind.award_type().name())
    .bind(award.amount)
    .bind(award.coin_id)
    .bind(award.target_id)
    .bind(award.moment.day)
    .bind(award.moment.at + award.hold)
    .bind(award.moment.at)
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
    sqlx::query_as(with_award_columns!(
        "select",
        "from awards where (once_day, user_id, source, source_key) = ('1900-01-01', $1, $2, $3)"
    ))
    .bind(user.0)
    .bind(kind.item())
    .bind(campaign_id.to_string())
    .fetch_optional(connection)
    .await
}

/// Returns an award of a user by its id.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn find(connection: impl PgExecutor<'_>, user: UserId, id: AwardId) -> sqlx::Result<Option<Award>> {
    sqlx::query_as(with_award_columns!(
        "select",
        "from awards where (user_id, award_id) = ($1, $2)"
    ))
    .bind(user.0)
    .bind(id.0)
    .fetch_optional(connection)
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
    let counted = sqlx::query(
        "insert into daily_counters as c (user_id, business_day, item, count) values ($1, $2, $3, 1)
         on conflict (user_id, business_day, item) do update set count = c.count + 1
         where $4::integer is null or c.count < $4",
    )
    .bind(user.0)
    .bind(day)
    .bind(&rule.item)
    .bind(rule.terms.daily_limit)
    .execute(connection)
    .await?;
    Ok(counted.rows_affected() == 1)
}

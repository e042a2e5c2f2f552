//! Reservations of places in campaigns.
//!
//! The count of a campaign is one row that all of its reservations change. A transaction therefore changes it last,
//! holding it only until the commit, and always after the user's own row, which rules out deadlocks.

use crate::store::bounded::PgConnection;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::postgres::types::PgInterval;
use sqlx::{FromRow, PgExecutor, Row, postgres::PgRow};

use super::rules::{label, unknown};
use crate::domain::id::UserId;
use crate::domain::reservation::{ReservationCampaign, ReservationReward, ReservationTerms};

pub mod campaigns;
pub mod payment;

/// Campaign with the reservation of one user, or without a user.
#[derive(Clone, Debug, PartialEq)]
pub struct CampaignView {
    pub campaign: ReservationCampaign,
    /// Time of the user's reservation; `None` without one.
    pub reserved_at: Option<DateTime<Utc>>,
}

impl FromRow<'_, PgRow> for CampaignView {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            campaign: ReservationCampaign::from_row(row)?,
            reserved_at: row.try_get("reserved_at")?,
        })
    }
}

impl FromRow<'_, PgRow> for ReservationCampaign {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("campaign_id")?,
            key: row.try_get("campaign_key")?,
            terms: ReservationTerms::from_row(row)?,
            reserved_count: row.try_get("reserved_count")?,
            launched_at: row.try_get("launched_at")?,
            rewards_paid_at: row.try_get("rewards_paid_at")?,
            created_by: row.try_get("created_by")?,
            reason: row.try_get("reason")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}

impl FromRow<'_, PgRow> for ReservationTerms {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        let amount: Option<_> = row.try_get("reward_amount")?;
        let coin_id: Option<_> = row.try_get("reward_coin_id")?;
        let hold = length(&row.try_get("reward_hold")?);
        Ok(Self {
            title: row.try_get("title")?,
            capacity: row.try_get("capacity")?,
            opens_at: row.try_get("opens_at")?,
            closes_at: row.try_get("closes_at")?,
            is_closed: match label(row, "state")? {
                "OPEN" | "LAUNCHED" => false,
                "CLOSED" => true,
                _ => return Err(unknown("state")),
            },
            reward: amount
                .zip(coin_id)
                .map(|(amount, coin_id)| ReservationReward { amount, coin_id, hold }),
            is_legacy_default: row.try_get("is_legacy_default")?,
        })
    }
}

/// Converts an interval; a month has thirty days, as in Postgres's `extract(epoch …)`.
fn length(interval: &PgInterval) -> TimeDelta {
    TimeDelta::days(i64::from(interval.months) * 30 + i64::from(interval.days))
        + TimeDelta::microseconds(interval.microseconds)
}

/// Key of a campaign, and the user whose reservation is looked up.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CampaignAsk {
    /// `None`: without a reservation.
    pub user: Option<UserId>,
    /// Normalised key.
    pub key: String,
}

/// Returns the requested campaigns, in the order of the requests; `None` for an unknown key.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn find_all(
    connection: impl PgExecutor<'_>,
    asks: &[CampaignAsk],
) -> sqlx::Result<Vec<Option<CampaignView>>> {
    let rows = sqlx::query(
        "select asked.slot, c.*, r.reserved_at
         from unnest($1::bigint[], $2::text[]) with ordinality as asked (user_id, campaign_key, slot)
         join reservation_campaigns c using (campaign_key)
         left join reservations r
           on (r.user_id, r.campaign_id) = (asked.user_id, c.campaign_id) and r.cancelled_at is null",
    )
    .bind(asks.iter().map(|ask| ask.user.map(|user| user.0)).collect::<Vec<_>>())
    .bind(asks.iter().map(|ask| ask.key.as_str()).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    let mut found = vec![None; asks.len()];
    for row in rows {
        let slot: i64 = row.try_get("slot")?;
        found[slot as usize - 1] = Some(CampaignView::from_row(&row)?);
    }
    Ok(found)
}

/// Returns the campaign with a key, and the user's reservation.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn find(connection: impl PgExecutor<'_>, user: UserId, key: String) -> sqlx::Result<Option<CampaignView>> {
    let user = Some(user);
    Ok(find_all(connection, &[CampaignAsk { user, key }])
        .await?
        .pop()
        .flatten())
}

/// Returns the number of reservations in the campaign with a key, or in the legacy default if no key is given; `None`
/// if there is no such campaign.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn count(connection: impl PgExecutor<'_>, key: Option<&str>) -> sqlx::Result<Option<i32>> {
    sqlx::query_scalar(
        "select reserved_count from reservation_campaigns
         where campaign_key = $1 or ($1::text is null and is_legacy_default)",
    )
    .bind(key)
    .fetch_optional(connection)
    .await
}

/// Inserts a user's reservation without counting it. Returns false if they have one, or the campaign is closed or
/// launched.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn insert(
    connection: &mut PgConnection,
    user: UserId,
    campaign_id: i64,
    at: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let inserted = sqlx::query(
        "insert into reservations as r (user_id, campaign_id, reserved_at)
         select $1, campaign_id, $3 from reservation_campaigns where campaign_id = $2 and state = 'OPEN'
         on conflict (user_id, campaign_id) do update set reserved_at = excluded.reserved_at, cancelled_at = null
         where r.cancelled_at is not null",
    )
    .bind(user.0)
    .bind(campaign_id)
    .bind(at)
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Increments the count if the campaign is open at that instant and not full; otherwise returns `None`. This decides
/// which request gets the last place.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn count_one(
    connection: &mut PgConnection,
    campaign_id: i64,
    at: DateTime<Utc>,
) -> sqlx::Result<Option<ReservationCampaign>> {
    sqlx::query_as(
        "update reservation_campaigns set reserved_count = reserved_count + 1
         where campaign_id = $1 and state = 'OPEN' and (capacity is null or reserved_count < capacity)
           and (opens_at is null or opens_at <= $2) and (closes_at is null or closes_at > $2)
         returning *",
    )
    .bind(campaign_id)
    .bind(at)
    .fetch_optional(connection)
    .await
}

/// Cancels a user's reservation without changing the count. Returns false if they have none, or the campaign is
/// closed or launched.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn cancel(
    connection: &mut PgConnection,
    user: UserId,
    campaign_id: i64,
    at: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let cancelled = sqlx::query(
        "update reservations r set cancelled_at = $3
         from reservation_campaigns c
         where (r.user_id, r.campaign_id) = ($1, $2) and r.cancelled_at is null
           and c.campaign_id = $2 and c.state = 'OPEN'",
    )
    .bind(user.0)
    .bind(campaign_id)
    .bind(at)
    .execute(connection)
    .await?;
    Ok(cancelled.rows_affected() == 1)
}

/// Decrements the count, unless the campaign has ended at that instant; then returns `None`.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn count_one_less(
    connection: &mut PgConnection,
    campaign_id: i64,
    at: DateTime<Utc>,
) -> sqlx::Result<Option<ReservationCampaign>> {
    sqlx::query_as(
        "update reservation_campaigns set reserved_count = reserved_count - 1
         where campaign_id = $1 and state = 'OPEN' and (closes_at is null or closes_at > $2)
         returning *",
    )
    .bind(campaign_id)
    .bind(at)
    .fetch_optional(connection)
    .await
}

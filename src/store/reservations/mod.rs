//! Reservations of places in campaigns.
//!
//! The count of a campaign is one row that all of its reservations change. A transaction therefore changes it last,
//! holding it only until the commit, and always after the user's own row, which rules out deadlocks.

use crate::store::bounded::PgConnection;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgExecutor;
use sqlx::postgres::types::PgInterval;

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

/// Checked statement that returns campaigns, with their columns between its two parts: `c` is the campaign.
macro_rules! campaign_query {
    ($before:literal, $after:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query!(
            $before
                + r#" c.campaign_id, c.campaign_key, c.title, c.capacity, c.opens_at, c.closes_at,
                      c.state = 'CLOSED' as "is_closed!", c.reward_amount, c.reward_coin_id, c.reward_hold,
                      c.is_legacy_default, c.reserved_count, c.launched_at, c.rewards_paid_at, c.created_by, c.reason,
                      c.created_at, c.updated_at "#
                + $after
            $(, $argument)*
        )
    };
}
use campaign_query;

/// Returns the campaign of a row of [`campaign_query`].
macro_rules! campaign {
    ($row:expr) => {{
        let hold = length(&$row.reward_hold);
        ReservationCampaign {
            id: $row.campaign_id,
            key: $row.campaign_key,
            terms: ReservationTerms {
                title: $row.title,
                capacity: $row.capacity,
                opens_at: $row.opens_at,
                closes_at: $row.closes_at,
                is_closed: $row.is_closed,
                reward: $row
                    .reward_amount
                    .zip($row.reward_coin_id)
                    .map(|(amount, coin_id)| ReservationReward { amount, coin_id, hold }),
                is_legacy_default: $row.is_legacy_default,
            },
            reserved_count: $row.reserved_count,
            launched_at: $row.launched_at,
            rewards_paid_at: $row.rewards_paid_at,
            created_by: $row.created_by,
            reason: $row.reason,
            created_at: $row.created_at,
            updated_at: $row.updated_at,
        }
    }};
}
use campaign;

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
    let rows = campaign_query!(
        r#"select asked.slot as "slot!", r.reserved_at as "reserved_at?","#,
        "from unnest($1::bigint[], $2::text[]) with ordinality as asked (user_id, campaign_key, slot)
         join reservation_campaigns c using (campaign_key)
         left join reservations r
           on (r.user_id, r.campaign_id) = (asked.user_id, c.campaign_id) and r.cancelled_at is null",
        asks.iter().map(|ask| ask.user.map(|user| user.0)).collect::<Vec<_>>() as _,
        asks.iter().map(|ask| ask.key.as_str()).collect::<Vec<_>>() as _,
    )
    .fetch_all(connection)
    .await?;
    let mut found = vec![None; asks.len()];
    for row in rows {
        found[row.slot as usize - 1] = Some(CampaignView {
            reserved_at: row.reserved_at,
            campaign: campaign!(row),
        });
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
    sqlx::query_scalar!(
        "select reserved_count from reservation_campaigns
         where campaign_key = $1 or ($1::text is null and is_legacy_default)",
        key
    )
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
    let inserted = sqlx::query!(
        "with reserved as (
             insert into reservations as r (user_id, campaign_id, reserved_at)
             select $1, campaign_id, $3 from reservation_campaigns where campaign_id = $2 and state = 'OPEN'
             on conflict (user_id, campaign_id) do update set reserved_at = excluded.reserved_at, cancelled_at = null
             where r.cancelled_at is not null
             returning user_id, campaign_id, reserved_at
         ),
         queued as (
             insert into host_event_queue (kind, user_id, campaign_id, occurred_at)
             select 'PLACE_RESERVED', user_id, campaign_id, reserved_at from reserved
             where exists (select 1 from host_feed where began_at is not null)
         )
         select user_id from reserved",
        user.0,
        campaign_id,
        at
    )
    .fetch_optional(connection)
    .await?;
    Ok(inserted.is_some())
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
    campaign_query!(
        "update reservation_campaigns c set reserved_count = reserved_count + 1
         where campaign_id = $1 and state = 'OPEN' and (capacity is null or reserved_count < capacity)
           and (opens_at is null or opens_at <= $2) and (closes_at is null or closes_at > $2)
         returning",
        "",
        campaign_id,
        at
    )
    .map(|row| campaign!(row))
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
    let cancelled = sqlx::query!(
        "with cancelled as (
             update reservations r set cancelled_at = $3
             from reservation_campaigns c
             where (r.user_id, r.campaign_id) = ($1, $2) and r.cancelled_at is null
               and c.campaign_id = $2 and c.state = 'OPEN'
             returning r.user_id, r.campaign_id, r.cancelled_at
         ),
         queued as (
             insert into host_event_queue (kind, user_id, campaign_id, occurred_at)
             select 'PLACE_CANCELLED', user_id, campaign_id, cancelled_at from cancelled
             where exists (select 1 from host_feed where began_at is not null)
         )
         select user_id from cancelled",
        user.0,
        campaign_id,
        at
    )
    .fetch_optional(connection)
    .await?;
    Ok(cancelled.is_some())
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
    campaign_query!(
        "update reservation_campaigns c set reserved_count = reserved_count - 1
         where campaign_id = $1 and state = 'OPEN' and (closes_at is null or closes_at > $2)
         returning",
        "",
        campaign_id,
        at
    )
    .map(|row| campaign!(row))
    .fetch_optional(connection)
    .await
}

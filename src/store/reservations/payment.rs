//! Rewards for the reservations of a launched campaign, in batches.

use crate::store::bounded::PgConnection;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use sqlx::PgExecutor;

use super::{campaign, campaign_query, length};
use crate::domain::award::AwardType;
use crate::domain::business_day::BusinessTime;
use crate::domain::reservation::{ReservationCampaign, ReservationReward, ReservationTerms};

use crate::store::awards::CampaignKind;
use crate::store::unnamed::Unnamed;

/// Returns the launched campaigns with a reward that still have reservations without one.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn campaigns_to_pay(connection: impl PgExecutor<'_>) -> sqlx::Result<Vec<ReservationCampaign>> {
    campaign_query!(
        "select",
        "from reservation_campaigns c
         where state = 'LAUNCHED' and reward_amount is not null and rewards_paid_at is null
         order by campaign_id"
    )
    .map(|row| campaign!(row))
    .fetch_all(connection)
    .await
}

/// Counts the reservations of these campaigns that have no reward yet.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn count_unpaid(connection: impl PgExecutor<'_>) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from reservation_campaigns c join reservations r using (campaign_id)
           where c.state = 'LAUNCHED' and c.reward_amount is not null and c.rewards_paid_at is null
             and r.cancelled_at is null
             and not exists (select 1 from awards a where (a.once_day, a.user_id, a.source, a.source_key)
                                   = ('1900-01-01', r.user_id, 'reservation', c.campaign_id::text))"#
    )
    .fetch_one(connection)
    .await
}

/// Result of one batch.
#[derive(Clone, Debug)]
pub struct PaidBatch {
    /// Number of reservations examined.
    pub places: i64,
    /// Number of awards created: fewer if some existed.
    pub awards: i64,
    pub amount: Decimal,
    /// Last user examined; `None` if no reservation was left.
    pub last_user_id: Option<i64>,
}

/// Creates the awards of at most `limit` reservations, by user, starting after `after_user`. The launch froze the
/// reservations, so the sweep examines each of them once.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn pay_batch(
    connection: &mut PgConnection,
    campaign_id: i64,
    after_user: i64,
    limit: i64,
    moment: BusinessTime,
) -> sqlx::Result<PaidBatch> {
    sqlx::query_as!(
        PaidBatch,
        r#"with places as (
             select user_id from reservations
             where campaign_id = $1 and user_id > $2 and cancelled_at is null
             order by user_id limit $3
         ),
         numbered as (
             insert into award_feeds as f (user_id, last_change) select user_id, 1 from places order by user_id
             on conflict (user_id) do update set last_change = f.last_change + 1
             returning user_id, last_change
         ),
         paid as (
             insert into awards (user_id, source, source_key, item, award_type, amount, coin_id, target_id,
                                 business_day, settles_at, created_at, updated_at, changed_in)
             select n.user_id, $4, c.campaign_id::text, $4, $5::text::award_type, c.reward_amount, c.reward_coin_id,
                    c.campaign_key, $6, $7::timestamptz + c.reward_hold, $7, $7, n.last_change
             from numbered n cross join reservation_campaigns c
             where c.campaign_id = $1 and c.state = 'LAUNCHED'
             order by n.user_id
             on conflict on constraint awards_once do nothing
             returning amount
         )
         select (select count(*) from places) as "places!", (select max(user_id) from places) as last_user_id,
                count(*) as "awards!", coalesce(sum(amount), 0) as "amount!"
         from paid"#,
        campaign_id,
        after_user,
        limit,
        CampaignKind::Reservation.item(),
        AwardType::Reservation.name(),
        moment.day,
        moment.at
    )
    // Planned for each execution: a plan for an unknown limit may read the whole table to pay a few.
    .fetch_one(Unnamed(connection))
    .await
}

/// Records that every reservation of a campaign has its award.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn mark_paid(connection: &mut PgConnection, campaign_id: i64, at: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "update reservation_campaigns set rewards_paid_at = $2, updated_at = $2
         where campaign_id = $1 and rewards_paid_at is null",
        campaign_id,
        at
    )
    .execute(connection)
    .await
    .map(|_| ())
}

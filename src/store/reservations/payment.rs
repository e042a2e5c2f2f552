//! Paying the places of a launched campaign, a batch at a time.

use crate::store::bounded::PgConnection;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use sqlx::{FromRow, PgExecutor};

use crate::domain::award::AwardType;
use crate::domain::business_day::BusinessTime;
use crate::domain::reservation::ReservationCampaign;
use crate::store::awards::CampaignKind;

/// The launched campaigns that promised a reward and have places without one.
pub async fn campaigns_to_pay(connection: impl PgExecutor<'_>) -> sqlx::Result<Vec<ReservationCampaign>> {
    sqlx::query_as(
        "select * from reservation_campaigns
         where state = 'LAUNCHED' and reward_amount is not null and rewards_paid_at is null
         order by campaign_id",
    )
    .fetch_all(connection)
    .await
}

/// How many places of those campaigns have no reward yet.
pub async fn count_unpaid(connection: impl PgExecutor<'_>) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "select count(*) from reservation_campaigns c join reservations r using (campaign_id)
         where c.state = 'LAUNCHED' and c.reward_amount is not null and c.rewards_paid_at is null
           and r.cancelled_at is null
           and not exists (select from awards a where a.user_id = r.user_id and a.source = 'reservation'
                           and a.source_key = c.campaign_id::text)",
    )
    .fetch_one(connection)
    .await
}

/// What one batch did.
#[derive(Clone, Debug, FromRow)]
pub struct PaidBatch {
    /// Places looked at.
    pub places: i64,
    /// Awards made: fewer where some had theirs before.
    pub awards: i64,
    pub amount: Decimal,
    /// The last user looked at; `None` when there was no place left.
    pub last_user_id: Option<i64>,
}

/// Makes the awards of at most `limit` places, by user from the one after `after_user` on. A launch froze the places, so the
/// walk sees each of them once.
pub async fn pay_batch(
    connection: &mut PgConnection,
    campaign_id: i64,
    after_user: i64,
    limit: i64,
    moment: BusinessTime,
) -> sqlx::Result<PaidBatch> {
    sqlx::query_as(
        "with places as (
             select user_id from reservations
             where campaign_id = $1 and user_id > $2 and cancelled_at is null
             order by user_id limit $3
         ),
         paid as (
             insert into awards (user_id, source, source_key, item, award_type, amount, coin_id, target_id, business_day,
                                 settles_at, created_at, updated_at)
             select p.user_id, $4, c.campaign_id::text, $4, $5, c.reward_amount, c.reward_coin_id, c.campaign_key, $6,
                    $7 + c.reward_hold, $7, $7
             from places p cross join reservation_campaigns c
             where c.campaign_id = $1 and c.state = 'LAUNCHED'
             order by p.user_id
             on conflict on constraint awards_once do nothing
             returning amount
         )
         select (select count(*) from places) as places, (select max(user_id) from places) as last_user_id,
                count(*) as awards, coalesce(sum(amount), 0) as amount
         from paid",
    )
    .bind(campaign_id)
    .bind(after_user)
    .bind(limit)
    .bind(CampaignKind::Reservation.item())
    .bind(AwardType::Reservation as i16)
    .bind(moment.day)
    .bind(moment.at)
    // Planned anew each time: a plan for an unknown limit may read the whole table to pay a few.
    .persistent(false)
    .fetch_one(connection)
    .await
}

/// Says that every place of a campaign has its award.
pub async fn mark_paid(connection: &mut PgConnection, campaign_id: i64, at: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query(
        "update reservation_campaigns set rewards_paid_at = $2, updated_at = $2
         where campaign_id = $1 and rewards_paid_at is null",
    )
    .bind(campaign_id)
    .bind(at)
    .execute(connection)
    .await
    .map(|_| ())
}

//! Giving a place in a reservation campaign back, for somebody else to take.

use crate::store::bounded::PgPool;

use super::ServiceError;
use crate::domain::business_day::BusinessTime;
use crate::domain::id::UserId;
use crate::domain::reservation::{ReservationRejection, normalise_key};
use crate::store::reservations::{self, CampaignView};
use crate::store::transaction::retrying_idempotent;

/// Frees the user's place in the campaign of this key, until the campaign is closed or launched. Who has none gets a success
/// that changes nothing, also then: what they ask for is so.
pub async fn cancel_reservation(
    pool: &PgPool,
    user: UserId,
    key: &str,
    moment: BusinessTime,
) -> Result<Result<CampaignView, ReservationRejection>, ServiceError> {
    let Some(key) = normalise_key(key) else {
        return Ok(Err(ReservationRejection::Unknown));
    };
    let Some(seen) = retrying_idempotent!(reservations::find(pool, user, key.clone()))? else {
        return Ok(Err(ReservationRejection::Unknown));
    };
    if seen.reserved_at.is_none() {
        return Ok(Ok(seen));
    }
    if seen.campaign.is_over(moment.at) {
        return Ok(Err(ReservationRejection::Closed));
    }
    if let Some(free) = retrying_idempotent!(free_place(pool, user, seen.campaign.id, moment))? {
        return Ok(Ok(free));
    }
    // What we saw has changed: the same user came twice at once, or the campaign was just closed.
    let Some(now) = retrying_idempotent!(reservations::find(pool, user, key.clone()))? else {
        return Err(ServiceError::InconsistentData("a reservation campaign that is gone"));
    };
    Ok(match now.reserved_at {
        None => Ok(now),
        Some(_) => Err(ReservationRejection::Closed),
    })
}

/// `None`: the user has no place, or can no longer give it back.
async fn free_place(
    pool: &PgPool,
    user: UserId,
    campaign_id: i64,
    moment: BusinessTime,
) -> Result<Option<CampaignView>, ServiceError> {
    let mut transaction = pool.begin().await?;
    if !reservations::cancel(&mut transaction, user, campaign_id, moment.at).await? {
        return Ok(None);
    }
    // Leaving without a commit gives the place back.
    let Some(campaign) = reservations::count_one_less(&mut transaction, campaign_id, moment.at).await? else {
        return Ok(None);
    };
    transaction.commit().await?;
    Ok(Some(CampaignView {
        campaign,
        reserved_at: None,
    }))
}

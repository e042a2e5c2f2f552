//! Cancelling a reservation: the place becomes available to other users.

use crate::store::bounded::PgPool;

use super::{Failure, ServiceError};
use crate::domain::business_day::BusinessTime;
use crate::domain::id::UserId;
use crate::domain::reservation::{ReservationRejection, normalise_key};
use crate::store::reservations::{self, CampaignView};
use crate::store::transaction::retrying_idempotent;

/// Cancels the user's reservation in the campaign of this key, unless the campaign is closed or launched. Without a
/// reservation the call succeeds and changes nothing, even in a closed campaign.
///
/// # Errors
/// If the request is rejected, or the database fails.
pub async fn cancel_reservation(
    pool: &PgPool,
    user: UserId,
    key: &str,
    moment: BusinessTime,
) -> Result<CampaignView, Failure<ReservationRejection>> {
    let Some(key) = normalise_key(key) else {
        return Err(ReservationRejection::Unknown.into());
    };
    let Some(seen) = retrying_idempotent!(reservations::find(pool, user, key.clone()))? else {
        return Err(ReservationRejection::Unknown.into());
    };
    if seen.reserved_at.is_none() {
        return Ok(seen);
    }
    if seen.campaign.is_over(moment.at) {
        return Err(ReservationRejection::Closed.into());
    }
    if let Some(free) = retrying_idempotent!(free_place(pool, user, seen.campaign.id, moment))? {
        return Ok(free);
    }
    // The state has changed since it was read: a concurrent request of the same user, or the campaign was just closed.
    let Some(now) = retrying_idempotent!(reservations::find(pool, user, key.clone()))? else {
        return Err(ServiceError::InconsistentData("a reservation campaign no longer exists").into());
    };
    match now.reserved_at {
        None => Ok(now),
        Some(_) => Err(ReservationRejection::Closed.into()),
    }
}

/// Returns `None` if the user has no place or can no longer cancel it.
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
    // The early return rolls the cancellation back.
    let Some(campaign) = reservations::count_one_less(&mut transaction, campaign_id, moment.at).await? else {
        return Ok(None);
    };
    transaction.commit().await?;
    Ok(Some(CampaignView {
        campaign,
        reserved_at: None,
    }))
}

//! Reserving a place in a campaign: at most one per user, and never beyond the capacity.

use crate::store::bounded::PgPool;

use super::{Failure, ServiceError};
use crate::domain::business_day::BusinessTime;
use crate::domain::id::UserId;
use crate::domain::reservation::{ReservationRejection, normalise_key};
use crate::store::reservations::{self, CampaignView};
use crate::store::transaction::retrying_idempotent;

/// Reserves a place for the user in the campaign of this key, in any equivalent spelling. If the user already has a
/// place, the call succeeds and changes nothing, even if the campaign is full or over.
///
/// # Errors
/// If the request is rejected, or the database fails.
pub async fn reserve(
    pool: &PgPool,
    user: UserId,
    key: &str,
    moment: BusinessTime,
) -> Result<CampaignView, Failure<ReservationRejection>> {
    let Some(key) = normalise_key(key) else {
        return Err(ReservationRejection::Unknown.into());
    };
    // Check before locking: under high load most requests come too late, and these must not queue for the campaign's
    // row.
    let Some(seen) = retrying_idempotent!(reservations::find(pool, user, key.clone()))? else {
        return Err(ReservationRejection::Unknown.into());
    };
    if seen.reserved_at.is_some() {
        return Ok(seen);
    }
    if let Some(refusal) = seen.campaign.refusal_at(moment.at) {
        return Err(refusal.into());
    }
    if let Some(reserved) = retrying_idempotent!(take_place(pool, user, seen.campaign.id, moment))? {
        return Ok(reserved);
    }
    // The state has changed since it was read: a concurrent request of the same user, or the last place was taken.
    let Some(now) = retrying_idempotent!(reservations::find(pool, user, key.clone()))? else {
        return Err(ServiceError::InconsistentData("a reservation campaign no longer exists").into());
    };
    match now.reserved_at {
        Some(_) => Ok(now),
        // The campaign was full, even if a place was cancelled since.
        None => Err(now
            .campaign
            .refusal_at(moment.at)
            .unwrap_or(ReservationRejection::Full)
            .into()),
    }
}

/// Returns `None` if the user has a place or cannot have one.
async fn take_place(
    pool: &PgPool,
    user: UserId,
    campaign_id: i64,
    moment: BusinessTime,
) -> Result<Option<CampaignView>, ServiceError> {
    let mut transaction = pool.begin().await?;
    if !reservations::insert(&mut transaction, user, campaign_id, moment.at).await? {
        return Ok(None);
    }
    // The early return rolls the reservation back.
    let Some(campaign) = reservations::count_one(&mut transaction, campaign_id, moment.at).await? else {
        return Ok(None);
    };
    transaction.commit().await?;
    Ok(Some(CampaignView {
        campaign,
        reserved_at: Some(moment.at),
    }))
}

//! Reserving a place in a campaign: at most one per user, and never beyond the capacity.

use crate::store::bounded::{PgConnection, PgPool};
use chrono::{DateTime, Utc};

use super::{Applied, Failure, ServiceError};
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

/// Reserves a place that the user asked for elsewhere at `asked_at`, when the campaign must be open, in a transaction
/// that the caller commits. `changed` is false if the user had a place before.
///
/// # Errors
/// Those of [`reserve`].
pub(super) async fn reserve_reported(
    transaction: &mut PgConnection,
    user: UserId,
    key: &str,
    asked_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Applied<CampaignView>, Failure<ReservationRejection>> {
    let Some(key) = normalise_key(key) else {
        return Err(ReservationRejection::Unknown.into());
    };
    let Some(seen) = reservations::find(&mut *transaction, user, key.clone()).await? else {
        return Err(ReservationRejection::Unknown.into());
    };
    if seen.reserved_at.is_some() {
        return Ok(Applied::before(seen));
    }
    if let Some(refusal) = seen.campaign.refusal_at(asked_at) {
        return Err(refusal.into());
    }
    let mut place = transaction.begin().await?;
    if reservations::insert(&mut place, user, seen.campaign.id, now).await?
        && let Some(campaign) = reservations::count_one(&mut place, seen.campaign.id, asked_at).await?
    {
        place.commit().await?;
        return Ok(Applied::now(CampaignView {
            campaign,
            reserved_at: Some(now),
        }));
    }
    place.rollback().await?;
    // The state has changed since it was read, as in [`reserve`].
    let Some(changed) = reservations::find(&mut *transaction, user, key).await? else {
        return Err(ServiceError::InconsistentData("a reservation campaign no longer exists").into());
    };
    match changed.reserved_at {
        Some(_) => Ok(Applied::before(changed)),
        None => Err(changed
            .campaign
            .refusal_at(asked_at)
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

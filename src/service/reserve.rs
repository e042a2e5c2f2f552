//! Taking a place in a reservation campaign: one a user, and never more than there are.

use crate::store::bounded::PgPool;

use super::ServiceError;
use crate::domain::business_day::BusinessTime;
use crate::domain::id::UserId;
use crate::domain::reservation::{ReservationRejection, normalise_key};
use crate::store::reservations::{self, CampaignView};
use crate::store::transaction::retrying_idempotent;

/// Gives the user a place in the campaign of this key, whatever its spelling. Who has one keeps it: a success that changes
/// nothing, also when the campaign is full or over.
pub async fn reserve(
    pool: &PgPool,
    user: UserId,
    key: &str,
    moment: BusinessTime,
) -> Result<Result<CampaignView, ReservationRejection>, ServiceError> {
    let Some(key) = normalise_key(key) else {
        return Ok(Err(ReservationRejection::Unknown));
    };
    // Check before locking: in a rush most requests come too late, and these must not queue for the campaign's row.
    let Some(seen) = retrying_idempotent!(reservations::find(pool, user, key.clone()))? else {
        return Ok(Err(ReservationRejection::Unknown));
    };
    if seen.reserved_at.is_some() {
        return Ok(Ok(seen));
    }
    if let Some(refusal) = seen.campaign.refusal_at(moment.at) {
        return Ok(Err(refusal));
    }
    if let Some(reserved) = retrying_idempotent!(take_place(pool, user, seen.campaign.id, moment))? {
        return Ok(Ok(reserved));
    }
    // What we saw has changed: the same user came twice at once, or the last place went to another.
    let Some(now) = retrying_idempotent!(reservations::find(pool, user, key.clone()))? else {
        return Err(ServiceError::InconsistentData("a reservation campaign that is gone"));
    };
    Ok(match now.reserved_at {
        Some(_) => Ok(now),
        // Full it was, even if somebody has cancelled since.
        None => Err(now.campaign.refusal_at(moment.at).unwrap_or(ReservationRejection::Full)),
    })
}

/// `None`: the user has a place, or can have none.
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
    // Leaving without a commit takes the place away again.
    let Some(campaign) = reservations::count_one(&mut transaction, campaign_id, moment.at).await? else {
        return Ok(None);
    };
    transaction.commit().await?;
    Ok(Some(CampaignView {
        campaign,
        reserved_at: Some(moment.at),
    }))
}

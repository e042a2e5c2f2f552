//! Launching a reservation campaign: its places become final, and the job `pay_reservations` pays each of them.

use crate::store::bounded::PgPool;

use super::create_reservation_campaign::audit_entry;
use super::{Applied, Failure};
use crate::domain::audit::Author;
use crate::domain::correction::is_valid_reason;
use crate::domain::rejection::change::ChangeRejection;
use crate::domain::reservation::{ReservationCampaign, normalise_key};
use crate::store::audit_log;
use crate::store::reservations::campaigns;
use crate::store::transaction::retrying;

/// Launches the campaign of this key irrevocably, possibly before its window is over.
///
/// # Errors
/// If the request is rejected, or the database fails.
pub async fn launch_reservations(
    pool: &PgPool,
    key: &str,
    reason: &str,
    author: &Author,
) -> Result<Applied<ReservationCampaign>, Failure<ChangeRejection>> {
    if !is_valid_reason(reason) {
        return Err(ChangeRejection::ReasonInvalid.into());
    }
    match normalise_key(key) {
        Some(key) => retrying!(launch_in_transaction(pool, &key, reason.trim(), author)),
        None => Err(ChangeRejection::CampaignUnknown.into()),
    }
}

async fn launch_in_transaction(
    pool: &PgPool,
    key: &str,
    reason: &str,
    author: &Author,
) -> Result<Applied<ReservationCampaign>, Failure<ChangeRejection>> {
    let mut transaction = pool.begin().await?;
    let Some(campaign) = campaigns::find_for_update(&mut transaction, key).await? else {
        return Err(ChangeRejection::CampaignUnknown.into());
    };
    let Some(launched) = campaigns::launch(&mut *transaction, key, &author.name, author.at).await? else {
        return Ok(Applied::before(campaign));
    };
    let entry = audit_entry("launch_reservations", reason, Some(&campaign), &launched);
    audit_log::record(&mut transaction, author, &[entry]).await?;
    transaction.commit().await?;
    Ok(Applied::now(launched))
}

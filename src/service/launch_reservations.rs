//! Launching a reservation campaign: its places become final, and the job `pay_reservations` pays each of them.

use crate::store::bounded::PgPool;

use super::ServiceError;
use super::create_reservation_campaign::audit_entry;
use crate::domain::audit::Author;
use crate::domain::correction::is_valid_reason;
use crate::domain::reservation::{ReservationCampaign, normalise_key};
use crate::store::audit_log;
use crate::store::reservations::campaigns;
use crate::store::transaction::retrying;

/// Outcome of a launch.
#[derive(Clone, Debug, PartialEq)]
pub enum LaunchOutcome {
    Launched(ReservationCampaign),
    /// The campaign was launched before; nothing was changed.
    AlreadyLaunched(ReservationCampaign),
    /// No campaign has this key.
    Unknown,
    ReasonInvalid,
}

/// Launches the campaign of this key irrevocably, possibly before its window is over.
///
/// # Errors
/// If the database fails.
pub async fn launch_reservations(
    pool: &PgPool,
    key: &str,
    reason: &str,
    author: &Author,
) -> Result<LaunchOutcome, ServiceError> {
    if !is_valid_reason(reason) {
        return Ok(LaunchOutcome::ReasonInvalid);
    }
    match normalise_key(key) {
        Some(key) => retrying!(launch_in_transaction(pool, &key, reason.trim(), author)),
        None => Ok(LaunchOutcome::Unknown),
    }
}

async fn launch_in_transaction(
    pool: &PgPool,
    key: &str,
    reason: &str,
    author: &Author,
) -> Result<LaunchOutcome, ServiceError> {
    let mut transaction = pool.begin().await?;
    let Some(campaign) = campaigns::find_for_update(&mut transaction, key).await? else {
        return Ok(LaunchOutcome::Unknown);
    };
    let Some(launched) = campaigns::launch(&mut *transaction, key, &author.name, author.at).await? else {
        return Ok(LaunchOutcome::AlreadyLaunched(campaign));
    };
    let entry = audit_entry("launch_reservations", reason, Some(&campaign), &launched);
    audit_log::record(&mut transaction, author, &[entry]).await?;
    transaction.commit().await?;
    Ok(LaunchOutcome::Launched(launched))
}

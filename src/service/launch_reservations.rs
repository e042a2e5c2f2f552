//! Launching a reservation campaign: its places are final from then on, and the job `pay_reservations` pays each of them.

use crate::store::bounded::PgPool;

use super::ServiceError;
use super::create_reservation_campaign::tell;
use crate::domain::audit::Author;
use crate::domain::correction::is_valid_reason;
use crate::domain::reservation::{ReservationCampaign, normalise_key};
use crate::store::audit_log;
use crate::store::reservations::campaigns;
use crate::store::transaction::retrying;

/// What became of a launch.
#[derive(Clone, Debug, PartialEq)]
pub enum LaunchOutcome {
    Launched(ReservationCampaign),
    /// By an earlier launch, which stands; nothing was changed.
    AlreadyLaunched(ReservationCampaign),
    /// There is no campaign of this key.
    Unknown,
    ReasonInvalid,
}

/// Launches the campaign of this key, once and for ever, also before its window is over.
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
    let told = tell("launch_reservations", reason, Some(&campaign), &launched);
    audit_log::record(&mut transaction, author, &[told]).await?;
    transaction.commit().await?;
    Ok(LaunchOutcome::Launched(launched))
}

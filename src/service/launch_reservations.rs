//! Launching a reservation campaign: its places are final from then on, and the job `pay_reservations` pays each of them.

use sqlx::PgPool;

use super::ServiceError;
use crate::domain::business_day::Moment;
use crate::domain::reservation::{ReservationCampaign, normalise_key};
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
}

/// Launches the campaign of this key, once and for ever, also before its window is over.
pub async fn launch_reservations(
    pool: &PgPool,
    key: &str,
    actor: &str,
    moment: Moment,
) -> Result<LaunchOutcome, ServiceError> {
    let Some(key) = normalise_key(key) else {
        return Ok(LaunchOutcome::Unknown);
    };
    if let Some(campaign) = retrying!(campaigns::launch(pool, &key, actor, moment.at))? {
        tracing::info!(
            key,
            actor,
            reserved = campaign.reserved_count,
            "reservation campaign launched"
        );
        return Ok(LaunchOutcome::Launched(campaign));
    }
    let launched = campaigns::find(pool, &key).await?;
    Ok(launched.map_or(LaunchOutcome::Unknown, LaunchOutcome::AlreadyLaunched))
}

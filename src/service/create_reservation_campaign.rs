//! Making a reservation campaign, and changing what ops decided about it.

use sqlx::PgPool;

use super::ServiceError;
use crate::domain::business_day::Moment;
use crate::domain::reservation::{CampaignProblem, ReservationCampaign, ReservationTerms, normalise_key};
use crate::store::reservations::campaigns::{self, NewCampaign};
use crate::store::transaction::retrying;

/// Makes a campaign, or says everything that is wrong with it. A new legacy default takes the place of the one before.
pub async fn create_reservation_campaign(
    pool: &PgPool,
    key: &str,
    terms: &ReservationTerms,
    actor: &str,
    reason: &str,
    moment: Moment,
) -> Result<Result<ReservationCampaign, Vec<CampaignProblem>>, ServiceError> {
    let mut problems = terms.problems();
    let Some(key) = normalise_key(key) else {
        problems.insert(0, CampaignProblem::KeyInvalid);
        return Ok(Err(problems));
    };
    if !problems.is_empty() {
        if campaigns::find(pool, &key).await?.is_some() {
            problems.insert(0, CampaignProblem::KeyTaken);
        }
        return Ok(Err(problems));
    }
    let new = NewCampaign {
        key: &key,
        terms,
        created_by: actor,
        reason,
    };
    let created = retrying!(create(pool, new, moment))?;
    Ok(created.ok_or_else(|| vec![CampaignProblem::KeyTaken]))
}

async fn create(
    pool: &PgPool,
    new: NewCampaign<'_>,
    moment: Moment,
) -> Result<Option<ReservationCampaign>, ServiceError> {
    let mut transaction = pool.begin().await?;
    campaigns::lock(&mut transaction).await?;
    let created = campaigns::insert(&mut transaction, new, moment.at).await?;
    transaction.commit().await?;
    Ok(created)
}

/// Gives a campaign other terms, or says everything that is against it. A launched campaign keeps what it promised.
pub async fn change_reservation_campaign(
    pool: &PgPool,
    key: &str,
    terms: &ReservationTerms,
    actor: &str,
    reason: &str,
    moment: Moment,
) -> Result<Result<ReservationCampaign, Vec<CampaignProblem>>, ServiceError> {
    let Some(key) = normalise_key(key) else {
        return Ok(Err(vec![CampaignProblem::Unknown]));
    };
    let changed = retrying!(change(pool, &key, terms, moment))?;
    if changed.is_ok() {
        tracing::info!(key, actor, reason, "reservation campaign changed");
    }
    Ok(changed)
}

async fn change(
    pool: &PgPool,
    key: &str,
    terms: &ReservationTerms,
    moment: Moment,
) -> Result<Result<ReservationCampaign, Vec<CampaignProblem>>, ServiceError> {
    let mut transaction = pool.begin().await?;
    campaigns::lock(&mut transaction).await?;
    // Held while it is compared: the count cannot pass a smaller capacity in between.
    let Some(campaign) = campaigns::find_for_update(&mut transaction, key).await? else {
        return Ok(Err(vec![CampaignProblem::Unknown]));
    };
    let problems = campaign.change_problems(terms);
    if !problems.is_empty() {
        return Ok(Err(problems));
    }
    let changed = campaigns::change(&mut transaction, key, terms, moment.at).await?;
    transaction.commit().await?;
    Ok(Ok(changed))
}

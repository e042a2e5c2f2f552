//! Creating reservation campaigns and changing their terms.

use crate::store::bounded::PgPool;
use serde_json::{Value, json};

use super::{Failure, ServiceError};
use crate::domain::audit::{Author, Change};
use crate::domain::correction::is_valid_reason;
use crate::domain::money::wire_amount;
use crate::domain::rejection::change::ChangeRejection;
use crate::domain::reservation::{ReservationCampaign, ReservationCampaignRejection, ReservationTerms, normalise_key};
use crate::store::audit_log;
use crate::store::reservations::campaigns::{self, NewCampaign};
use crate::store::transaction::retrying;

/// Creates a campaign, or returns all problems of its terms. A new legacy default replaces the previous one.
///
/// # Errors
/// If the request is rejected, or the database fails.
pub async fn create_reservation_campaign(
    pool: &PgPool,
    key: &str,
    terms: &ReservationTerms,
    reason: &str,
    author: &Author,
) -> Result<ReservationCampaign, Failure<Vec<ReservationCampaignRejection>>> {
    let mut problems = problems(terms, reason);
    let Some(key) = normalise_key(key) else {
        problems.insert(0, ReservationCampaignRejection::KeyInvalid);
        return Err(problems.into());
    };
    if !problems.is_empty() {
        if campaigns::find(pool, &key).await?.is_some() {
            problems.insert(0, ReservationCampaignRejection::KeyTaken);
        }
        return Err(problems.into());
    }
    let new = NewCampaign {
        key: &key,
        terms,
        created_by: &author.name,
        reason: reason.trim(),
    };
    let created = retrying!(create(pool, new, author))?;
    created.ok_or_else(|| vec![ReservationCampaignRejection::KeyTaken].into())
}

async fn create(
    pool: &PgPool,
    new: NewCampaign<'_>,
    author: &Author,
) -> Result<Option<ReservationCampaign>, ServiceError> {
    let mut transaction = pool.begin().await?;
    campaigns::lock(&mut transaction).await?;
    let created = campaigns::insert(&mut transaction, new, author.at).await?;
    if let Some(campaign) = &created {
        let entry = audit_entry("create_reservation_campaign", new.reason, None, campaign);
        audit_log::record(&mut transaction, author, &[entry]).await?;
    }
    transaction.commit().await?;
    Ok(created)
}

/// Changes the terms of a campaign, or returns all problems of the change. A launched campaign keeps its promised
/// terms.
///
/// # Errors
/// If the request is rejected, or the database fails.
pub async fn change_reservation_campaign(
    pool: &PgPool,
    key: &str,
    terms: &ReservationTerms,
    reason: &str,
    author: &Author,
) -> Result<ReservationCampaign, Failure<Vec<ReservationCampaignRejection>>> {
    let Some(key) = normalise_key(key) else {
        return Err(vec![ChangeRejection::CampaignUnknown.into()].into());
    };
    let problems = problems(terms, reason);
    if !problems.is_empty() {
        return Err(problems.into());
    }
    retrying!(change(pool, &key, terms, reason.trim(), author))
}

async fn change(
    pool: &PgPool,
    key: &str,
    terms: &ReservationTerms,
    reason: &str,
    author: &Author,
) -> Result<ReservationCampaign, Failure<Vec<ReservationCampaignRejection>>> {
    let mut transaction = pool.begin().await?;
    campaigns::lock(&mut transaction).await?;
    // Locked during the comparison, so that the count cannot exceed a smaller capacity in between.
    let Some(campaign) = campaigns::find_for_update(&mut transaction, key).await? else {
        return Err(vec![ChangeRejection::CampaignUnknown.into()].into());
    };
    let problems = campaign.change_problems(terms);
    if !problems.is_empty() {
        return Err(problems.into());
    }
    let changed = campaigns::change(&mut transaction, key, terms, author.at).await?;
    let entry = audit_entry("change_reservation_campaign", reason, Some(&campaign), &changed);
    audit_log::record(&mut transaction, author, &[entry]).await?;
    transaction.commit().await?;
    Ok(changed)
}

fn problems(terms: &ReservationTerms, reason: &str) -> Vec<ReservationCampaignRejection> {
    let mut problems = terms.problems();
    if !is_valid_reason(reason) {
        problems.push(ChangeRejection::ReasonInvalid.into());
    }
    problems
}

/// Returns the audit log entry of a change of a campaign, with its terms before and after.
pub(super) fn audit_entry(
    action: &'static str,
    reason: &str,
    before: Option<&ReservationCampaign>,
    after: &ReservationCampaign,
) -> Change {
    let as_json = |campaign: &ReservationCampaign| -> Value {
        let terms = &campaign.terms;
        json!({
            "title": terms.title,
            "capacity": terms.capacity,
            "opensAt": terms.opens_at,
            "closesAt": terms.closes_at,
            "closed": terms.is_closed,
            "rewardAmount": terms.reward.as_ref().map(|reward| wire_amount(reward.amount)),
            "rewardCoinId": terms.reward.as_ref().map(|reward| &reward.coin_id),
            "rewardHoldSeconds": terms.reward.as_ref().map(|reward| reward.hold.num_seconds()),
            "legacyDefault": terms.is_legacy_default,
            "launchedAt": campaign.launched_at,
        })
    };
    Change {
        action,
        subject: format!("reservation_campaign:{}", after.key),
        user_id: None,
        reason: Some(reason.to_owned()),
        before: before.map(as_json),
        after: Some(as_json(after)),
    }
}

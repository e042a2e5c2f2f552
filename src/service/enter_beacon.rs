//! Entering the public randomness of a word campaign, which determines its shares.

use crate::store::bounded::PgPool;
use data_encoding::HEXLOWER;
use serde_json::json;

use super::word_campaigns::subject;
use super::{Applied, Failure};
use crate::domain::audit::{Author, Change};
use crate::domain::beacon::{self, BeaconRejection};
use crate::domain::bls::SignatureBytes;
use crate::domain::rejection::change::ChangeRejection;
use crate::domain::word::WordCampaign;
use crate::store::transaction::retrying;
use crate::store::{audit_log, words};

/// Enters the signature of the round named by a campaign. Only the true signature of that round is accepted, so it
/// cannot be chosen. Idempotent.
///
/// # Errors
/// If the request is rejected, or the database fails.
pub async fn enter_beacon(
    pool: &PgPool,
    id: i64,
    signature: &SignatureBytes,
    author: &Author,
) -> Result<Applied<WordCampaign>, Failure<BeaconRejection>> {
    let Some(campaign) = words::find(pool, id).await? else {
        return Err(BeaconRejection::from(ChangeRejection::CampaignUnknown).into());
    };
    let Some(round) = campaign.commitment.and_then(|commitment| commitment.beacon_round) else {
        return Err(BeaconRejection::NotPromised.into());
    };
    if !beacon::is_signature_of(round, signature) {
        return Err(BeaconRejection::Invalid { round }.into());
    }
    retrying!(enter_in_transaction(pool, id, round, signature, author))
}

async fn enter_in_transaction(
    pool: &PgPool,
    id: i64,
    round: i64,
    signature: &SignatureBytes,
    author: &Author,
) -> Result<Applied<WordCampaign>, Failure<BeaconRejection>> {
    let mut transaction = pool.begin().await?;
    let Some(campaign) = words::lock(&mut transaction, id).await? else {
        return Err(BeaconRejection::from(ChangeRejection::CampaignUnknown).into());
    };
    if campaign.beacon_signature.is_some() {
        return Ok(Applied::before(campaign));
    }
    words::enter_beacon(&mut *transaction, id, signature, author.at).await?;
    let entered = Change {
        action: "enter_beacon",
        subject: subject(id),
        user_id: None,
        reason: None,
        before: Some(json!({ "beaconSignature": null })),
        after: Some(json!({ "beaconRound": round, "beaconSignature": HEXLOWER.encode(signature) })),
    };
    audit_log::record(&mut transaction, author, &[entered]).await?;
    transaction.commit().await?;
    Ok(Applied::now(WordCampaign {
        beacon_signature: Some(*signature),
        updated_at: author.at,
        ..campaign
    }))
}

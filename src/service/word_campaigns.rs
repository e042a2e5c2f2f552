//! Creating and ending word campaigns, and previewing shares.

use crate::store::bounded::PgPool;
use data_encoding::HEXLOWER;
use rust_decimal::Decimal;
use serde_json::json;

use super::{Applied, Failure, ServiceError, random_bytes};
use crate::domain::audit::{Author, Change};
use crate::domain::correction::is_valid_reason;
use crate::domain::draw_keys::DrawKeys;
use crate::domain::money::wire_amount;
use crate::domain::rejection::change::ChangeRejection;
use crate::domain::word::{WordCampaign, WordCampaignRejection, WordTerms, normalise_word};
use crate::domain::word_commitment::Commitment;
use crate::domain::word_draw::draw_shares;
use crate::store::transaction::retrying;
use crate::store::{audit_log, words};

/// Returns example shares for a campaign with these terms. The shares of the campaign itself depend on its own key and
/// its public randomness.
///
/// # Errors
/// All problems of the terms.
pub fn preview_word_campaign(terms: &WordTerms, author: &Author) -> Result<Vec<Decimal>, Vec<WordCampaignRejection>> {
    let problems = terms.problems(author.at);
    if problems.is_empty() {
        Ok(draw_shares(
            terms.amount,
            terms.share_count,
            terms.split,
            random_bytes(),
        ))
    } else {
        Err(problems)
    }
}

/// Creates a campaign: the key of its draw is fixed, and the commitment to it is public from now on.
///
/// # Errors
/// If the request is rejected, or the database fails.
pub async fn create_word_campaign(
    pool: &PgPool,
    keys: &DrawKeys,
    terms: &WordTerms,
    author: &Author,
) -> Result<WordCampaign, Failure<Vec<WordCampaignRejection>>> {
    let mut problems = terms.problems(author.at);
    let salt = random_bytes();
    let key = keys.new_campaign_key(&salt);
    if key.is_none() {
        problems.push(WordCampaignRejection::DrawKeyMissing);
    }
    let word = normalise_word(&terms.word).filter(|_| problems.is_empty());
    let Some((word, key)) = word.zip(key) else {
        return Err(problems.into());
    };
    let commitment = Commitment {
        public_key: key.public_key(),
        salt,
        amount: terms.amount,
        share_count: terms.share_count,
        split: terms.split,
        beacon_round: terms.beacon_round(author.at),
    };
    let made = retrying!(create_in_transaction(pool, terms, &word, &commitment, author))?;
    made.ok_or_else(|| vec![WordCampaignRejection::WordTaken].into())
}

async fn create_in_transaction(
    pool: &PgPool,
    terms: &WordTerms,
    normalised_word: &str,
    commitment: &Commitment,
    author: &Author,
) -> Result<Option<WordCampaign>, ServiceError> {
    let mut transaction = pool.begin().await?;
    words::end_if_over(&mut *transaction, normalised_word, author.at).await?;
    let campaign = words::insert(
        &mut transaction,
        terms,
        normalised_word,
        commitment,
        &author.name,
        author.at,
    )
    .await?;
    if let Some(campaign) = &campaign {
        let made = Change {
            action: "create_word_campaign",
            subject: subject(campaign.id),
            user_id: None,
            reason: Some(campaign.reason.clone()),
            before: None,
            after: Some(json!({
                "word": campaign.word,
                "amount": wire_amount(campaign.amount),
                "coinId": campaign.coin_id,
                "shareCount": campaign.share_count,
                "split": campaign.split.name(),
                "holdSeconds": campaign.hold.num_seconds(),
                "opensAt": campaign.opens_at,
                "closesAt": campaign.closes_at,
                "hash": HEXLOWER.encode(&commitment.hash()),
                "beaconRound": commitment.beacon_round,
            })),
        };
        audit_log::record(&mut transaction, author, &[made]).await?;
    }
    transaction.commit().await?;
    Ok(campaign)
}

/// Returns the name of a campaign in the audit log.
pub(super) fn subject(id: i64) -> String {
    format!("word_campaign:{id}")
}

/// Ends a campaign before the end of its window. Claims are kept, and the draw is published.
///
/// # Errors
/// If the request is rejected, or the database fails.
pub async fn end_word_campaign(
    pool: &PgPool,
    id: i64,
    reason: &str,
    author: &Author,
) -> Result<Applied<WordCampaign>, Failure<ChangeRejection>> {
    if !is_valid_reason(reason) {
        return Err(ChangeRejection::ReasonInvalid.into());
    }
    retrying!(end_in_transaction(pool, id, reason, author))
}

async fn end_in_transaction(
    pool: &PgPool,
    id: i64,
    reason: &str,
    author: &Author,
) -> Result<Applied<WordCampaign>, Failure<ChangeRejection>> {
    let mut transaction = pool.begin().await?;
    let Some(campaign) = words::lock(&mut transaction, id).await? else {
        return Err(ChangeRejection::CampaignUnknown.into());
    };
    if campaign.is_over(author.at) {
        return Ok(Applied::before(campaign));
    }
    words::end(&mut *transaction, id, author.at).await?;
    let ended = Change {
        action: "end_word_campaign",
        subject: subject(id),
        user_id: None,
        reason: Some(reason.trim().to_owned()),
        before: Some(json!({ "endedAt": null, "usedCount": campaign.used_count })),
        after: Some(json!({ "endedAt": author.at, "usedCount": campaign.used_count })),
    };
    audit_log::record(&mut transaction, author, &[ended]).await?;
    transaction.commit().await?;
    Ok(Applied::now(WordCampaign {
        ended_at: Some(author.at),
        updated_at: author.at,
        ..campaign
    }))
}

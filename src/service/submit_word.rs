//! Claiming a share of a word campaign: one per user, never more than there are shares, and with limited wrong tries.
//!
//! The word of a campaign that has not opened is rejected like an unknown word, but not counted as a wrong try: the
//! word may be announced before the opening, and early users must not be locked out when it opens. The missing count
//! reveals that a word will open. Discovering this costs as many counted tries as guessing after the opening, so it
//! gives no advantage.

use crate::store::bounded::{PgConnection, PgPool};
use chrono::{DateTime, Utc};

use super::{Failure, ServiceError};
use crate::domain::award::Award;
use crate::domain::business_day::BusinessTime;
use crate::domain::draw_keys::DrawKeys;
use crate::domain::id::UserId;
use crate::domain::tries::{LimitedAction, Tries, TriesRejection};
use crate::domain::word::{WordCampaign, WordRejection, normalise_word};
use crate::store::award_changes::notify_later;
use crate::store::awards::{self, CampaignAward, CampaignKind};
use crate::store::transaction::retrying_idempotent;
use crate::store::tries;
use crate::store::words;
use crate::store::words::claims::{TakenShare, claim_share};

/// A claimed share.
#[derive(Clone, Debug, PartialEq)]
pub struct WordClaim {
    pub award: Award,
    /// The campaign after the claim.
    pub campaign: WordCampaign,
}

/// Claims the user's share of the campaign of a word. A word without a campaign counts as a wrong try.
///
/// # Errors
/// If the claim is rejected, the database fails, or the draw key of the campaign is not configured.
pub async fn submit_word(
    pool: &PgPool,
    keys: &DrawKeys,
    user: UserId,
    word: &str,
    moment: BusinessTime,
) -> Result<WordClaim, Failure<WordRejection>> {
    // Check without a transaction first: requests of a locked-out user must not hold a row or a connection.
    if let Some(until) = retrying_idempotent!(tries::locked_until(pool, user, LimitedAction::SubmitWord, moment.at))? {
        return Err(WordRejection::from(TriesRejection::until(until, moment.at)).into());
    }
    let submission = Submission {
        user,
        word,
        moment,
        submitted_at: moment.at,
        recorded_by: None,
    };
    let mut counted = None;
    retrying_idempotent!(attempts, {
        let earlier = EarlierAttempts {
            may_be_done: attempts.may_be_done(),
            counted: &mut counted,
        };
        submit_in_transaction(pool, keys, submission, earlier)
    })
}

/// A submitted word.
#[derive(Clone, Copy, Debug)]
pub(super) struct Submission<'a> {
    pub user: UserId,
    /// The word as it was written.
    pub word: &'a str,
    /// Time of the claim, and the business day of its award.
    pub moment: BusinessTime,
    /// Time of the submission, at which the campaign must be open.
    pub submitted_at: DateTime<Utc>,
    /// API key that acts for the user; `None` if the user acts.
    pub recorded_by: Option<&'a str>,
}

/// Effects that attempts at the same request may have committed before their connection was lost.
pub(super) struct EarlierAttempts<'a> {
    /// True if one of them may have claimed the share.
    pub may_be_done: bool,
    /// The user's recorded tries after the last attempt that counted; kept for the next attempt.
    pub counted: &'a mut Option<Tries>,
}

async fn submit_in_transaction(
    pool: &PgPool,
    keys: &DrawKeys,
    submission: Submission<'_>,
    earlier: EarlierAttempts<'_>,
) -> Result<WordClaim, Failure<WordRejection>> {
    let mut transaction = pool.begin().await?;
    let answer = submit_within(&mut transaction, keys, submission, earlier).await;
    if !matches!(answer, Err(Failure::Failed(_))) {
        transaction.commit().await?;
    }
    if answer.is_ok() {
        notify_later(pool);
    }
    answer
}

/// Submits a word in a transaction, which the caller commits also after a rejection: a wrong word is counted.
///
/// # Errors
/// If the claim is rejected, the database fails, or the draw key of the campaign is not configured.
pub(super) async fn submit_within(
    transaction: &mut PgConnection,
    keys: &DrawKeys,
    submission: Submission<'_>,
    earlier: EarlierAttempts<'_>,
) -> Result<WordClaim, Failure<WordRejection>> {
    let Submission { user, moment, .. } = submission;
    // Lock the user's tries first, so that a user's concurrent words are checked in sequence.
    let so_far = tries::lock(&mut *transaction, user, LimitedAction::SubmitWord, moment.at).await?;
    let is_counted = earlier.counted.as_ref().is_some_and(|counted| so_far.is(counted));
    if !is_counted && let Some(until) = so_far.locked_until(moment.at) {
        return Err(WordRejection::from(TriesRejection::until(until, moment.at)).into());
    }
    let campaign = match normalise_word(submission.word) {
        Some(word) => words::find_by_word(&mut *transaction, &word, submission.submitted_at).await?,
        None => None,
    };
    match campaign {
        Some(campaign) => claim(transaction, keys, submission, campaign, earlier.may_be_done).await,
        None => {
            if !is_counted {
                let action = LimitedAction::SubmitWord;
                let count = earlier.counted.insert(so_far.count_one(&action.limit(), moment.at));
                tries::save(transaction, user, action, count).await?;
            }
            Err(WordRejection::Unavailable.into())
        }
    }
}

async fn claim(
    connection: &mut PgConnection,
    keys: &DrawKeys,
    submission: Submission<'_>,
    campaign: WordCampaign,
    may_be_done: bool,
) -> Result<WordClaim, Failure<WordRejection>> {
    let Submission {
        user,
        moment,
        submitted_at,
        ..
    } = submission;
    let had = awards::find_of_campaign(&mut *connection, user, CampaignKind::Word, campaign.id).await?;
    if let Some(award) = had {
        // An attempt whose result was lost claimed it at this same instant.
        return match may_be_done && award.was_made_at(moment.at) {
            true => Ok(WordClaim { award, campaign }),
            false => Err(WordRejection::AlreadyClaimed.into()),
        };
    }
    // Late claims are rejected without waiting for the lock of valid claims.
    check(&campaign, submitted_at)?;
    // Computed before the lock is taken, because claims of one campaign wait for each other.
    let drawing = keys
        .drawing(&campaign)
        .map_err(ServiceError::from)?
        .ok_or(ServiceError::InconsistentData("an open word campaign has no draw"))?;
    let proof = drawing.claim(user);
    let campaign = words::lock(connection, campaign.id)
        .await?
        .ok_or(ServiceError::InconsistentData("a word campaign no longer exists"))?;
    check(&campaign, submitted_at)?;
    let place = words::free_place(&mut *connection, campaign.id, proof.first_place).await?;
    let share = place.and_then(|place| Some((place, *drawing.shares().get(usize::try_from(place - 1).ok()?)?)));
    let (place, amount) = share.ok_or(ServiceError::InconsistentData("a word campaign has no shares"))?;
    let award = CampaignAward {
        user_id: user,
        kind: CampaignKind::Word,
        campaign_id: campaign.id,
        target_id: None,
        amount,
        coin_id: &campaign.coin_id,
        hold: campaign.hold,
        moment,
        recorded_by: submission.recorded_by,
    };
    let Some(award) = awards::insert_of_campaign(&mut *connection, award).await? else {
        return Err(WordRejection::AlreadyClaimed.into());
    };
    let share = TakenShare {
        campaign_id: campaign.id,
        place,
        amount,
        user,
        award: award.id,
        claim: &proof,
        at: moment.at,
    };
    claim_share(connection, share).await?;
    let campaign = WordCampaign {
        used_count: campaign.used_count + 1,
        used_amount: campaign.used_amount + amount,
        updated_at: moment.at,
        ..campaign
    };
    Ok(WordClaim { award, campaign })
}

fn check(campaign: &WordCampaign, at: DateTime<Utc>) -> Result<(), WordRejection> {
    if campaign.is_over(at) {
        Err(WordRejection::Expired)
    } else if !campaign.has_opened(at) || campaign.is_exhausted() {
        Err(WordRejection::Unavailable)
    } else {
        Ok(())
    }
}

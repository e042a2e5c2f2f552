//! Claiming a share of a word campaign: one a user, never more than there are, and no guessing.

use crate::store::bounded::{PgConnection, PgPool};

use super::ServiceError;
use crate::domain::award::Award;
use crate::domain::business_day::Moment;
use crate::domain::id::UserId;
use crate::domain::tries::{TriedAction, Tries};
use crate::domain::word::{WordCampaign, WordRefusal, normalise_word};
use crate::store::awards::{self, CampaignAward, CampaignKind};
use crate::store::transaction::retrying_idempotent;
use crate::store::{tries, words};

/// A share that a user got.
#[derive(Clone, Debug, PartialEq)]
pub struct WordClaim {
    pub award: Award,
    /// The campaign after the claim.
    pub campaign: WordCampaign,
}

/// Claims the user's share of the campaign that a word means. A word that nobody announced counts as a try.
///
/// # Errors
/// When the database fails, or the campaign's rows contradict each other.
pub async fn submit_word(
    pool: &PgPool,
    user: UserId,
    word: &str,
    moment: Moment,
) -> Result<Result<WordClaim, WordRefusal>, ServiceError> {
    // Without a transaction first: a user who is locked out holds no row and no connection.
    if let Some(until) = retrying_idempotent!(tries::locked_until(pool, user, TriedAction::SubmitWord, moment.at))? {
        return Ok(Err(WordRefusal::TooManyTries { until }));
    }
    let word = normalise_word(word);
    retrying_idempotent!(
        attempts,
        submit_in_transaction(pool, user, word.as_deref(), moment, attempts.may_be_done())
    )
}

async fn submit_in_transaction(
    pool: &PgPool,
    user: UserId,
    normalised_word: Option<&str>,
    moment: Moment,
    may_be_done: bool,
) -> Result<Result<WordClaim, WordRefusal>, ServiceError> {
    let mut transaction = pool.begin().await?;
    // The user's tries come first and are held: whoever packs many words into one moment has them looked at one by one.
    let so_far = tries::lock(&mut transaction, user, TriedAction::SubmitWord, moment.at).await?;
    if let Some(until) = so_far.locked_until(moment.at) {
        return Ok(Err(WordRefusal::TooManyTries { until }));
    }
    let campaign = match normalised_word {
        Some(word) => words::find_by_word(&mut *transaction, word, moment.at).await?,
        None => None,
    };
    let answer = match campaign {
        Some(campaign) => claim(&mut transaction, user, campaign, moment, may_be_done).await?,
        None => {
            count_try(&mut transaction, user, so_far, moment).await?;
            Err(WordRefusal::Unavailable)
        }
    };
    transaction.commit().await?;
    Ok(answer)
}

async fn count_try(connection: &mut PgConnection, user: UserId, so_far: Tries, moment: Moment) -> sqlx::Result<()> {
    let action = TriedAction::SubmitWord;
    let counted = so_far.count_one(&action.limit(), moment.at);
    tries::save(connection, user, action, &counted).await
}

async fn claim(
    connection: &mut PgConnection,
    user: UserId,
    campaign: WordCampaign,
    moment: Moment,
    may_be_done: bool,
) -> Result<Result<WordClaim, WordRefusal>, ServiceError> {
    let had = awards::find_of_campaign(&mut *connection, user, CampaignKind::Word, campaign.id).await?;
    if let Some(award) = had {
        // An attempt whose answer was lost claimed it at this very instant.
        return Ok(match may_be_done && award.was_made_at(moment.at) {
            true => Ok(WordClaim { award, campaign }),
            false => Err(WordRefusal::AlreadyClaimed),
        });
    }
    // Whoever comes too late is sent away without waiting for those who are in time.
    if let Err(refusal) = check(&campaign, moment) {
        return Ok(Err(refusal));
    }
    let campaign = words::lock(connection, campaign.id)
        .await?
        .ok_or(ServiceError::Contradiction("a word campaign that is gone"))?;
    if let Err(refusal) = check(&campaign, moment) {
        return Ok(Err(refusal));
    }
    let share_number = campaign.used_count + 1;
    let amount = words::share_amount(&mut *connection, campaign.id, share_number)
        .await?
        .ok_or(ServiceError::Contradiction("a word campaign without its shares"))?;
    let award = CampaignAward {
        user_id: user,
        kind: CampaignKind::Word,
        campaign_id: campaign.id,
        target_id: None,
        amount,
        coin_id: &campaign.coin_id,
        hold: campaign.hold,
        moment,
    };
    let Some(award) = awards::insert_of_campaign(&mut *connection, award).await? else {
        return Ok(Err(WordRefusal::AlreadyClaimed));
    };
    words::claim_share(connection, campaign.id, share_number, user, award.id, moment.at).await?;
    let campaign = WordCampaign {
        used_count: share_number,
        used_amount: campaign.used_amount + amount,
        updated_at: moment.at,
        ..campaign
    };
    Ok(Ok(WordClaim { award, campaign }))
}

fn check(campaign: &WordCampaign, moment: Moment) -> Result<(), WordRefusal> {
    if campaign.is_over(moment.at) {
        Err(WordRefusal::Expired)
    } else if campaign.is_exhausted() {
        Err(WordRefusal::Unavailable)
    } else {
        Ok(())
    }
}

//! `submit_word`: claims a share of a word campaign.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::domain::money::wire_amount;
use crate::domain::word::{MAX_WORD_LENGTH, WordCampaign};
use crate::http::legacy::call::{Call, CallError};
use crate::service::submit_word::submit_word;

#[derive(Serialize)]
pub struct Claim {
    word_info: WordInfo,
    /// A number, unlike other amounts of this wire. Written as decimal digits, because a float cannot represent every
    /// amount.
    award_value: Box<RawValue>,
}

/// The campaign after the claim: all fields are strings, times are Unix seconds.
#[derive(Serialize)]
struct WordInfo {
    id: String,
    word: String,
    amount: String,
    coin_id: String,
    max_count: String,
    used_count: String,
    used_amount: String,
    /// "1" while shares are left, else "0".
    status: String,
    /// End of the campaign.
    expired: String,
    update_time: String,
    create_time: String,
}

/// Claims a share of the campaign for the user.
///
/// # Errors
/// Status 0, 2 or 3 for an invalid parameter or session key, and the status of a rejected claim.
pub async fn submit(call: &Call<'_>) -> Result<Claim, CallError> {
    let (user, _slot) = call.acting_user().await?;
    let word = call.text("word", MAX_WORD_LENGTH)?;
    let claim = submit_word(&call.state.pools.api, &call.state.draw_keys, user, word, call.moment).await?;
    Ok(Claim {
        award_value: RawValue::from_string(claim.award.amount.normalize().to_string())?,
        word_info: WordInfo::from(claim.campaign),
    })
}

impl From<WordCampaign> for WordInfo {
    fn from(campaign: WordCampaign) -> Self {
        Self {
            id: campaign.id.to_string(),
            status: i32::from(!campaign.is_exhausted()).to_string(),
            amount: wire_amount(campaign.amount),
            max_count: campaign.share_count.to_string(),
            used_count: campaign.used_count.to_string(),
            used_amount: wire_amount(campaign.used_amount),
            expired: campaign.closes_at.timestamp().to_string(),
            update_time: campaign.updated_at.timestamp().to_string(),
            create_time: campaign.created_at.timestamp().to_string(),
            word: campaign.word,
            coin_id: campaign.coin_id,
        }
    }
}

//! Word campaigns and their draws: looked at now and then, so nothing here is batched.

use crate::store::bounded::PgPool;

use super::ReadError;
use crate::domain::word::WordCampaign;
use crate::domain::word_draw::{Draw, PublishedDraw};
use crate::store::words;

/// A campaign by id.
pub async fn word_campaign(pool: &PgPool, id: i64) -> Result<Option<WordCampaign>, ReadError> {
    Ok(words::find(pool, id).await?)
}

/// Campaigns, the newest first, below an id where one is given.
pub async fn word_campaigns(pool: &PgPool, below: Option<i64>, limit: i64) -> Result<Vec<WordCampaign>, ReadError> {
    Ok(words::list(pool, below, limit).await?)
}

/// The whole draw of a campaign, for whoever may know it: see [`WordCampaign::is_revealed`].
pub async fn draw_of(pool: &PgPool, campaign: &WordCampaign) -> Result<PublishedDraw, ReadError> {
    Ok(PublishedDraw {
        hash: campaign.draw_hash,
        amount: campaign.amount,
        share_count: campaign.share_count,
        split: campaign.split,
        draw: Draw {
            nonce: campaign.draw_nonce,
            shares: words::shares(pool, campaign.id).await?,
        },
    })
}

//! Word campaign of the demo: open for a hundred years, with a share for each of the first thousand users.

use crate::store::bounded::PgPool;
use anyhow::bail;
use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;

use crate::domain::audit::Author;
use crate::domain::draw_keys::DrawKeys;
use crate::domain::word::{Split, WordCampaignRejection, WordTerms};
use crate::service::word_campaigns::create_word_campaign;

/// Word of the campaign.
pub const DEMO_WORD: &str = "newbee";

/// Creates the campaign unless one of its word is open, which is the case after the first start.
pub(super) async fn make_if_missing(pool: &PgPool, now: DateTime<Utc>) -> anyhow::Result<()> {
    let terms = WordTerms {
        word: DEMO_WORD.to_owned(),
        amount: Decimal::from(5_000),
        coin_id: "1".to_owned(),
        share_count: 1_000,
        split: Split::Fixed,
        hold: TimeDelta::zero(),
        opens_at: now,
        closes_at: now + TimeDelta::days(36_500),
        beacon_at: None,
        reason: "demo data".to_owned(),
    };
    let author = Author {
        name: "demo".to_owned(),
        request_id: None,
        at: now,
    };
    match create_word_campaign(pool, &DrawKeys::demo(), &terms, &author).await {
        Ok(_) => Ok(()),
        Err(failure) => match failure.rejection()?.as_slice() {
            [WordCampaignRejection::WordTaken] => Ok(()),
            problems => bail!("the demo's word campaign cannot be created: {problems:?}"),
        },
    }
}

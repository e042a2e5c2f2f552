//! Word campaigns and their draws. What visitors may read goes through [`WordDraws`].

use chrono::{DateTime, Utc};
use futures_util::FutureExt;

use super::ReadError;
use super::lookup::Lookup;
use crate::batcher::BatcherLimits;
use crate::domain::id::UserId;
use crate::domain::word::WordCampaign;
use crate::domain::word_commitment::PublishedClaim;
use crate::store::bounded::PgPool;
use crate::store::words;

/// Finds word campaigns by id, many requests in one statement; clones share one batcher.
pub type WordDraws = Lookup<i64, WordCampaign>;

impl WordDraws {
    /// Starts the batcher; needs a Tokio runtime.
    pub fn start(pool: PgPool, limits: BatcherLimits) -> Self {
        Self::by(
            |pool, ids| async move { words::find_many(&pool, &ids).await }.boxed(),
            pool,
            limits,
        )
    }
}

/// A campaign by id.
pub async fn word_campaign(pool: &PgPool, id: i64) -> Result<Option<WordCampaign>, ReadError> {
    Ok(words::find(pool, id).await?)
}

/// Campaigns, the newest first, below an id where one is given.
pub async fn word_campaigns(pool: &PgPool, below: Option<i64>, limit: i64) -> Result<Vec<WordCampaign>, ReadError> {
    Ok(words::list(pool, below, limit).await?)
}

/// Campaigns that [`awaiting_beacon`] returns at most.
pub const MAX_AWAITING: i64 = 100;

/// Returns the campaigns that are not over and whose public randomness was not entered, the earliest round first.
///
/// # Errors
/// When the database fails.
pub async fn awaiting_beacon(pool: &PgPool, at: DateTime<Utc>) -> Result<Vec<WordCampaign>, ReadError> {
    Ok(words::awaiting_beacon(pool, at, MAX_AWAITING).await?)
}

/// Returns the claims of a campaign in their order, after a number.
///
/// # Errors
/// When the database fails.
pub async fn claims(pool: &PgPool, id: i64, after: i32, limit: i64) -> Result<Vec<PublishedClaim>, ReadError> {
    Ok(words::claims(pool, id, after, limit).await?)
}

/// Returns the claim of a user in a campaign.
///
/// # Errors
/// When the database fails.
pub async fn claim_of(pool: &PgPool, id: i64, user: UserId) -> Result<Option<PublishedClaim>, ReadError> {
    Ok(words::claim_of(pool, id, user).await?)
}

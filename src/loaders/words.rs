//! Word campaigns and their draws. What visitors may read goes through [`WordDraws`].

use chrono::{DateTime, Utc};
use futures_util::FutureExt;

use super::ReadError;
use super::lookup::Lookup;
use crate::batcher::BatcherLimits;
use crate::domain::word::WordCampaign;
use crate::domain::word_commitment::PublishedClaim;
use crate::store::bounded::PgPool;
use crate::store::words;

pub use crate::store::words::claims::{ClaimKey, ClaimsPage};

/// Maximum number of requests whose pages of claims are read in one statement: pages are large, and all of them are in memory
/// at once.
const CLAIM_REQUESTS_PER_BATCH: usize = 16;

/// Reads draws, many requests in one statement; clones share the batchers.
#[derive(Clone)]
pub struct WordDraws {
    pub(crate) campaigns: Lookup<i64, WordCampaign>,
    pub(crate) claims: Lookup<ClaimsPage, Vec<PublishedClaim>>,
    pub(crate) own_claims: Lookup<ClaimKey, PublishedClaim>,
}

impl WordDraws {
    /// Starts the batchers; needs a Tokio runtime.
    pub fn start(pool: PgPool, limits: BatcherLimits) -> Self {
        let limits_of_claims = BatcherLimits {
            keys_per_batch: limits.keys_per_batch.min(CLAIM_REQUESTS_PER_BATCH),
            ..limits
        };
        Self {
            campaigns: Lookup::by(
                |pool, ids| async move { words::find_many(&pool, &ids).await }.boxed(),
                pool.clone(),
                limits,
            ),
            claims: Lookup::by(
                |pool, pages| async move { words::claims::claims_of_pages(&pool, &pages).await }.boxed(),
                pool.clone(),
                limits_of_claims,
            ),
            own_claims: Lookup::by(
                |pool, keys| async move { words::claims::claims_of_users(&pool, &keys).await }.boxed(),
                pool,
                limits,
            ),
        }
    }

    /// Returns how many statements have been sent since the start.
    pub fn statements(&self) -> u64 {
        self.campaigns.statements() + self.claims.statements() + self.own_claims.statements()
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
    Ok(words::claims::claims(pool, id, after, limit).await?)
}

//! Word campaigns and their draws. Reads by customers are batched in [`WordDraws`].

use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use sqlx::PgExecutor;

use super::ServiceError;
use super::lookup::Lookup;
use crate::batcher::BatcherLimits;
use crate::domain::word::WordCampaign;
use crate::domain::word_commitment::PublishedClaim;
use crate::store::replicas::ReadPool;
use crate::store::words;

pub use crate::store::words::claims::{ClaimKey, ClaimsPage};

/// Maximum number of requests whose pages of claims are read in one statement: pages are large, and all of them are
/// held in memory at the same time.
const CLAIM_REQUESTS_PER_BATCH: usize = 16;

/// Batched reads of draws; clones share the batchers.
#[derive(Clone)]
pub struct WordDraws {
    pub(crate) campaigns: Lookup<i64, WordCampaign>,
    pub(crate) claims: Lookup<ClaimsPage, Vec<PublishedClaim>>,
    pub(crate) own_claims: Lookup<ClaimKey, PublishedClaim>,
}

impl WordDraws {
    /// Starts the batchers; must be called within a Tokio runtime.
    pub fn start(pool: impl Into<ReadPool>, limits: BatcherLimits) -> Self {
        let pool = pool.into();
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

    /// Returns the number of statements sent since the start.
    pub fn statements(&self) -> u64 {
        self.campaigns.statements() + self.claims.statements() + self.own_claims.statements()
    }
}

/// Returns a campaign by ID; `None` if it does not exist.
///
/// # Errors
/// If the database fails.
pub async fn word_campaign(connection: impl PgExecutor<'_>, id: i64) -> Result<Option<WordCampaign>, ServiceError> {
    Ok(words::find(connection, id).await?)
}

/// Returns campaigns, newest first, below an ID if one is given.
///
/// # Errors
/// If the database fails.
pub async fn word_campaigns(
    connection: impl PgExecutor<'_>,
    below: Option<i64>,
    limit: i64,
) -> Result<Vec<WordCampaign>, ServiceError> {
    Ok(words::list(connection, below, limit).await?)
}

/// Maximum number of campaigns returned by [`awaiting_beacon`].
pub const MAX_AWAITING: i64 = 100;

/// Returns the campaigns that are not over and whose public randomness has not been entered, earliest round first.
///
/// # Errors
/// If the database fails.
pub async fn awaiting_beacon(
    connection: impl PgExecutor<'_>,
    at: DateTime<Utc>,
) -> Result<Vec<WordCampaign>, ServiceError> {
    Ok(words::awaiting_beacon(connection, at, MAX_AWAITING).await?)
}

/// Returns the claims of a campaign after a claim number, in chronological order.
///
/// # Errors
/// If the database fails.
pub async fn claims(
    connection: impl PgExecutor<'_>,
    id: i64,
    after: i32,
    limit: i64,
) -> Result<Vec<PublishedClaim>, ServiceError> {
    Ok(words::claims::claims(connection, id, after, limit).await?)
}

//! Reservation campaigns by their keys.

use futures_util::FutureExt;

use super::lookup::Lookup;
use crate::batcher::BatcherLimits;
use crate::store::replicas::ReadPool;
use crate::store::reservations::{CampaignAsk, CampaignView, find_all};

/// Batched look-up of reservation campaigns; clones share one batcher.
pub type Reservations = Lookup<CampaignAsk, CampaignView>;

impl Reservations {
    /// Starts the batcher; must be called within a Tokio runtime.
    pub fn start(pool: impl Into<ReadPool>, limits: BatcherLimits) -> Self {
        Self::by(
            |pool, asks| async move { find_all(&pool, &asks).await }.boxed(),
            pool.into(),
            limits,
        )
    }
}

//! Reservation campaigns by their keys: the same few, asked for by many at once.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::store::bounded::PgPool;

use super::error::ReadError;
use crate::batcher::{Batcher, BatcherLimits};
use crate::store::reservations::{CampaignAsk, CampaignView, find_all};
use crate::store::transaction::retrying_idempotent;

type Found = Result<Option<CampaignView>, ReadError>;
/// What one request asks at once, and its answers in the same order.
type Bundle = Vec<CampaignAsk>;

/// Looks up reservation campaigns; clones share one batcher.
#[derive(Clone)]
pub struct Reservations {
    batcher: Batcher<Bundle, Vec<Found>>,
    statements: Arc<AtomicU64>,
}

impl Reservations {
    /// Starts the batcher; needs a Tokio runtime.
    pub fn start(pool: PgPool, limits: BatcherLimits) -> Self {
        let statements = Arc::<AtomicU64>::default();
        let counted = statements.clone();
        let batcher = Batcher::start(limits, move |bundles| {
            let (pool, counted) = (pool.clone(), counted.clone());
            async move {
                counted.fetch_add(1, Ordering::Relaxed);
                look_up(&pool, bundles).await
            }
        });
        Self { batcher, statements }
    }

    /// Answers one request's asks, in their order; `None` where there is no such campaign.
    pub async fn find_all(&self, asks: Vec<CampaignAsk>) -> Vec<Result<Option<CampaignView>, ReadError>> {
        let wanted = asks.len();
        match self.batcher.load(asks).await {
            Ok(found) => found,
            Err(error) => vec![Err(error.into()); wanted],
        }
    }

    /// How many statements have been sent since the start.
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }
}

async fn look_up(pool: &PgPool, bundles: Vec<Bundle>) -> Vec<Vec<Found>> {
    // Most ask the same.
    let (mut asks, mut places) = (Vec::new(), HashMap::new());
    for ask in bundles.iter().flatten() {
        places.entry(ask).or_insert_with(|| {
            asks.push(ask.clone());
            asks.len() - 1
        });
    }
    let found = retrying_idempotent!(find_all(pool, &asks)).map_err(ReadError::from);
    let answer = |ask| match &found {
        Ok(views) => Ok(views[places[ask]].clone()),
        Err(error) => Err(error.clone()),
    };
    bundles
        .iter()
        .map(|bundle| bundle.iter().map(answer).collect())
        .collect()
}

//! Authentication of session keys, batched over many requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::store::bounded::PgPool;
use chrono::{DateTime, Utc};

use super::ServiceError;
use crate::batcher::{Batcher, BatcherLimits};
use crate::domain::id::UserId;
use crate::domain::session::SessionKeyHash;
use crate::store::me::sessions::{LiveSession, find};
use crate::store::transaction::retrying_idempotent;

type Found = Result<Option<LiveSession>, ServiceError>;

/// Batched look-up of session keys; clones share one batcher.
#[derive(Clone)]
pub struct Sessions {
    batcher: Batcher<SessionKeyHash, Found>,
    pool: PgPool,
    statements: Arc<AtomicU64>,
}

impl Sessions {
    /// Starts the batcher; must be called within a Tokio runtime.
    pub fn start(pool: PgPool, limits: BatcherLimits) -> Self {
        let statements = Arc::<AtomicU64>::default();
        let (batch_pool, counted) = (pool.clone(), statements.clone());
        let batcher = Batcher::start(limits, move |hashes| {
            let (pool, counted) = (batch_pool.clone(), counted.clone());
            async move { look_up(&pool, &counted, hashes).await }
        });
        Self {
            batcher,
            pool,
            statements,
        }
    }

    /// Returns the owner of the key with this hash; `None` if the key is unknown, revoked, or expired at the given time.
    ///
    /// # Errors
    /// If the database fails or the queue is full.
    pub async fn authenticate(&self, hash: SessionKeyHash, at: DateTime<Utc>) -> Result<Option<UserId>, ServiceError> {
        let found = if cfg!(feature = "per-field-reads") {
            look_up(&self.pool, &self.statements, vec![hash])
                .await
                .pop()
                .unwrap_or(Err(ServiceError::LOST))
        } else {
            self.batcher.load(hash).await?
        };
        Ok(found?.and_then(|session| session.user_at(at)))
    }

    /// Returns the number of statements sent since the start.
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }
}

async fn look_up(pool: &PgPool, statements: &AtomicU64, hashes: Vec<SessionKeyHash>) -> Vec<Found> {
    statements.fetch_add(1, Ordering::Relaxed);
    match retrying_idempotent!(find(pool, &hashes)) {
        Ok(sessions) => hashes.iter().map(|hash| Ok(sessions.get(hash).copied())).collect(),
        Err(error) => {
            let error = ServiceError::from(error);
            hashes.iter().map(|_| Err(error.clone())).collect()
        }
    }
}

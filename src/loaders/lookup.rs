//! Batched look-ups of rows by key, for public data that many clients request at the same time.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::BoxFuture;

use super::ServiceError;
use crate::batcher::{Batcher, BatcherLimits};
use crate::store::replicas::ReadPool;
use crate::store::transaction::retrying_idempotent;

type Found<Row> = Result<Option<Row>, ServiceError>;
/// The keys of one request; its rows have the same order.
type Bundle<Key> = Vec<Key>;

/// A statement that finds at most one row per key, in the order of the keys.
pub(super) type FindAll<Key, Row> = fn(ReadPool, Vec<Key>) -> BoxFuture<'static, sqlx::Result<Vec<Option<Row>>>>;

/// Batched look-up of rows by key: many requests share one statement. Clones share one batcher.
pub struct Lookup<Key, Row> {
    batcher: Batcher<Bundle<Key>, Vec<Found<Row>>>,
    statements: Arc<AtomicU64>,
}

impl<Key, Row> Clone for Lookup<Key, Row> {
    fn clone(&self) -> Self {
        Self {
            batcher: self.batcher.clone(),
            statements: Arc::clone(&self.statements),
        }
    }
}

impl<Key, Row> Lookup<Key, Row>
where
    Key: Clone + Eq + Hash + Send + Sync + 'static,
    Row: Clone + Send + Sync + 'static,
{
    /// Starts the batcher; must be called within a Tokio runtime.
    pub(super) fn by(find: FindAll<Key, Row>, pool: ReadPool, limits: BatcherLimits) -> Self {
        let statements = Arc::<AtomicU64>::default();
        let counted = statements.clone();
        let batcher = Batcher::start(limits, move |bundles| {
            let (pool, counted) = (pool.clone(), counted.clone());
            async move {
                counted.fetch_add(1, Ordering::Relaxed);
                look_up(find, pool, bundles).await
            }
        });
        Self { batcher, statements }
    }

    /// Returns the row of each key in the order of the keys; `None` for a key without a row.
    pub async fn find_all(&self, keys: Vec<Key>) -> Vec<Result<Option<Row>, ServiceError>> {
        let wanted = keys.len();
        match self.batcher.load(keys).await {
            Ok(found) => found,
            Err(error) => vec![Err(error.into()); wanted],
        }
    }

    /// Returns the number of statements sent since the start.
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }
}

async fn look_up<Key, Row>(find: FindAll<Key, Row>, pool: ReadPool, bundles: Vec<Bundle<Key>>) -> Vec<Vec<Found<Row>>>
where
    Key: Clone + Eq + Hash,
    Row: Clone,
{
    // Most requests have the same keys.
    let (mut keys, mut places) = (Vec::new(), HashMap::new());
    for key in bundles.iter().flatten() {
        places.entry(key).or_insert_with(|| {
            keys.push(key.clone());
            keys.len() - 1
        });
    }
    let found = retrying_idempotent!(find(pool.clone(), keys.clone())).map_err(ServiceError::from);
    let row_of = |key| match &found {
        Ok(rows) => Ok(rows[places[key]].clone()),
        Err(error) => Err(error.clone()),
    };
    bundles
        .iter()
        .map(|bundle| bundle.iter().map(row_of).collect())
        .collect()
}

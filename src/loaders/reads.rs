//! The batcher of all reads below `me`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::StreamExt;
use futures_util::future::join_all;

use super::ServiceError;
use crate::batcher::{Batcher, BatcherLimits};
use crate::domain::id::UserId;
use crate::store::bounded::ShardMap;
use crate::store::me::statement::Grouped;
use crate::store::me::{Part, ReadSet};
use crate::store::replicas::ReadPool;
use crate::store::transaction::retrying_idempotent;
use crate::store::unavailable::{is_statement_timeout, unavailable};

/// Number of parts of a failed statement that are retried individually at the same time.
const SPLIT_STATEMENTS_AT_ONCE: usize = 2;

/// Batched reads of all parts below `me`; clones share one batcher.
#[derive(Clone)]
pub struct Reads {
    batcher: Batcher<ReadSet, ReadSet>,
    statements: Statements,
}

/// The pool, and the number of statements sent through it.
#[derive(Clone)]
struct Statements {
    pool: ReadPool,
    count: Arc<AtomicU64>,
}

impl Reads {
    /// Starts the batcher; must be called within a Tokio runtime.
    pub fn start(pool: impl Into<ReadPool>, limits: BatcherLimits) -> Self {
        let statements = Statements {
            pool: pool.into(),
            count: Arc::default(),
        };
        let running = statements.clone();
        let batcher = Batcher::start(limits, move |sets| {
            let statements = running.clone();
            async move { statements.run_all(sets).await }
        });
        Self { batcher, statements }
    }

    /// Runs the reads of one request, in one statement shared with concurrent requests. Does not fail: each read has
    /// its own outcome.
    pub async fn run(&self, set: ReadSet) -> ReadSet {
        if set.is_empty() {
            return set;
        }
        if cfg!(feature = "per-field-reads") {
            let alone = set.split().map(|set| self.statements.run_all(vec![set]));
            let mut whole = ReadSet::default();
            let ran = join_all(alone).await;
            ran.into_iter().flatten().for_each(|set| whole.append(set));
            return whole;
        }
        let ran = self.batcher.load(set).await;
        ran.unwrap_or_else(|error| ReadSet::failed(error.into()))
    }

    /// Returns the value of one part.
    ///
    /// # Errors
    /// If the read fails.
    pub async fn read<P: Part>(&self, user: UserId, part: P) -> Result<P::Value, ServiceError> {
        let mut ran = self.run(ReadSet::of(user, part.clone())).await;
        ran.take(user, &part)
    }

    /// Returns the number of statements sent since the start.
    pub fn statements(&self) -> u64 {
        self.statements.count.load(Ordering::Relaxed)
    }
}

impl Statements {
    /// Runs the reads of several requests in one statement, or, if that statement itself fails, in one statement per
    /// part.
    async fn run_all(&self, mut sets: Vec<ReadSet>) -> Vec<ReadSet> {
        let mut grouped = Grouped::new(&mut sets);
        if let Some(shards) = self.pool.shards() {
            self.run_by_shard(grouped, shards).await;
            return sets;
        }
        match self.run(&mut grouped).await {
            Err(error) if grouped.part_count() > 1 && blames_the_statement(&error) => {
                tracing::warn!(%error, "a statement of several parts failed: running its parts individually");
                if grouped.has_sessions()
                    && let Err(error) = self.find_sessions(&mut grouped).await
                {
                    grouped.fail(&error.into());
                    return sets;
                }
                futures_util::stream::iter(grouped.split())
                    .for_each_concurrent(SPLIT_STATEMENTS_AT_ONCE, async |mut part| {
                        if let Err(error) = self.run(&mut part).await {
                            part.fail(&error.into());
                        }
                    })
                    .await;
            }
            Err(error) => grouped.fail(&error.into()),
            Ok(()) => {}
        }
        sets
    }

    /// Runs the reads in one statement per shard. If one fails, its reads are run individually, because the shards may
    /// have been split meanwhile.
    async fn run_by_shard(&self, mut grouped: Grouped<'_>, shards: &ShardMap) {
        if grouped.has_sessions()
            && let Err(error) = self.find_sessions(&mut grouped).await
        {
            grouped.fail(&error.into());
            return;
        }
        futures_util::stream::iter(grouped.by_shard(shards))
            .for_each_concurrent(SPLIT_STATEMENTS_AT_ONCE, async |mut statement| {
                match self.run(&mut statement).await {
                    Err(error) if statement.read_count() > 1 && blames_the_statement(&error) => {
                        tracing::warn!(%error, "a statement of one shard failed: running its reads individually");
                        for mut alone in statement.alone() {
                            if let Err(error) = self.run(&mut alone).await {
                                alone.fail(&error.into());
                            }
                        }
                    }
                    Err(error) => statement.fail(&error.into()),
                    Ok(()) => {}
                }
            })
            .await;
    }

    async fn find_sessions(&self, grouped: &mut Grouped<'_>) -> sqlx::Result<()> {
        self.count.fetch_add(1, Ordering::Relaxed);
        retrying_idempotent!(grouped.find_sessions(&self.pool))
    }

    async fn run(&self, grouped: &mut Grouped<'_>) -> sqlx::Result<()> {
        self.count.fetch_add(1, Ordering::Relaxed);
        let rows = retrying_idempotent!(grouped.fetch(&self.pool))?;
        grouped.read(&rows)
    }
}

/// Returns true if the statement itself failed, including by its time limit: a part of it may succeed on its own.
fn blames_the_statement(error: &sqlx::Error) -> bool {
    unavailable(error).is_none() || is_statement_timeout(error)
}

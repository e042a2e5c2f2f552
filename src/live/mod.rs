//! Changes of awards for all subscribers of this process, with one listener and one reader however many there are.
//!
//! Postgres says that something changed, never what. The reader then asks, in one statement for all subscribers, what came
//! after the place that each has reached, and hands it over while there is room: a slow subscriber is not buffered for, it is
//! read for again once it has taken what it has. A missed notification costs a few seconds, as the reader looks by itself
//! now and then. While nobody is subscribed nothing is asked and nobody listens.

mod listener;
mod reader;
mod subscribers;

use std::sync::Arc;

use crate::store::bounded::PgPool;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::batcher::{Batcher, BatcherLimits};
use crate::domain::award::ChangePosition;
use crate::domain::id::UserId;
use crate::live::subscribers::Subscribers;
use crate::loaders::error::ReadError;
use crate::store::award_changes::{SnapshotBounds, horizon};

pub use crate::live::subscribers::Changes;

/// How many may be subscribed at once, in one process.
#[derive(Clone, Copy, Debug)]
pub struct SubscriberLimits {
    pub per_user: usize,
    pub in_all: usize,
}

impl Default for SubscriberLimits {
    fn default() -> Self {
        Self {
            per_user: 10,
            in_all: 3_000,
        }
    }
}

/// Why somebody could not subscribe.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SubscribeError {
    /// The user has that many subscriptions here already.
    #[error("the user has {0} subscriptions")]
    TooManyOfUser(usize),
    #[error("there are too many subscriptions")]
    TooMany,
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Subscribes to changes; clones share the one listener and the one reader, which end when the last of them is dropped.
#[derive(Clone)]
pub struct AwardChanges {
    subscribers: Arc<Subscribers>,
    horizons: Batcher<(), Result<SnapshotBounds, ReadError>>,
    _end: Arc<DropGuard>,
}

impl AwardChanges {
    /// Starts the listener and the reader; needs a Tokio runtime. The pool is for them alone, and has two connections at least.
    pub fn start(pool: PgPool, limits: SubscriberLimits) -> Self {
        let subscribers = Arc::new(Subscribers::new(limits));
        let end = CancellationToken::new();
        tokio::spawn({
            let (listening, end) = (listener::run(pool.clone(), Arc::clone(&subscribers)), end.clone());
            async move { end.run_until_cancelled(listening).await }
        });
        tokio::spawn({
            let (reading, end) = (reader::run(pool.clone(), Arc::clone(&subscribers)), end.clone());
            async move { end.run_until_cancelled(reading).await }
        });
        let horizons = Batcher::start(BatcherLimits::default(), move |asked: Vec<()>| {
            let pool = pool.clone();
            async move {
                let found = horizon(&pool).await.map_err(ReadError::from);
                vec![found; asked.len()]
            }
        });
        Self {
            subscribers,
            horizons,
            _end: Arc::new(end.drop_guard()),
        }
    }

    /// Everything that changes of a user's awards from now on, or after a position that was reached before. It has begun when
    /// this returns: what is committed from then on is among the changes.
    ///
    /// A position that lies in the future is none of this database's, as after a restore: everything is given from the start.
    pub async fn subscribe(&self, user: UserId, after: Option<ChangePosition>) -> Result<Changes, SubscribeError> {
        let place = Subscribers::admit(&self.subscribers, user)?;
        let horizon = self.horizons.load(()).await.map_err(ReadError::from)??;
        let now = ChangePosition::before(horizon.below);
        let begin = match after {
            None => now,
            Some(position) if position.change >= horizon.next => ChangePosition::START,
            Some(position) => position,
        };
        Ok(place.begin(begin))
    }

    /// How many are subscribed.
    pub fn subscriptions(&self) -> usize {
        self.subscribers.count()
    }
}

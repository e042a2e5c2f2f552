//! The batcher of all reads below `me`.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::store::bounded::PgPool;
use futures_util::StreamExt;

use super::ServiceError;
use crate::batcher::{Batcher, BatcherLimits};
use crate::domain::award::Award;
use crate::domain::invitation::Invitation;
use crate::store::me::statement::{Answers, Grouped};
use crate::store::me::{Answer, Ask, Balance, Child, Profile, SignIn, TaskCount, TaskRule};
use crate::store::transaction::retrying_idempotent;
use crate::store::unavailable::{is_statement_timeout, unavailable};

type Outcome = Result<Answer, ServiceError>;
/// The parts requested by one request; their results have the same order.
type Bundle = Vec<Ask>;

/// Number of parts of a failed statement that are retried individually at the same time.
const SPLIT_STATEMENTS_AT_ONCE: usize = 2;

/// Batched reads of all parts below `me`; clones share one batcher.
#[derive(Clone)]
pub struct Reads {
    batcher: Batcher<Bundle, Vec<Outcome>>,
    statements: Statements,
}

/// The pool, and the number of statements sent through it.
#[derive(Clone)]
struct Statements {
    pool: PgPool,
    count: Arc<AtomicU64>,
}

impl Reads {
    /// Starts the batcher; must be called within a Tokio runtime.
    pub fn start(pool: PgPool, limits: BatcherLimits) -> Self {
        let statements = Statements {
            pool,
            count: Arc::default(),
        };
        let running = statements.clone();
        let batcher = Batcher::start(limits, move |bundles| {
            let statements = running.clone();
            async move { statements.answer(bundles).await }
        });
        Self { batcher, statements }
    }

    /// Returns the results of one request's parts, in their order, from one statement shared with concurrent requests.
    pub async fn ask_all(&self, asks: Vec<Ask>) -> Vec<Result<Answer, ServiceError>> {
        if asks.is_empty() {
            return Vec::new();
        }
        if cfg!(feature = "per-field-reads") {
            let alone = asks.into_iter().map(|ask| self.statements.answer(vec![vec![ask]]));
            return futures_util::future::join_all(alone)
                .await
                .into_iter()
                .flatten()
                .flatten()
                .collect();
        }
        let wanted = asks.len();
        match self.batcher.load(asks).await {
            Ok(outcomes) => outcomes,
            Err(error) => vec![Err(error.into()); wanted],
        }
    }

    /// Returns the result of one part.
    ///
    /// # Errors
    /// If the read fails.
    pub async fn ask<T: FromAnswer>(&self, ask: Ask) -> Result<T, ServiceError> {
        let outcome = self.ask_all(vec![ask]).await.pop();
        outcome.unwrap_or(Err(ServiceError::LOST)).map(T::from_answer)
    }

    /// Returns the number of statements sent since the start.
    pub fn statements(&self) -> u64 {
        self.statements.count.load(Ordering::Relaxed)
    }
}

impl Statements {
    /// Reads bundles in one statement, or, if that statement itself fails, in one statement per part.
    async fn answer(&self, bundles: Vec<Bundle>) -> Vec<Vec<Outcome>> {
        let grouped = Grouped::new(bundles.iter().flatten().copied());
        let outcomes = match self.run(&grouped).await {
            Err(error) if grouped.part_count() > 1 && blames_the_statement(&error) => {
                tracing::warn!(%error, "a statement of several parts failed: running its parts individually");
                self.answer_by_part(grouped).await
            }
            result => outcomes(&grouped, result),
        };
        let outcome = |ask: &Ask| outcomes.get(ask).cloned().unwrap_or(Err(ServiceError::LOST));
        bundles
            .iter()
            .map(|bundle| bundle.iter().map(outcome).collect())
            .collect()
    }

    async fn answer_by_part(&self, grouped: Grouped) -> HashMap<Ask, Outcome> {
        futures_util::stream::iter(grouped.split())
            .map(|part| async move { outcomes(&part, self.run(&part).await) })
            .buffer_unordered(SPLIT_STATEMENTS_AT_ONCE)
            .fold(HashMap::new(), async |mut all, part| {
                all.extend(part);
                all
            })
            .await
    }

    async fn run(&self, grouped: &Grouped) -> sqlx::Result<Answers> {
        self.count.fetch_add(1, Ordering::Relaxed);
        retrying_idempotent!(grouped.run(&self.pool))
    }
}

/// Returns the outcome of each part. If the whole statement failed, each part has its own error with the same cause.
fn outcomes(grouped: &Grouped, result: sqlx::Result<Answers>) -> HashMap<Ask, Outcome> {
    match result {
        Ok(answers) => answers
            .into_iter()
            .map(|(ask, answer)| (ask, answer.map_err(ServiceError::from)))
            .collect(),
        Err(error) => {
            let error = ServiceError::from(error);
            grouped.asks().map(|ask| (ask, Err(error.clone()))).collect()
        }
    }
}

/// Conversion of an [`Answer`] into the type of its part. The variant is determined by the [`Ask`].
pub trait FromAnswer {
    /// # Panics
    /// If the answer has another variant than the ask determines, which is a bug in the caller.
    fn from_answer(answer: Answer) -> Self;
}

macro_rules! from_answer {
    ($($variant:ident => $held:ty),+ $(,)?) => {$(
        impl FromAnswer for $held {
            fn from_answer(answer: Answer) -> Self {
                match answer {
                    Answer::$variant(held) => held,
                    other => panic!("expected {}, got {other:?}", stringify!($variant)),
                }
            }
        }
    )+};
}

from_answer! {
    Profile => Option<Profile>,
    Awards => Vec<Award>,
    TaskRules => Vec<TaskRule>,
    TaskCounts => Vec<TaskCount>,
    SignIn => SignIn,
    Balances => Vec<Balance>,
    Invitation => Option<Invitation>,
    Children => Vec<Child>,
    Total => i64,
}

/// Returns true if the statement itself failed, including by its time limit: a part of it may succeed on its own.
fn blames_the_statement(error: &sqlx::Error) -> bool {
    unavailable(error).is_none() || is_statement_timeout(error)
}

//! A connection whose statements have a deadline.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, Stream, StreamExt, TryStreamExt, stream};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgQueryResult, PgRow, PgStatement, PgTransactionManager, PgTypeInfo};
use sqlx::{ConnectOptions, Describe, Either, Execute, Executor, Postgres, SqlStr};
use sqlx_core::transaction::TransactionManager;
use tokio::sync::watch;
use tokio::time::{Instant, Sleep, sleep};

use super::hosts::moved;
use super::pool::{Bounds, Suspicion};
use super::shared::{Named, SessionUse, load_types};
use super::{Database, PgTransaction, Sessions, ShardMap};
use crate::store::session_limits;
use crate::store::unavailable::breaks_the_connection;

/// Policy for the limits of a session: see [`session_limits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitCheck {
    /// A session without the limits is an error.
    Required,
    Skipped,
    /// The limits are not even set: another client of a pooler may get the session.
    Unset,
}

/// Postgres connection, pooled or standalone. It is closed instead of returned to the pool if an answer was late or
/// violated the protocol.
pub struct PgConnection {
    raw: Raw,
    pub(super) health: Health,
    pub(super) session: SessionUse,
}

enum Raw {
    Pooled(PoolConnection<Postgres>),
    Single(Box<sqlx::PgConnection>),
}

/// Health of a connection, and the time that its server has for an answer.
pub(super) struct Health {
    deadline: Duration,
    grace: Duration,
    is_broken: bool,
    suspicion: Suspicion,
    /// Changes of the host in use since the connection was taken; `None` for a single host.
    moves: Option<watch::Receiver<usize>>,
}

/// Waits for the next change of the host in use.
pub(super) async fn next_move(moves: Option<&mut watch::Receiver<usize>>) {
    let changed = match moves {
        Some(moves) => moves.changed().await.is_ok(),
        None => false,
    };
    if !changed {
        std::future::pending::<()>().await;
    }
}

impl Health {
    /// Awaits one exchange with the server, within the deadline.
    pub(super) async fn within_deadline<T>(
        &mut self,
        exchange: impl Future<Output = sqlx::Result<T>>,
    ) -> sqlx::Result<T> {
        self.require_usable()?;
        let in_time = tokio::time::timeout(self.deadline, exchange);
        let outcome = match &mut self.moves {
            None => in_time.await,
            Some(moves) => tokio::select! {
                biased;
                outcome = in_time => outcome,
                () = next_move(Some(moves)) => Ok(Err(moved())),
            },
        };
        outcome
            .unwrap_or_else(|_| Err(self.missed()))
            .inspect_err(|error| self.record_failure(error))
    }

    /// Rejects a connection that missed a deadline or failed before: its next answer would also be late, or belong to
    /// another statement.
    fn require_usable(&self) -> sqlx::Result<()> {
        match self.is_broken() {
            true => Err(sqlx::Error::Io(io::ErrorKind::NotConnected.into())),
            false => Ok(()),
        }
    }

    pub(super) fn is_broken(&self) -> bool {
        let moves = self.moves.as_ref();
        self.is_broken || moves.is_some_and(|moves| moves.has_changed().unwrap_or(false))
    }

    fn missed(&self) -> sqlx::Error {
        self.suspicion.raise();
        late(self.deadline)
    }

    fn record_failure(&mut self, error: &sqlx::Error) {
        self.is_broken |= breaks_the_connection(error);
    }
}

/// Returns the error of an exchange that missed its deadline.
pub fn late(deadline: Duration) -> sqlx::Error {
    let message = format!("the database did not answer within {deadline:?}");
    sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, message))
}

impl PgConnection {
    pub(super) fn pooled(
        connection: PoolConnection<Postgres>,
        bounds: &Bounds,
        session: SessionUse,
        suspicion: Suspicion,
        moves: Option<watch::Receiver<usize>>,
    ) -> Self {
        Self {
            raw: Raw::Pooled(connection),
            session,
            health: Health {
                deadline: bounds.deadline(),
                grace: bounds.grace,
                is_broken: false,
                suspicion,
                moves,
            },
        }
    }

    /// Opens a connection outside any pool, with the session limits of `bounds`, and verifies them if `limits`
    /// requires it. The deadline also applies to opening.
    ///
    /// # Errors
    /// Returns an error if the server cannot be reached, refuses the connection, does not answer in time, or drops
    /// the limits.
    pub async fn connect(database: impl Into<Database>, bounds: &Bounds, limits: LimitCheck) -> sqlx::Result<Self> {
        let database = database.into();
        let bounds = &database.bounds(*bounds);
        let mut health = Health {
            deadline: bounds.deadline(),
            grace: bounds.grace,
            is_broken: false,
            suspicion: Suspicion::default(),
            moves: None,
        };
        let options = session_limits::parameters(database.options());
        let mut connection = health.within_deadline(options.connect()).await?;
        if database.sessions() == Sessions::Own && limits != LimitCheck::Unset {
            let setting = session_limits::set(&mut connection, bounds, limits == LimitCheck::Required);
            health.within_deadline(setting).await?;
        }
        if database.sessions() == Sessions::Mixed && limits != LimitCheck::Unset {
            health.within_deadline(load_types(&mut connection)).await?;
        }
        let session = match limits {
            LimitCheck::Unset => SessionUse::default(),
            _ => SessionUse::new(&database, bounds),
        };
        let mut this = Self {
            raw: Raw::Single(Box::new(connection)),
            health,
            session,
        };
        if this.session.is_shared() && limits == LimitCheck::Required {
            this.require_limits(bounds).await?;
        }
        Ok(this)
    }

    /// Verifies the limits of a transaction in a shared session.
    async fn require_limits(&mut self, bounds: &Bounds) -> sqlx::Result<()> {
        let mut transaction = self.begin().await?;
        let (raw, health) = transaction.parts();
        health.within_deadline(session_limits::require(raw, bounds)).await?;
        transaction.rollback().await
    }

    /// Begins a transaction, or a savepoint inside the open one.
    ///
    /// # Errors
    /// Returns an error if the server refuses or does not answer in time.
    pub async fn begin(&mut self) -> sqlx::Result<PgTransaction<'_>> {
        PgTransaction::begin(self.into()).await
    }

    /// Extends the deadline to the transaction's `statement_timeout`, until the connection is returned to the pool.
    pub fn allow_statements_of(&mut self, statement_timeout: Duration) {
        self.health.deadline = statement_timeout + self.health.grace;
    }

    /// Returns true if the tables are distributed over the nodes of Citus.
    pub fn is_distributed(&self) -> bool {
        self.shards().is_some()
    }

    /// Returns the shards of the users, if the tables are distributed.
    pub fn shards(&self) -> Option<&ShardMap> {
        self.session.shards.as_ref()
    }

    fn named<E>(&self, statement: E) -> Named<E> {
        Named {
            statement,
            is_unnamed: self.session.is_unnamed,
        }
    }

    /// Returns true if a statement needs a transaction for its limits.
    fn lacks_transaction(&mut self) -> bool {
        self.session.is_shared() && PgTransactionManager::get_transaction_depth(self.parts().0) == 0
    }

    /// Runs a statement in a transaction of its own.
    async fn in_transaction<'q>(&mut self, query: impl Execute<'q, Postgres> + 'q) -> sqlx::Result<Vec<Step>> {
        let mut transaction = self.begin().await?;
        let steps = transaction.fetch_many(query).try_collect().await;
        match steps {
            Ok(steps) => transaction.commit().await.map(|()| steps),
            Err(error) => {
                // The statement's error is the one to report.
                let _ = transaction.rollback().await;
                Err(error)
            }
        }
    }

    /// Lets the connection be closed instead of returned to the pool.
    pub(super) fn abandon(&mut self) {
        self.health.is_broken = true;
    }

    pub(super) fn parts(&mut self) -> (&mut sqlx::PgConnection, &mut Health) {
        let raw = match &mut self.raw {
            Raw::Pooled(connection) => &mut **connection,
            Raw::Single(connection) => connection,
        };
        (raw, &mut self.health)
    }
}

impl Drop for PgConnection {
    fn drop(&mut self) {
        let Raw::Pooled(connection) = &mut self.raw else { return };
        // Pings the server, which ends an abandoned statement or transaction. If this future is dropped early, the
        // connection is closed and its slot in the pool is freed.
        let giving_back = connection.return_to_pool();
        if self.health.is_broken() {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let (deadline, suspicion) = (self.health.deadline, self.health.suspicion.clone());
            runtime.spawn(async move {
                if tokio::time::timeout(deadline, giving_back).await.is_err() {
                    suspicion.raise();
                    tracing::warn!(?deadline, "a database connection did not answer in time and was closed");
                }
            });
        }
    }
}

impl fmt::Debug for PgConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PgConnection").finish_non_exhaustive()
    }
}

type Step = Either<PgQueryResult, PgRow>;

impl<'c> Executor<'c> for &'c mut PgConnection {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, sqlx::Result<Step>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        if self.lacks_transaction() {
            let steps = async move {
                let steps = self.in_transaction(query).await?;
                Ok::<_, sqlx::Error>(stream::iter(steps.into_iter().map(Ok)))
            };
            return stream::once(steps).try_flatten().boxed();
        }
        let query = self.named(query);
        let (raw, health) = self.parts();
        if let Err(error) = health.require_usable() {
            return stream::once(async { Err(error) }).boxed();
        }
        let late = Box::pin(sleep(health.deadline));
        let moves = health.moves.clone();
        Answer {
            steps: raw.fetch_many(query),
            health,
            late,
            moved: moves.map(|mut moves| async move { next_move(Some(&mut moves)).await }.boxed()),
            is_over: false,
        }
        .boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<PgRow>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        if self.lacks_transaction() {
            let row = async move { Ok(self.in_transaction(query).await?.into_iter().find_map(Either::right)) };
            return row.boxed();
        }
        let query = self.named(query);
        let (raw, health) = self.parts();
        health.within_deadline(raw.fetch_optional(query)).boxed()
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [PgTypeInfo]) -> BoxFuture<'e, sqlx::Result<PgStatement>>
    where
        'c: 'e,
    {
        let (raw, health) = self.parts();
        health.within_deadline(raw.prepare_with(sql, parameters)).boxed()
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, sqlx::Result<Describe<Postgres>>>
    where
        'c: 'e,
    {
        let (raw, health) = self.parts();
        health.within_deadline(raw.describe(sql)).boxed()
    }
}

/// Rows of one statement. The deadline covers the whole statement, as `statement_timeout` does.
struct Answer<'e> {
    steps: BoxStream<'e, sqlx::Result<Step>>,
    health: &'e mut Health,
    late: Pin<Box<Sleep>>,
    moved: Option<BoxFuture<'static, ()>>,
    is_over: bool,
}

impl Stream for Answer<'_> {
    type Item = sqlx::Result<Step>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.is_over {
            return Poll::Ready(None);
        }
        let step = match this.steps.poll_next_unpin(context) {
            Poll::Ready(step) => step,
            Poll::Pending if this.late.as_mut().poll(context).is_ready() => Some(Err(this.health.missed())),
            Poll::Pending
                if this
                    .moved
                    .as_mut()
                    .is_some_and(|moved| moved.as_mut().poll(context).is_ready()) =>
            {
                Some(Err(moved()))
            }
            Poll::Pending => return Poll::Pending,
        };
        match &step {
            Some(Ok(Either::Right(_))) => {}
            // One of several statements that were sent together has finished.
            Some(Ok(Either::Left(_))) => this.late.as_mut().reset(Instant::now() + this.health.deadline),
            Some(Err(error)) => {
                this.health.record_failure(error);
                this.is_over = true;
            }
            None => this.is_over = true,
        }
        Poll::Ready(step)
    }
}

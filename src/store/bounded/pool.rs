//! A pool whose connections have deadlines.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgQueryResult, PgRow, PgStatement, PgTypeInfo};
use sqlx::{Connection, Describe, Either, Execute, Executor, Postgres, SqlStr};

use super::{PgConnection, PgTransaction};
use crate::store::session_limits;

/// A connection that was idle for this long may have died unnoticed, so it is pinged before it is used.
const PING_AFTER_IDLE: Duration = Duration::from_secs(1);
/// How long closing a pool may wait for connections in use, beyond their deadline.
const CLOSING_GRACE: Duration = Duration::from_secs(1);

/// Bounds of one pool.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The most connections.
    pub connections: u32,
    /// How long to wait for a connection.
    pub acquire: Duration,
    /// How long an idle connection may take to answer a ping.
    pub ping: Duration,
    /// `statement_timeout`: after this Postgres ends a statement.
    pub statement: Duration,
    /// How much longer than `statement` the answer may take before the connection is given up.
    pub grace: Duration,
    /// `lock_timeout`.
    pub lock: Duration,
    /// `idle_in_transaction_session_timeout`.
    pub idle_in_transaction: Duration,
    /// `force_generic_plan` where statements take arrays of very different lengths: Postgres would otherwise plan each anew.
    pub plans: &'static str,
}

impl Bounds {
    /// The time within which the server must answer.
    pub fn deadline(&self) -> Duration {
        self.statement + self.grace
    }
}

/// A pool of [`PgConnection`]s. Clones share it.
#[derive(Clone, Debug)]
pub struct PgPool {
    pool: sqlx::PgPool,
    options: PgConnectOptions,
    bounds: Bounds,
    suspicion: Suspicion,
}

/// When a connection of one of the pools that share this last failed to answer. Connections that have been idle since before
/// that are closed untried, so that no request waits for a second dead one.
#[derive(Clone, Debug, Default)]
pub struct Suspicion(Arc<Mutex<Option<Instant>>>);

impl Suspicion {
    pub(super) fn raise(&self) {
        *self.0.lock().expect("nothing panics while it holds the lock") = Some(Instant::now());
    }

    fn covers(&self, idle_for: Duration) -> bool {
        let raised = *self.0.lock().expect("nothing panics while it holds the lock");
        raised.is_some_and(|at| at.elapsed() <= idle_for)
    }
}

impl PgPool {
    /// A pool that connects when first used.
    pub fn connect_lazily(options: &PgConnectOptions, bounds: Bounds) -> Self {
        Self::connect_lazily_with(options, bounds, Suspicion::default())
    }

    /// [`PgPool::connect_lazily`], sharing with other pools of the same server what is known about silent connections.
    pub fn connect_lazily_with(options: &PgConnectOptions, bounds: Bounds, suspicion: Suspicion) -> Self {
        let suspected = suspicion.clone();
        let pool = PgPoolOptions::new()
            .max_connections(bounds.connections)
            .acquire_timeout(bounds.acquire)
            // A check at each checkout would cost a round trip: see `PING_AFTER_IDLE`.
            .test_before_acquire(false)
            .before_acquire(move |connection, meta| {
                let suspected = suspected.clone();
                Box::pin(async move {
                    if suspected.covers(meta.idle_for) {
                        return Ok(false);
                    }
                    if meta.idle_for > PING_AFTER_IDLE {
                        match tokio::time::timeout(bounds.ping, connection.ping()).await {
                            Ok(pinged) => pinged?,
                            Err(_) => {
                                suspected.raise();
                                return Ok(false);
                            }
                        }
                    }
                    Ok(true)
                })
            })
            .after_connect(|connection, _| Box::pin(session_limits::require(connection)))
            .connect_lazy_with(session_limits::apply(options, &bounds));
        Self {
            pool,
            options: options.clone(),
            bounds,
            suspicion,
        }
    }

    /// Takes a connection; dropped, it is given back.
    ///
    /// # Errors
    /// When the database cannot be reached, or no connection is free in time.
    pub async fn acquire(&self) -> sqlx::Result<PgConnection> {
        // The future holds all that connecting needs, about 30 KiB: boxed, it is not part of the future of every caller.
        let connection = Box::pin(self.pool.acquire()).await?;
        Ok(PgConnection::pooled(connection, &self.bounds, self.suspicion.clone()))
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// As [`PgPool::acquire`], and when the server refuses or does not answer in time.
    pub async fn begin(&self) -> sqlx::Result<PgTransaction<'static>> {
        PgTransaction::begin(self.acquire().await?.into()).await
    }

    /// The bounds of this pool.
    pub fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// Where its connections go, without the session limits.
    pub(super) fn options(&self) -> &PgConnectOptions {
        &self.options
    }

    /// Number of connections, in use or idle.
    pub fn size(&self) -> u32 {
        self.pool.size()
    }

    /// Number of idle connections.
    pub fn num_idle(&self) -> usize {
        self.pool.num_idle()
    }

    /// Closes the pool, waiting for connections that are in use, but no longer than their deadline.
    pub async fn close(&self) {
        let _ = tokio::time::timeout(self.bounds.deadline() + CLOSING_GRACE, self.pool.close()).await;
    }
}

impl<'p> Executor<'p> for &PgPool {
    type Database = Postgres;

    /// The connection is given back before the first row is handed over, so a slow consumer holds none.
    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, sqlx::Result<Either<PgQueryResult, PgRow>>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let pool = self.clone();
        let steps = async move {
            let mut connection = pool.acquire().await?;
            let steps: Vec<_> = connection.fetch_many(query).try_collect().await?;
            Ok::<_, sqlx::Error>(stream::iter(steps.into_iter().map(Ok)))
        };
        stream::once(steps).try_flatten().boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<PgRow>>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let pool = self.clone();
        async move { pool.acquire().await?.fetch_optional(query).await }.boxed()
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [PgTypeInfo]) -> BoxFuture<'e, sqlx::Result<PgStatement>>
    where
        'p: 'e,
    {
        let pool = self.clone();
        async move { pool.acquire().await?.prepare_with(sql, parameters).await }.boxed()
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, sqlx::Result<Describe<Postgres>>>
    where
        'p: 'e,
    {
        let pool = self.clone();
        async move { pool.acquire().await?.describe(sql).await }.boxed()
    }
}

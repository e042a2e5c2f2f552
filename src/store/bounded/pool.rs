//! Connection pool with deadlines.

use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgQueryResult, PgRow, PgStatement, PgTypeInfo};
use sqlx::{Connection, Describe, Either, Execute, Executor, Postgres, SqlStr};

use super::connection::next_move;
use super::kept::{Kept, Taken};
use super::shared::{SessionUse, prepare};
use super::{Database, PgConnection, PgTransaction};
use crate::store::session_limits;

/// Idle time after which a connection may have died unnoticed, so that it is pinged before use.
const PING_AFTER_IDLE: Duration = Duration::from_secs(1);
/// Time beyond their deadline that closing a pool waits for connections in use.
const CLOSING_GRACE: Duration = Duration::from_secs(1);

/// Bounds of one pool.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Maximum number of connections.
    pub connections: u32,
    /// Maximum time to wait for a connection.
    pub acquire: Duration,
    /// Maximum time for an idle connection to answer a ping.
    pub ping: Duration,
    /// `statement_timeout`: Postgres cancels a statement after this time.
    pub statement: Duration,
    /// Time beyond `statement` to wait for the answer before the connection is abandoned.
    pub grace: Duration,
    /// `lock_timeout`.
    pub lock: Duration,
    /// `idle_in_transaction_session_timeout`.
    pub idle_in_transaction: Duration,
    /// `plan_cache_mode`: `force_generic_plan` where statements take arrays of very different lengths, because
    /// Postgres would otherwise plan each execution.
    pub plans: &'static str,
    /// True if commits wait until all synchronous standbys have applied them, so that reads there see them.
    pub remote_apply: bool,
    /// True if a statement uses one connection to each node of a distributed database: a transaction that changes tables
    /// of which every node has a copy must not use several.
    pub one_per_node: bool,
}

impl Bounds {
    /// Returns the time within which the server must answer.
    pub fn deadline(&self) -> Duration {
        self.statement + self.grace
    }
}

/// Pool of [`PgConnection`]s. Clones share it.
#[derive(Clone)]
pub struct PgPool {
    pool: sqlx::PgPool,
    kept: Arc<Kept>,
    database: Arc<Database>,
    session: SessionUse,
    bounds: Bounds,
    suspicion: Suspicion,
    notification_pending: Arc<AtomicBool>,
}

/// Time of the last missed deadline among the pools that share this value. Connections that have been idle since
/// before then are closed without a ping, so that no request waits for a second dead one.
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

impl fmt::Debug for PgPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PgPool")
            .field("pool", &self.pool)
            .finish_non_exhaustive()
    }
}

impl PgPool {
    /// Creates a pool that connects on first use.
    pub fn connect_lazily(database: impl Into<Database>, bounds: Bounds) -> Self {
        Self::connect_lazily_with(&database.into(), bounds, Suspicion::default())
    }

    /// [`PgPool::connect_lazily`] with a [`Suspicion`] shared between the pools of one server.
    pub fn connect_lazily_with(database: &Database, bounds: Bounds, suspicion: Suspicion) -> Self {
        let (sessions, bounds) = (database.sessions(), database.bounds(bounds));
        let suspected = suspicion.clone();
        let pool = PgPoolOptions::new()
            .max_connections(bounds.connections)
            .acquire_timeout(bounds.acquire)
            // A ping at each checkout would cost a round trip: see `PING_AFTER_IDLE`.
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
            .after_connect(move |connection, _| Box::pin(async move { prepare(connection, sessions, &bounds).await }))
            .connect_lazy_with(session_limits::parameters(database.options()));
        Self {
            pool,
            kept: Arc::default(),
            database: Arc::new(database.clone()),
            session: SessionUse::new(database, &bounds),
            bounds,
            suspicion,
            notification_pending: Arc::default(),
        }
    }

    /// Takes a connection from the pool; dropping it returns it.
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached, or no connection is free in time.
    pub async fn acquire(&self) -> sqlx::Result<PgConnection> {
        Ok(self.take().await?.connection)
    }

    async fn take(&self) -> sqlx::Result<Taken> {
        let mut moves = self.database.watch();
        let _waiting = loop {
            match self.kept.take() {
                Err(waiting) => break waiting,
                Ok((mut taken, idle_for)) => match self.is_alive(&mut taken.connection, idle_for).await {
                    true => return Ok(taken),
                    false => taken.connection.abandon(),
                },
            }
        };
        // The future holds all connecting state, about 30 KiB: boxed, it does not enlarge the futures of all callers.
        let connection = match &mut moves {
            None => Box::pin(self.pool.acquire()).await?,
            // Begins again when the host has moved: the old one may not answer.
            Some(moves) => loop {
                tokio::select! {
                    connection = Box::pin(self.pool.acquire()) => break connection?,
                    () = next_move(Some(moves)) => {}
                }
            },
        };
        let (session, suspicion) = (self.session.clone(), self.suspicion.clone());
        let connection = PgConnection::pooled(connection, &self.bounds, session, suspicion, moves);
        Ok(Taken::new(connection))
    }

    /// Checks a kept connection as sqlx's pool checks an idle one before its use.
    async fn is_alive(&self, connection: &mut PgConnection, idle_for: Duration) -> bool {
        if connection.health.is_broken() || self.suspicion.covers(idle_for) {
            return false;
        }
        if idle_for <= PING_AFTER_IDLE {
            return true;
        }
        let pinged = tokio::time::timeout(self.bounds.ping, connection.parts().0.ping()).await;
        if pinged.is_err() {
            self.suspicion.raise();
        }
        matches!(pinged, Ok(Ok(())))
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// Returns the errors of [`PgPool::acquire`], or an error if the server refuses or does not answer in time.
    pub async fn begin(&self) -> sqlx::Result<PgTransaction<'static>> {
        PgTransaction::begin(self.acquire().await?.into()).await
    }

    /// Returns the flag of a notification that is about to be sent: see `award_changes::notify_later`.
    pub(in crate::store) fn notification_pending(&self) -> &AtomicBool {
        &self.notification_pending
    }

    /// Connects to this host from now on. Idle connections are closed before they are used again.
    pub fn move_to(&self, host: &PgConnectOptions) {
        self.pool.set_connect_options(session_limits::parameters(host));
        self.suspicion.raise();
    }

    /// Closes idle connections before they are used again.
    pub fn suspect(&self) {
        self.suspicion.raise();
    }

    /// Returns the bounds of this pool.
    pub fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// Returns the database.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Returns the number of connections, in use or idle.
    pub fn size(&self) -> u32 {
        self.pool.size()
    }

    /// Returns the number of idle connections.
    pub fn num_idle(&self) -> usize {
        self.pool.num_idle() + self.kept.len()
    }

    /// Closes the pool. Waits for connections in use, at most for their deadline.
    pub async fn close(&self) {
        self.kept.close();
        let _ = tokio::time::timeout(self.bounds.deadline() + CLOSING_GRACE, self.pool.close()).await;
    }
}

impl<'p> Executor<'p> for &PgPool {
    type Database = Postgres;

    /// The connection is returned to the pool before the first row is yielded, so a slow consumer holds none.
    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, sqlx::Result<Either<PgQueryResult, PgRow>>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let pool = self.clone();
        let steps = async move {
            let mut taken = pool.take().await?;
            let steps: Vec<_> = taken.connection.fetch_many(query).try_collect().await?;
            pool.kept.keep(taken);
            Ok::<_, sqlx::Error>(stream::iter(steps.into_iter().map(Ok)))
        };
        stream::once(steps).try_flatten().boxed()
    }

    fn fetch_all<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Vec<PgRow>>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let pool = self.clone();
        async move {
            let mut taken = pool.take().await?;
            let rows = taken.connection.fetch_all(query).await?;
            pool.kept.keep(taken);
            Ok(rows)
        }
        .boxed()
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

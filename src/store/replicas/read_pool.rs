//! A pool for reads: of a replica while one is good, else of the primary.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArguments, PgQueryResult, PgRow, PgStatement, PgTypeInfo};
use sqlx::{Describe, Either, Execute, Executor, Postgres, SqlStr};

use super::Replicas;
use super::replica::Purpose;
use crate::metrics::{self, ReadSide};
use crate::store::bounded::{PgPool, ShardMap};

/// Executes statements that only read. Each statement goes to a good replica, and to the primary if there is none, if
/// it turns out to be down, silent or late meanwhile, or if it cancels the statement. So a caller notices nothing but
/// the time. Clones share the pools.
#[derive(Clone, Debug)]
pub struct ReadPool {
    primary: PgPool,
    replicas: Option<(Arc<Replicas>, Purpose)>,
}

impl From<PgPool> for ReadPool {
    /// Creates a pool that reads from the primary alone.
    fn from(primary: PgPool) -> Self {
        Self {
            primary,
            replicas: None,
        }
    }
}

impl ReadPool {
    /// Creates a pool that prefers replicas.
    pub fn with_replicas(primary: PgPool, replicas: Arc<Replicas>, purpose: Purpose) -> Self {
        Self {
            primary,
            replicas: Some((replicas, purpose)),
        }
    }

    /// Returns the shards of the users, if the database is distributed.
    pub fn shards(&self) -> Option<&ShardMap> {
        self.primary.database().shards()
    }

    async fn run<T, Read>(&self, read: impl Fn(PgPool) -> Read) -> sqlx::Result<T>
    where
        Read: Future<Output = sqlx::Result<T>>,
    {
        let Some((replicas, purpose)) = &self.replicas else {
            return read(self.primary.clone()).await;
        };
        if let Some(replica) = replicas.pick() {
            match replica.attempt(read(replica.pool(*purpose).clone())).await {
                Err(None) => {}
                Ok(value) => {
                    metrics::read_at(ReadSide::Replica);
                    return Ok(value);
                }
                Err(Some(error)) => return Err(error),
            }
        }
        metrics::read_at(ReadSide::Primary);
        read(self.primary.clone()).await
    }
}

/// A statement that can be executed more than once.
#[derive(Clone)]
struct Repeatable {
    sql: SqlStr,
    arguments: Option<PgArguments>,
    is_persistent: bool,
}

impl Repeatable {
    fn new<'q>(mut query: impl Execute<'q, Postgres>) -> sqlx::Result<Self> {
        Ok(Self {
            is_persistent: query.persistent(),
            arguments: query.take_arguments().map_err(sqlx::Error::Encode)?,
            sql: query.sql(),
        })
    }
}

impl<'q> Execute<'q, Postgres> for Repeatable {
    fn sql(self) -> SqlStr {
        self.sql
    }

    fn statement(&self) -> Option<&PgStatement> {
        None
    }

    fn take_arguments(&mut self) -> Result<Option<PgArguments>, BoxDynError> {
        Ok(self.arguments.take())
    }

    fn persistent(&self) -> bool {
        self.is_persistent
    }
}

impl<'p> Executor<'p> for &'p ReadPool {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, sqlx::Result<Either<PgQueryResult, PgRow>>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        if self.replicas.is_none() {
            return self.primary.fetch_many(query);
        }
        let query = Repeatable::new(query);
        let steps = async move {
            let query = query?;
            let read = |pool: PgPool| {
                let query = query.clone();
                async move { pool.fetch_many(query).try_collect::<Vec<_>>().await }
            };
            let steps = self.run(read).await?;
            Ok::<_, sqlx::Error>(stream::iter(steps.into_iter().map(Ok)))
        };
        stream::once(steps).try_flatten().boxed()
    }

    fn fetch_all<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Vec<PgRow>>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        if self.replicas.is_none() {
            return self.primary.fetch_all(query);
        }
        let query = Repeatable::new(query);
        async move {
            let query = query?;
            let read = |pool: PgPool| {
                let query = query.clone();
                async move { pool.fetch_all(query).await }
            };
            self.run(read).await
        }
        .boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<PgRow>>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        if self.replicas.is_none() {
            return self.primary.fetch_optional(query);
        }
        let query = Repeatable::new(query);
        async move {
            let query = query?;
            let read = |pool: PgPool| {
                let query = query.clone();
                async move { pool.fetch_optional(query).await }
            };
            self.run(read).await
        }
        .boxed()
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [PgTypeInfo]) -> BoxFuture<'e, sqlx::Result<PgStatement>>
    where
        'p: 'e,
    {
        self.primary.prepare_with(sql, parameters)
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, sqlx::Result<Describe<Postgres>>>
    where
        'p: 'e,
    {
        self.primary.describe(sql)
    }
}

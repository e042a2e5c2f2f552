//! Statements in sessions that a pooler shares between clients.
//!
//! The pooler may run each transaction in another session, so the limits of a session are set in each transaction, and
//! a statement outside a transaction gets one of its own. Statements are not named where names would collide. The
//! unnamed statement stays with its transaction.

use std::sync::Arc;

use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArguments, PgStatement, PgTransactionManager};
use sqlx::{AssertSqlSafe, Execute, Postgres, Row, SqlSafeStr, SqlStr, raw_sql};
use sqlx_core::transaction::TransactionManager;

use super::{Bounds, Database, Sessions, ShardMap};
use crate::store::session_limits;

/// Prepares a new connection of a pool for its statements.
///
/// # Errors
/// Returns an error if the limits of the session are not in force, or a statement fails.
pub(super) async fn prepare(
    connection: &mut sqlx::PgConnection,
    sessions: Sessions,
    bounds: &Bounds,
) -> sqlx::Result<()> {
    match sessions {
        Sessions::Own => session_limits::set(connection, bounds, true).await,
        // Each transaction sets the limits.
        Sessions::Shared => Ok(()),
        Sessions::Mixed => load_types(connection).await,
    }
}

/// Use of the sessions that a connection gets.
#[derive(Clone, Debug, Default)]
pub(super) struct SessionUse {
    /// Begins a transaction with its limits, if sessions are shared.
    begin: Option<Arc<str>>,
    pub is_unnamed: bool,
    /// Shards of the users, if the database is distributed.
    pub shards: Option<ShardMap>,
}

impl SessionUse {
    pub fn new(database: &Database, bounds: &Bounds) -> Self {
        let sessions = database.sessions();
        let begin = || format!("begin; {}", session_limits::set_local(bounds)).into();
        Self {
            begin: (sessions != Sessions::Own).then(begin),
            is_unnamed: sessions == Sessions::Mixed,
            shards: database.shards().cloned(),
        }
    }

    pub fn is_shared(&self) -> bool {
        self.begin.is_some()
    }

    /// Returns the statement that begins a transaction; `None` for the usual one.
    pub fn begin(&self) -> Option<SqlStr> {
        // Safe: the text consists of constants and numbers.
        let begin = self.begin.clone();
        begin.map(|begin| AssertSqlSafe(begin).into_sql_str())
    }
}

/// Loads the enumerated types of the schema into sqlx's cache of a connection whose statements are not named.
///
/// sqlx looks up an unknown type with a simple query between the two steps of a statement, and any simple query
/// discards the unnamed statement. So the statement here fails, but later ones find the types in the cache.
pub(super) async fn load_types(connection: &mut sqlx::PgConnection) -> sqlx::Result<()> {
    PgTransactionManager::begin(connection, None).await?;
    let row = raw_sql(
        "select 'select ' || string_agg(format('null::%1$s, null::%1$s[]', t.oid::regtype), ', ')
         from pg_type t join pg_namespace n on n.oid = t.typnamespace
         where t.typtype = 'e' and n.nspname = any (current_schemas(false))",
    )
    .fetch_one(&mut *connection)
    .await?;
    if let Some(select) = row.try_get::<Option<String>, _>(0)? {
        // Safe: names of types, quoted by Postgres.
        let loaded = sqlx::query(AssertSqlSafe(select))
            .persistent(false)
            .execute(&mut *connection);
        match loaded.await {
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(NO_STATEMENT) => {}
            loaded => loaded.map(|_| ())?,
        }
    }
    PgTransactionManager::rollback(connection).await
}

/// invalid_sql_statement_name
const NO_STATEMENT: &str = "26000";

/// Statement that may be prevented from getting a name.
pub(in crate::store) struct Named<E> {
    pub(super) statement: E,
    pub(super) is_unnamed: bool,
}

impl<E> Named<E> {
    /// Prevents a statement from getting a name.
    pub fn never(statement: E) -> Self {
        Self {
            statement,
            is_unnamed: true,
        }
    }
}

impl<'q, E: Execute<'q, Postgres>> Execute<'q, Postgres> for Named<E> {
    fn sql(self) -> SqlStr {
        self.statement.sql()
    }

    fn statement(&self) -> Option<&PgStatement> {
        self.statement.statement()
    }

    fn take_arguments(&mut self) -> Result<Option<PgArguments>, BoxDynError> {
        self.statement.take_arguments()
    }

    fn persistent(&self) -> bool {
        !self.is_unnamed && self.statement.persistent()
    }
}

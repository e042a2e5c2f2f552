//! Finds out how a database is distributed.

use sqlx::{Row, raw_sql};

use crate::store::bounded::{Bounds, Database, LimitCheck, PgConnection, ShardMap};

/// Adds to a database how it is distributed.
///
/// # Errors
/// Returns an error if the database cannot be reached or does not answer in time.
pub async fn find(database: Database, bounds: &Bounds) -> sqlx::Result<Database> {
    let mut connection = PgConnection::connect(&database, bounds, LimitCheck::Unset).await?;
    let shards = shards(&mut connection).await?;
    Ok(database.with_shards(shards))
}

/// Lets a transaction that may change rows of one node only, and tables that are unknown to Citus, be committed in two
/// phases. Does nothing on one node.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn commit_in_two_phases(transaction: &mut PgConnection) -> sqlx::Result<()> {
    if transaction.is_distributed() {
        // A change of a table of the coordinator that is known to Citus, although of no row.
        sqlx::query!("delete from imported_totals where false")
            .execute(transaction)
            .await?;
    }
    Ok(())
}

/// Returns the shards of the users; `None` if the database is not distributed.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn shards(connection: &mut PgConnection) -> sqlx::Result<Option<ShardMap>> {
    // Not checked at compile time: the tables belong to Citus. Simple queries, because poolers that share sessions do not
    // support prepared statements.
    let known =
        raw_sql("select to_regclass('pg_catalog.pg_dist_shard') is not null and to_regclass('users') is not null");
    if !known.fetch_one(&mut *connection).await?.try_get::<bool, _>(0)? {
        return Ok(None);
    }
    let firsts = raw_sql(
        "select shardminvalue::int from pg_catalog.pg_dist_shard
         where logicalrelid = 'users'::regclass and shardminvalue is not null order by 1",
    )
    .fetch_all(connection)
    .await?;
    let firsts: Vec<i32> = firsts.iter().map(|row| row.try_get(0)).collect::<sqlx::Result<_>>()?;
    Ok((!firsts.is_empty()).then(|| firsts.into_iter().collect()))
}

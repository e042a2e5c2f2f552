//! Locks of the rows of several users. Citus locks rows of one shard per statement, so a function on the node of each shard
//! locks its rows: in the order of shards, and of users within each. Not checked at compile time: the functions exist in
//! distributed databases.

use crate::domain::id::UserId;
use crate::store::bounded::PgConnection;

/// Keeps users from being erased until the transaction ends. Returns those who exist and are not erased.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn hold_users(connection: &mut PgConnection, users: &[i64]) -> sqlx::Result<Vec<i64>> {
    lock(connection, "select * from hold_users_on_shard($1, $2)", users).await
}

/// Locks the feeds of users until the transaction ends. Returns the users who have one.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn lock_feeds(connection: &mut PgConnection, users: &[i64]) -> sqlx::Result<Vec<i64>> {
    lock(connection, "select * from lock_feeds_on_shard($1, $2)", users).await
}

async fn lock(connection: &mut PgConnection, query: &'static str, users: &[i64]) -> sqlx::Result<Vec<i64>> {
    let groups = match connection.shards() {
        Some(shards) => shards.group(users.to_vec(), |user| UserId(*user)),
        None => Vec::new(),
    };
    let mut locked = Vec::new();
    for group in groups {
        let rows = sqlx::query_scalar::<_, i64>(query).bind(group[0]).bind(group);
        locked.extend(rows.fetch_all(&mut *connection).await?);
    }
    Ok(locked)
}

/// Waits for the sign-ins in progress, and excludes new ones until the transaction ends.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn exclude_sign_ins(connection: &mut PgConnection) -> sqlx::Result<()> {
    let Some(shards) = connection.shards().cloned() else {
        return Ok(());
    };
    for shard in 0..shards.count() {
        sqlx::query("select exclude_sign_ins_on_shard($1)")
            .bind(shards.user_in(shard).0)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

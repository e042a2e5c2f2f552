//! Whether the database is there and is of this version.

use sqlx::PgPool;

use super::MIGRATOR;

/// How many of this version's migrations were not applied; also says that the database answers.
pub async fn missing_migrations(pool: &PgPool) -> sqlx::Result<usize> {
    let ours: Vec<i64> = MIGRATOR.iter().map(|migration| migration.version).collect();
    let known: bool = sqlx::query_scalar("select to_regclass('_sqlx_migrations') is not null")
        .fetch_one(pool)
        .await?;
    if !known {
        return Ok(ours.len());
    }
    let applied: i64 = sqlx::query_scalar("select count(*) from _sqlx_migrations where success and version = any($1)")
        .bind(&ours)
        .fetch_one(pool)
        .await?;
    Ok(ours.len() - applied as usize)
}

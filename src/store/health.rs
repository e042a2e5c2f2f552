//! Whether the database is there and is of this version.

use sqlx::PgConnection;

use super::MIGRATOR;

/// How the database's schema compares with this program's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SchemaState {
    /// How many of this version's migrations were not applied.
    pub missing: usize,
    /// A migration that a newer program applied.
    pub newer: Option<i64>,
}

/// Compares the schemas; also says that the database answers.
pub async fn schema_state(connection: &mut PgConnection) -> sqlx::Result<SchemaState> {
    let ours: Vec<i64> = MIGRATOR.iter().map(|migration| migration.version).collect();
    let is_known: bool = sqlx::query_scalar("select to_regclass('_sqlx_migrations') is not null")
        .fetch_one(&mut *connection)
        .await?;
    let applied: Vec<i64> = match is_known {
        true => {
            sqlx::query_scalar("select version from _sqlx_migrations where success order by version")
                .fetch_all(connection)
                .await?
        }
        false => Vec::new(),
    };
    Ok(SchemaState {
        missing: ours.iter().filter(|version| !applied.contains(version)).count(),
        newer: applied.into_iter().find(|version| !ours.contains(version)),
    })
}

//! Health of the database: reachable, writable, and with the expected schema.

use std::collections::{BTreeMap, HashMap};

use sqlx::PgExecutor;

use crate::store::bounded::PgConnection;

use super::MIGRATOR;

/// Difference between the database's schema and the schema that this program expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SchemaState {
    /// Number of migrations that are not applied.
    pub missing: usize,
    /// Version of an applied migration that this program does not include.
    pub newer: Option<i64>,
    /// True if an applied migration had another content than this program's: an unreleased version applied it.
    pub is_unreleased: bool,
}

/// Write availability of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    Accepted,
    /// The server is a standby.
    Standby,
    /// Transactions are read-only by the settings of the server, the database or the role.
    ReadOnly,
}

/// Commits an empty message to the write-ahead log if the server accepts writes. Waits for the disk and for
/// synchronous standbys, as every write does.
///
/// # Errors
/// Returns an error if the database fails or does not answer in time.
pub async fn try_write(connection: impl PgExecutor<'_>) -> sqlx::Result<Writes> {
    let server = sqlx::query!(
        r#"with server as (
               select pg_is_in_recovery() as is_standby, current_setting('transaction_read_only') = 'on' as is_read_only
           )
           select is_standby as "is_standby!", is_read_only as "is_read_only!"
           from server
           where is_standby or is_read_only or pg_logical_emit_message(true, 'newbee', 'readiness') is not null"#
    )
    .fetch_one(connection)
    .await?;
    Ok(match (server.is_standby, server.is_read_only) {
        (true, _) => Writes::Standby,
        (false, true) => Writes::ReadOnly,
        (false, false) => Writes::Accepted,
    })
}

/// Compares the schema of the database with the one that this program expects.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn schema_state(connection: &mut PgConnection) -> sqlx::Result<SchemaState> {
    let ours: HashMap<i64, &[u8]> = MIGRATOR
        .iter()
        .map(|migration| (migration.version, &*migration.checksum))
        .collect();
    let is_known = sqlx::query_scalar!(r#"select to_regclass('_sqlx_migrations') is not null as "is_known!""#)
        .fetch_one(&mut *connection)
        .await?;
    let applied: BTreeMap<i64, Vec<u8>> = match is_known {
        true => {
            // Not checked at compile time: the table is sqlx's own.
            let rows: Vec<(i64, Vec<u8>)> =
                sqlx::query_as("select version, checksum from _sqlx_migrations where success")
                    .fetch_all(connection)
                    .await?;
            rows.into_iter().collect()
        }
        false => BTreeMap::new(),
    };
    Ok(SchemaState {
        missing: ours.keys().filter(|version| !applied.contains_key(version)).count(),
        newer: applied.keys().copied().find(|version| !ours.contains_key(version)),
        is_unreleased: applied
            .iter()
            .any(|(version, checksum)| ours.get(version).is_some_and(|own| own != checksum)),
    })
}

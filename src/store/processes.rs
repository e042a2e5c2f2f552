//! Running processes: one row each, renewed by a heartbeat.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::domain::process::ProcessInfo;

/// Row of a process.
#[derive(Clone, Debug, PartialEq)]
pub struct ProcessRow {
    pub process_id: Uuid,
    pub name: String,
    pub version: String,
    pub scheduler: bool,
    pub started_at: DateTime<Utc>,
    /// Time of the last heartbeat, by the database's clock.
    pub heartbeat_at: DateTime<Utc>,
    /// Clock of the process minus the database's clock, in milliseconds.
    pub clock_skew_ms: i64,
    /// Time since the last heartbeat in milliseconds, by the database's clock.
    pub silent_ms: i64,
}

/// Heartbeat timeout in milliseconds: a process without a heartbeat for this long missed three in a row.
const ALIVE_MS: i64 = 30_000;

impl ProcessRow {
    /// Returns true if the process sends heartbeats.
    pub fn is_alive(&self) -> bool {
        self.silent_ms <= ALIVE_MS
    }
}

/// Inserts a process or renews its heartbeat, and deletes processes without a heartbeat for a day.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn renew(connection: impl PgExecutor<'_>, process: &ProcessInfo, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "with stale as (
             delete from processes where heartbeat_at < clock_timestamp() - interval '1 day' and process_id <> $1
         )
         insert into processes (process_id, name, version, scheduler, started_at, heartbeat_at, clock_skew_ms)
         values ($1, $2, $3, $4, $5, clock_timestamp(),
                 (extract(epoch from $6::timestamptz - clock_timestamp()) * 1000)::bigint)
         on conflict (process_id) do update
             set heartbeat_at = excluded.heartbeat_at, clock_skew_ms = excluded.clock_skew_ms",
        process.id,
        process.name,
        process.version,
        process.scheduler,
        process.started_at,
        now
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Deletes a process that shuts down in an orderly way.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn remove(connection: impl PgExecutor<'_>, id: Uuid) -> sqlx::Result<()> {
    sqlx::query!("delete from processes where process_id = $1", id)
        .execute(connection)
        .await
        .map(|_| ())
}

/// Returns the processes with a heartbeat within the last day, longest running first, at most `limit`.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn list(connection: impl PgExecutor<'_>, limit: i64) -> sqlx::Result<Vec<ProcessRow>> {
    sqlx::query_as!(
        ProcessRow,
        r#"select process_id, name, version, scheduler, started_at, heartbeat_at, clock_skew_ms,
                  (extract(epoch from clock_timestamp() - heartbeat_at) * 1000)::bigint as "silent_ms!"
           from processes where heartbeat_at > clock_timestamp() - interval '1 day'
           order by started_at, process_id limit $1"#,
        limit
    )
    .fetch_all(connection)
    .await
}

//! Applies the migrations, and aborts when the server stops responding.
//!
//! A migration may take long, so its statements have no deadline. Meanwhile a second connection, whose statements
//! have a deadline, periodically queries the state of the migrating session.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::migrate::MigrateError;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, raw_sql};

use super::bounded::{Bounds, LimitCheck, PgConnection, late};
use super::unnamed::Unnamed;
use super::{MIGRATOR, session_limits};

/// Interval between checks of the migrating session.
pub const CHECK_EVERY: Duration = Duration::from_secs(10);
/// Number of consecutive checks that must agree before the session counts as lost: a single check may fall between
/// two statements.
const LOOKS: u32 = 3;

/// Error of applying the migrations.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    #[error("the connection could not be established")]
    Connect(#[source] sqlx::Error),
    #[error(transparent)]
    Failed(#[from] MigrateError),
    #[error(
        "{0}. Each migration is applied as a whole or not at all. Check the server and the network, then run newbee migrate \
         again"
    )]
    Silent(&'static str),
}

/// Migrating session, as identified by the server.
#[derive(Debug)]
struct Session {
    pid: i32,
    started_at: DateTime<Utc>,
}

/// Result of one check of the session.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Seen {
    /// The session runs a statement or waits for a lock, or its state is unknown.
    Alive,
    /// The session's last statement ended at this time, and no other was received since.
    IdleSince(DateTime<Utc>),
    Gone,
    /// The server does not answer.
    NoAnswer,
}

/// Applies the missing migrations. Waits for other processes that do the same. `bounds` apply to connecting and to
/// the checks, which run every `check_every`.
///
/// # Errors
/// Returns an error if the database cannot be reached, a migration fails, or the server stops responding.
pub async fn apply(options: &PgConnectOptions, bounds: &Bounds, check_every: Duration) -> Result<(), MigrationError> {
    // Without the session limits: see `session_limits::parameters`.
    let migrating = session_limits::parameters(options);
    let beginning = tokio::time::timeout(bounds.deadline(), begin(&migrating));
    let (mut connection, session) = beginning
        .await
        .unwrap_or_else(|_| Err(late(bounds.deadline())))
        .map_err(MigrationError::Connect)?;
    tokio::select! {
        migrated = MIGRATOR.run(&mut connection) => migrated?,
        why = silence(options, bounds, &session, check_every) => return Err(MigrationError::Silent(why)),
    }
    // The migrations are committed: an error of closing the connection is ignored.
    let _ = tokio::time::timeout(bounds.deadline(), connection.close()).await;
    Ok(())
}

/// Connects, lifts the limits that the role may have for serving, and identifies the session. The server ends the
/// session if it is idle in a transaction, which happens only when its client is lost.
async fn begin(options: &PgConnectOptions) -> sqlx::Result<(sqlx::PgConnection, Session)> {
    let mut connection = options.connect().await?;
    raw_sql("set statement_timeout = 0; set lock_timeout = 0; set idle_in_transaction_session_timeout = '1min'")
        .execute(&mut connection)
        .await?;
    let session = sqlx::query_as!(
        Session,
        r#"select pg_backend_pid() as "pid!", pg_postmaster_start_time() as "started_at!""#
    )
    .fetch_one(Unnamed(&mut connection))
    .await?;
    Ok((connection, session))
}

/// Waits until the session counts as lost, and returns the reason. A session that the server still holds is
/// terminated, because its locks would block the next attempt.
async fn silence(options: &PgConnectOptions, bounds: &Bounds, session: &Session, every: Duration) -> &'static str {
    let (mut last, mut looks) = (Seen::Alive, 0);
    loop {
        tokio::time::sleep(every).await;
        let seen = look(options, bounds, session).await;
        looks = if seen == last { looks + 1 } else { 1 };
        last = seen;
        if looks < LOOKS {
            continue;
        }
        match seen {
            Seen::Alive => {}
            Seen::NoAnswer => return "The database stopped responding during the migrations",
            Seen::Gone => {
                return "The database ended the session of the migrations, but the connection did not report that";
            }
            Seen::IdleSince(_) => {
                if let Err(error) = end(options, bounds, session).await {
                    tracing::warn!(%error, "the lost session of the migrations could not be terminated");
                }
                return "The database completed a statement of the migrations, but its answer did not arrive";
            }
        }
    }
}

async fn look(options: &PgConnectOptions, bounds: &Bounds, session: &Session) -> Seen {
    struct Found {
        is_other_standby: bool,
        is_there: bool,
        state: Option<String>,
        state_change: Option<DateTime<Utc>>,
    }
    let found = async {
        let mut connection = PgConnection::connect(options, bounds, LimitCheck::Skipped).await?;
        // The start time identifies the server: where an address leads to several servers, a process id alone is
        // ambiguous.
        sqlx::query_as!(
            Found,
            r#"select pg_postmaster_start_time() <> $2 and pg_is_in_recovery() as "is_other_standby!",
                      a.pid is not null as "is_there!", a.state as "state?", a.state_change as "state_change?"
               from (values (1)) as one
               left join pg_stat_activity a on a.pid = $1 and pg_postmaster_start_time() = $2"#,
            session.pid,
            session.started_at
        )
        .fetch_one(Unnamed(&mut connection))
        .await
    };
    match found.await {
        Ok(Found {
            is_other_standby: true, ..
        }) => Seen::Alive,
        Ok(Found { is_there: false, .. }) => Seen::Gone,
        Ok(Found {
            state: Some(state),
            state_change: Some(since),
            ..
        }) if state.starts_with("idle") => Seen::IdleSince(since),
        Ok(_) => Seen::Alive,
        // The server answers, but with an error such as too many connections.
        Err(sqlx::Error::Database(_)) => Seen::Alive,
        Err(_) => Seen::NoAnswer,
    }
}

/// Terminates the session on the server.
async fn end(options: &PgConnectOptions, bounds: &Bounds, session: &Session) -> sqlx::Result<()> {
    let mut connection = PgConnection::connect(options, bounds, LimitCheck::Skipped).await?;
    sqlx::query!(
        "select pg_terminate_backend($1) where pg_postmaster_start_time() = $2",
        session.pid,
        session.started_at
    )
    .fetch_optional(Unnamed(&mut connection))
    .await
    .map(|_| ())
}

//! Waits at start for a database that does not accept connections yet.

use std::io;
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;

use super::{database, output};

/// Pause between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(500);
/// Interval between two messages.
const SAY_EVERY: Duration = Duration::from_secs(5);

/// Waits until the database accepts a connection, at most for `limit`; an attempt in progress then is finished.
///
/// # Errors
/// The database does not accept connections in time, or rejects this one for a reason that does not pass with time,
/// such as a wrong password.
pub async fn until_reachable(options: &[PgConnectOptions], limit: Duration) -> anyhow::Result<()> {
    let began = Instant::now();
    let mut next_message = Duration::ZERO;
    loop {
        let Err(error) = database::try_connect(options).await else {
            return Ok(());
        };
        let elapsed = began.elapsed();
        if !passes_with_time(&error) || elapsed + PAUSE > limit {
            return Err(database::explain(options, error.into()));
        }
        if elapsed >= next_message {
            say(options, &error, limit.saturating_sub(elapsed));
            next_message = elapsed + SAY_EVERY;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Logs what is waited for, or prints it where the log is off.
fn say(options: &[PgConnectOptions], error: &sqlx::Error, rest: Duration) {
    let (database, rest) = (database::name_of(options), rest.as_secs());
    let reason = error.to_string();
    if tracing::enabled!(tracing::Level::WARN) {
        tracing::warn!(reason, "waiting for the {database}, at most {rest} s more");
    } else {
        output::note(format_args!(
            "newbee: waiting for the {database}, at most {rest} s more: {reason}"
        ));
    }
}

/// Returns true for an error of a server that is not reachable yet, starts, stops, or has no connection left.
fn passes_with_time(error: &sqlx::Error) -> bool {
    match error {
        // InvalidData: among others, a certificate that is not trusted.
        sqlx::Error::Io(error) => !matches!(
            error.kind(),
            io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidData
        ),
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            match &*code {
                // protocol_violation: PgBouncer rejects users, databases and options with it, but reports a server that
                // it cannot log in to as well.
                "08P01" => error.message().contains("server_login_retry"),
                code => code.starts_with("57P") || code.starts_with("53") || code.starts_with("08"),
            }
        }
        _ => false,
    }
}

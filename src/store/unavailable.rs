//! Classification of database errors: whether the database was unavailable, and whether the connection is still
//! usable.

/// Category of an outage: the statement was valid, but the database could not execute it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unavailable {
    /// The statement timed out or lacked a resource; the session is intact, and a later attempt may succeed.
    Busy,
    /// The server cannot be reached, is starting or stopping, fails, or is read-only; the connection must be
    /// replaced.
    Away,
}

/// Classifies an error. Returns `None` if the statement or the program caused it.
pub fn unavailable(error: &sqlx::Error) -> Option<Unavailable> {
    match error {
        sqlx::Error::PoolTimedOut => Some(Unavailable::Busy),
        // A protocol error means that a server or proxy does not currently act as Postgres ("unexpected response from
        // SSLRequest"), or that a message belongs to another session ("unexpected message: NotificationResponse").
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => Some(Unavailable::Away),
        sqlx::Error::Database(error) => error.code().and_then(|code| unavailable_code(&code)),
        _ => None,
    }
}

fn unavailable_code(code: &str) -> Option<Unavailable> {
    match code {
        // configuration_limit_exceeded (temp_file_limit): a repeated statement would exceed the same limit.
        "53400" => None,
        // query_canceled: statement_timeout, or pg_cancel_backend by an operator. The statement was rolled back.
        "57014" => Some(Unavailable::Busy),
        // lock_not_available: lock_timeout.
        "55P03" => Some(Unavailable::Busy),
        // serialization_failure and deadlock_detected, after the attempts that `retrying!` makes.
        "40001" | "40P01" => Some(Unavailable::Busy),
        // read_only_sql_transaction: a standby, or a primary that was demoted. Another host may accept writes.
        "25006" => Some(Unavailable::Away),
        // idle_in_transaction_session_timeout and transaction_timeout: the server has ended the session.
        "25P03" | "25P04" => Some(Unavailable::Away),
        // statement_completion_unknown: as after a lost connection.
        "40003" => Some(Unavailable::Away),
        // invalid_catalog_name: while connecting, for example when a pooler has lost its server.
        "3D000" => Some(Unavailable::Away),
        code => match code.get(..2)? {
            // insufficient_resources: too_many_connections, out_of_memory, disk_full.
            "53" => Some(Unavailable::Busy),
            // connection_exception, and invalid_authorization while connecting through a pooler that has lost its server.
            "08" | "28" => Some(Unavailable::Away),
            // system_error and io_error outside of Postgres. The server may fail over.
            "58" => Some(Unavailable::Away),
            // admin_shutdown, crash_shutdown, cannot_connect_now, database_dropped, idle_session_timeout.
            "57" if code.starts_with("57P") => Some(Unavailable::Away),
            // In particular in_failed_sql_transaction (25P02), a defect of the program, and data_corrupted (XX001).
            _ => None,
        },
    }
}

/// Returns true if a connection must not be used again after this error: it is lost, out of step, or leads to a
/// read-only server, while a new connection may find a writable one.
pub fn breaks_the_connection(error: &sqlx::Error) -> bool {
    unavailable(error) == Some(Unavailable::Away)
}

/// Returns true if the outcome of a statement is unknown because its connection failed, not because time ran out:
/// idempotent work may be repeated at once on another connection.
pub fn lost_in_flight(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() != std::io::ErrorKind::TimedOut,
        sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| is_lost_session(&code)),
        _ => false,
    }
}

/// Returns true if an error code means that the session ended: a pooler reports a lost server as a
/// connection_exception. A statement that ran out of time (57014, 25P04) is not repeated at once: it would take as
/// long again.
fn is_lost_session(code: &str) -> bool {
    code.starts_with("08") || matches!(code, "25P03" | "40003" | "57P01" | "57P02" | "57P05")
}

/// Returns true if Postgres cancelled a statement because it took too long.
pub fn is_statement_timeout(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.as_deref() == Some("57014")
}

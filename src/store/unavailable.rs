//! The one classification of database errors: whether the database was unavailable, and whether a connection can still be used.

/// Why the database could not do its work although the statement was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unavailable {
    /// There was more to do than could be done in time; another try a little later may well succeed.
    Busy,
    /// The server cannot be reached, is starting or stopping, or takes no writes.
    Away,
}

/// Classifies an error; `None` when the statement or the program is to blame.
pub fn unavailable(error: &sqlx::Error) -> Option<Unavailable> {
    match error {
        sqlx::Error::PoolTimedOut => Some(Unavailable::Busy),
        // A protocol error is a server or proxy that is no Postgres at the moment ("unexpected response from SSLRequest"), or
        // a message that belongs to another session ("unexpected message: NotificationResponse").
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
        // lock_not_available; too_many_connections and the other shortages of class 53.
        "55P03" => Some(Unavailable::Busy),
        code if code.starts_with("53") => Some(Unavailable::Busy),
        // read_only_sql_transaction: a standby, or a primary that was demoted.
        "25006" => Some(Unavailable::Away),
        // A session that idled in a transaction for too long was ended.
        "25P03" => Some(Unavailable::Away),
        // invalid_catalog_name and invalid_authorization: while connecting, as when a pooler has lost its server.
        "3D000" => Some(Unavailable::Away),
        code if ["08", "28", "57P"].iter().any(|class| code.starts_with(class)) => Some(Unavailable::Away),
        _ => None,
    }
}

/// Whether a connection must not be used again after this error: it is lost, out of step, or leads to a server that takes no
/// writes, in whose stead a new connection may find one that does.
pub fn breaks_the_connection(error: &sqlx::Error) -> bool {
    unavailable(error) == Some(Unavailable::Away)
}

/// Whether the outcome of a statement is unknown because its connection failed rather than because time ran out: the same
/// work may be tried again at once on another connection, where it is idempotent.
pub fn lost_in_flight(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() != std::io::ErrorKind::TimedOut,
        sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(error) => matches!(error.code().as_deref(), Some("57P01" | "57P02")),
        _ => false,
    }
}

//! Location of the database, and the sessions that a connection pooler in front of it provides.

use sqlx::postgres::PgConnectOptions;

/// Isolation of the server sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sessions {
    /// Each connection has its own session.
    Own,
    /// A pooler shares sessions, but separates the prepared statements of its clients.
    Shared,
    /// A pooler shares sessions with their state: the names of prepared statements collide.
    Mixed,
}

/// Database of a process. Clones are cheap in comparison with a connection.
#[derive(Clone, Debug)]
pub struct Database {
    options: PgConnectOptions,
    sessions: Sessions,
    direct: Option<PgConnectOptions>,
}

impl Database {
    /// Describes a database whose connections have their own sessions.
    pub fn new(options: PgConnectOptions) -> Self {
        Self {
            options,
            sessions: Sessions::Own,
            direct: None,
        }
    }

    /// Sets the sessions that connections get.
    pub fn with_sessions(self, sessions: Sessions) -> Self {
        Self { sessions, ..self }
    }

    /// Sets the options of connections around the pooler.
    pub fn with_direct(self, direct: Option<PgConnectOptions>) -> Self {
        Self { direct, ..self }
    }

    /// Returns the connect options.
    pub fn options(&self) -> &PgConnectOptions {
        &self.options
    }

    /// Returns the sessions that connections get.
    pub fn sessions(&self) -> Sessions {
        self.sessions
    }

    /// Returns the options of connections with a session of their own, if there is a way to get one.
    pub fn own_session(&self) -> Option<&PgConnectOptions> {
        let pooled = (self.sessions == Sessions::Own).then_some(&self.options);
        self.direct.as_ref().or(pooled)
    }
}

impl From<PgConnectOptions> for Database {
    fn from(options: PgConnectOptions) -> Self {
        Self::new(options)
    }
}

impl From<&PgConnectOptions> for Database {
    fn from(options: &PgConnectOptions) -> Self {
        Self::new(options.clone())
    }
}

impl From<&Self> for Database {
    fn from(database: &Self) -> Self {
        database.clone()
    }
}

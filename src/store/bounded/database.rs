//! Location of the database, and the sessions that a connection pooler in front of it provides.

use std::sync::Arc;

use sqlx::postgres::PgConnectOptions;
use tokio::sync::watch;

use super::{Bounds, Hosts, ShardMap};

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
    direct: Vec<PgConnectOptions>,
    hosts: Option<Arc<Hosts>>,
    replicas: Vec<PgConnectOptions>,
    shards: Option<ShardMap>,
}

impl Database {
    /// Describes a database whose connections have their own sessions.
    pub fn new(options: PgConnectOptions) -> Self {
        Self {
            options,
            sessions: Sessions::Own,
            direct: Vec::new(),
            hosts: None,
            replicas: Vec::new(),
            shards: None,
        }
    }

    /// Describes a database with several hosts.
    pub fn of_hosts(hosts: Hosts) -> Self {
        let options = hosts.current().clone();
        Self {
            hosts: Some(Arc::new(hosts)),
            ..Self::new(options)
        }
    }

    /// Sets the sessions that connections get.
    pub fn with_sessions(self, sessions: Sessions) -> Self {
        Self { sessions, ..self }
    }

    /// Sets the hosts of connections around the pooler, if there are any.
    pub fn with_direct(self, direct: Vec<PgConnectOptions>) -> Self {
        Self { direct, ..self }
    }

    /// Sets the replicas that answer reads. Commits then wait until they have applied them.
    pub fn with_replicas(self, replicas: Vec<PgConnectOptions>) -> Self {
        Self { replicas, ..self }
    }

    /// Sets the shards of the users, if the database is distributed.
    pub fn with_shards(self, shards: Option<ShardMap>) -> Self {
        Self { shards, ..self }
    }

    /// Returns the shards of the users, if the database is distributed.
    pub fn shards(&self) -> Option<&ShardMap> {
        self.shards.as_ref()
    }

    /// Returns the replicas that answer reads.
    pub fn replicas(&self) -> &[PgConnectOptions] {
        &self.replicas
    }

    /// Adds to the bounds of a session that commits wait for replicas, if there are any, and that a distributed database
    /// plans each execution: Citus finds the shards of a statement by its values.
    pub(super) fn bounds(&self, bounds: Bounds) -> Bounds {
        Bounds {
            remote_apply: !self.replicas.is_empty(),
            one_per_node: self.shards.is_some(),
            plans: match self.shards {
                Some(_) => "force_custom_plan",
                None => bounds.plans,
            },
            ..bounds
        }
    }

    /// Returns the connect options, of the host in use if there are several.
    pub fn options(&self) -> &PgConnectOptions {
        self.hosts.as_ref().map_or(&self.options, |hosts| hosts.current())
    }

    /// Returns the hosts, if there are several.
    pub fn hosts(&self) -> Option<&Arc<Hosts>> {
        self.hosts.as_ref()
    }

    /// Returns a receiver of changes of the host in use.
    pub(super) fn watch(&self) -> Option<watch::Receiver<usize>> {
        self.hosts.as_ref().map(|hosts| hosts.watch())
    }

    /// Returns the sessions that connections get.
    pub fn sessions(&self) -> Sessions {
        self.sessions
    }

    /// Returns true if connections can have a session of their own.
    pub fn has_own_sessions(&self) -> bool {
        self.sessions == Sessions::Own || !self.direct.is_empty()
    }

    /// Returns the options of connections with a session of their own, if there is a way to get one.
    ///
    /// # Errors
    /// Returns an error if no host accepts writes.
    pub(super) async fn own_session(&self) -> sqlx::Result<Option<PgConnectOptions>> {
        match &self.direct[..] {
            [] => Ok((self.sessions == Sessions::Own).then(|| self.options().clone())),
            [only] => Ok(Some(only.clone())),
            several => Ok(Some(Hosts::find(several.to_vec()).await?.current().clone())),
        }
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

//! Read replicas: standbys of the primary that answer reads.
//!
//! Sessions of a process with replicas have `synchronous_commit = remote_apply`: a commit returns when all synchronous
//! standbys have applied it. A replica is used only while commits wait for it, so it shows everything that newbee has
//! acknowledged, in this process or another one. This holds for session keys too: a key that is looked up on a replica
//! is valid from the reply that issued it until the reply that revoked it, as on the primary.
//!
//! Reads go through a [`ReadPool`]: those of queries and of the legacy API by [`crate::loaders`]. These stay on the
//! primary:
//! - everything inside a verb or a job, which decides about a write and takes locks;
//! - all reads of a mutation, so that its payload never depends on a replica;
//! - look-ups of keys that are statements of their own (mutations, subscriptions, API keys): they decide about writes
//!   and cost little, and the key of a query with `me` is looked up by the statement that reads `me`;
//! - the reader of subscriptions, whose position would otherwise jump between servers;
//! - the audit of the books and the metrics: an audit holds one snapshot for minutes, which would delay the replay on a
//!   replica and with it every commit.
//!
//! Each server is asked three times per second, over a connection of its own. A replica that does not answer within a
//! second, is more than a second behind, or for which commits no longer wait, is not used; reads that it has not
//! answered then go to the primary. While the primary does not answer, replicas keep their state: there is nothing that
//! they could miss, and an overloaded primary does not get their reads as well.

mod lag;
mod probe;
mod read_pool;
mod replica;
mod standby_names;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::probe::{Line, Primary};
use self::replica::Replica;
use super::bounded::{Database, PgPool};
use super::pools::PoolBounds;

pub use self::probe::Trouble;
pub use self::read_pool::ReadPool;
pub use self::replica::{Purpose, State, Status};

/// Pause between two questions to a server.
const ASK_EVERY: Duration = Duration::from_millis(300);
/// Looks of a command, which measure the delay of a replica that is behind.
const LOOKS: usize = 5;

/// Replicas that cannot be used unless the configuration is changed.
#[derive(Debug, thiserror::Error)]
#[error("NEWBEE_READ_DATABASE_URL: {0}")]
pub struct UnusableReplicas(String);

/// Replicas of a database.
#[derive(Debug)]
pub struct Replicas {
    database: Database,
    all: Vec<Arc<Replica>>,
    /// Last answer of the primary.
    primary: watch::Sender<Option<Primary>>,
    /// Number of reads so far, which take the replicas in turn.
    reads: AtomicUsize,
}

impl Replicas {
    fn new(database: &Database, bounds: &PoolBounds) -> Self {
        let all = database.replicas().iter();
        Self {
            all: all.map(|options| Arc::new(Replica::new(options, bounds))).collect(),
            database: database.clone(),
            primary: watch::Sender::new(None),
            reads: AtomicUsize::new(0),
        }
    }

    /// Asks the replicas of a database for the first time. Those that are down or late may come later.
    ///
    /// # Errors
    /// Returns an error if a replica can be used only after a change of the configuration.
    pub async fn find(database: &Database, bounds: &PoolBounds) -> Result<Self, UnusableReplicas> {
        let this = Self::new(database, bounds);
        this.look().await;
        let wrong = this.statuses().into_iter().filter_map(|status| match status.state {
            State::Unused(trouble) if trouble.is_misconfiguration() => Some(format!("{}: {trouble}", status.address)),
            _ => None,
        });
        let wrong: Vec<_> = wrong.collect();
        match wrong.is_empty() {
            true => Ok(this),
            false => Err(UnusableReplicas(wrong.join("; "))),
        }
    }

    /// Returns the present states of the replicas of a database, for a command.
    pub async fn examine(database: &Database) -> Vec<Status> {
        if database.replicas().is_empty() {
            return Vec::new();
        }
        let this = Self::new(database, &PoolBounds::standard(1));
        for _ in 0..LOOKS {
            this.look().await;
            let is_behind = |status: &Status| matches!(status.state, State::Unused(Trouble::Behind(_)));
            if !this.statuses().iter().any(is_behind) {
                break;
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
        this.statuses()
    }

    async fn look(&self) {
        self.ask_primary(&mut Line::default()).await;
        let primary = self.primary.borrow().clone();
        let looks = self.all.iter().map(|replica| {
            let primary = primary.as_ref();
            async move { replica.look(&mut Line::default(), primary).await }
        });
        join_all(looks).await;
    }

    async fn ask_primary(&self, line: &mut Line) {
        match line.ask_primary(self.database.options()).await {
            Ok(answer) => drop(self.primary.send_replace(Some(answer))),
            Err(error) => tracing::debug!(%error, "the primary did not answer a question about replicas"),
        }
    }

    /// Observes all servers until the returned tasks are dropped.
    pub fn watch(self: &Arc<Self>) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        let this = Arc::clone(self);
        tasks.spawn(async move {
            let mut line = Line::default();
            loop {
                this.ask_primary(&mut line).await;
                tokio::time::sleep(ASK_EVERY).await;
            }
        });
        for replica in &self.all {
            let (this, replica) = (Arc::clone(self), Arc::clone(replica));
            tasks.spawn(async move {
                let mut line = Line::default();
                loop {
                    let primary = this.primary.borrow().clone();
                    replica.look(&mut line, primary.as_ref()).await;
                    tokio::time::sleep(ASK_EVERY).await;
                }
            });
        }
        tasks
    }

    /// Returns a replica to read from, each in its turn.
    fn pick(&self) -> Option<&Replica> {
        let first = self.reads.fetch_add(1, Ordering::Relaxed);
        let count = self.all.len();
        let in_turn = (0..count).map(|step| &self.all[first.wrapping_add(step) % count]);
        in_turn.map(|replica| &**replica).find(|replica| replica.may_read())
    }

    /// Returns the states as last seen.
    pub fn statuses(&self) -> Vec<Status> {
        self.all.iter().map(|replica| replica.status()).collect()
    }

    /// Returns the pools of all replicas.
    pub fn pools(&self) -> impl Iterator<Item = &PgPool> {
        self.all.iter().flat_map(|replica| replica.pools())
    }
}

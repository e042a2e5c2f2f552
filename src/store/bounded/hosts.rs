//! Several hosts of one database: finds the one that accepts writes, and follows it when another one takes over.
//!
//! Each host is asked a few times per second. Of those that accept writes, the one with the latest timeline is used:
//! a promotion begins a new timeline, so a former primary that comes back is not mistaken for the present one.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Row, raw_sql};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{Bounds, LimitCheck, PgConnection};

/// Pause between two questions to a host.
const ASK_EVERY: Duration = Duration::from_millis(300);
/// Time that a host has for an answer, and for a connection.
pub const PROBE: Bounds = Bounds {
    connections: 1,
    acquire: Duration::from_secs(1),
    ping: Duration::from_secs(1),
    statement: Duration::from_millis(900),
    grace: Duration::from_millis(100),
    lock: Duration::from_millis(900),
    idle_in_transaction: Duration::from_secs(1),
    plans: "auto",
    remote_apply: false,
    one_per_node: false,
};

/// Timeline of a server that accepts writes; `None` for one that does not, or does not answer.
type Timeline = Option<i32>;

/// Hosts of a database.
#[derive(Debug)]
pub struct Hosts {
    all: Vec<PgConnectOptions>,
    /// Number of the host in use.
    current: watch::Sender<usize>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Last answer of each host.
    seen: Vec<Timeline>,
    /// Latest timeline that was used.
    timeline: i32,
}

impl Hosts {
    /// Asks all hosts and begins with the one that accepts writes.
    ///
    /// # Errors
    /// Returns an error that lists the hosts if none accepts writes.
    pub async fn find(all: Vec<PgConnectOptions>) -> sqlx::Result<Self> {
        let mut kept = Vec::new();
        kept.resize_with(all.len(), || None);
        let answers = join_all(all.iter().zip(&mut kept).map(|(host, kept)| ask(host, kept))).await;
        let errors = all.iter().zip(&answers).map(|(host, answer)| {
            let trouble = answer
                .as_ref()
                .err()
                .map_or("read-only".to_owned(), ToString::to_string);
            format!("{}: {trouble}", address(host))
        });
        let errors: Vec<_> = errors.collect();
        let seen: Vec<Timeline> = answers.into_iter().map(|answer| answer.ok().flatten()).collect();
        // Of equal ones the first.
        let best = (0..all.len()).rev().max_by_key(|host| seen[*host]);
        let Some((best, timeline)) = best.and_then(|best| Some((best, seen[best]?))) else {
            let message = format!("no host accepts writes ({})", errors.join("; "));
            return Err(sqlx::Error::Io(io::Error::new(io::ErrorKind::NotConnected, message)));
        };
        Ok(Self {
            all,
            current: watch::Sender::new(best),
            state: Mutex::new(State { seen, timeline }),
        })
    }

    /// Returns the host in use.
    pub fn current(&self) -> &PgConnectOptions {
        &self.all[*self.current.borrow()]
    }

    /// Returns a receiver of changes of the host in use.
    pub(super) fn watch(&self) -> watch::Receiver<usize> {
        self.current.subscribe()
    }

    /// Follows the host that accepts writes, until the returned tasks are dropped. `moved` is called with the options
    /// of each new host before the connections to the old one are closed.
    pub fn follow(self: &Arc<Self>, moved: impl Fn(&PgConnectOptions) + Clone + Send + Sync + 'static) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        for (number, host) in self.all.iter().cloned().enumerate() {
            let (hosts, moved) = (Arc::clone(self), moved.clone());
            tasks.spawn(async move {
                let mut kept = None;
                loop {
                    let timeline = ask(&host, &mut kept).await.ok().flatten();
                    hosts.record(number, timeline, &moved);
                    tokio::time::sleep(ASK_EVERY).await;
                }
            });
        }
        tasks
    }

    fn record(&self, number: usize, timeline: Timeline, moved: &impl Fn(&PgConnectOptions)) {
        let mut state = self.state.lock().expect("nothing panics while it holds the lock");
        state.seen[number] = timeline;
        let current = *self.current.borrow();
        let Some(timeline) = timeline.filter(|timeline| *timeline >= state.timeline) else {
            return;
        };
        // On the same timeline, another host is another way to the same server.
        let is_better = timeline > state.timeline || state.seen[current].is_none();
        state.timeline = timeline;
        if number != current && is_better {
            let host = &self.all[number];
            tracing::warn!(host = address(host), timeline, "the database has moved to another host");
            moved(host);
            self.current.send_replace(number);
        }
    }
}

/// Returns an error of a connection to a host that is not in use any more.
pub(super) fn moved() -> sqlx::Error {
    let message = "the database has moved to another host";
    sqlx::Error::Io(io::Error::new(io::ErrorKind::ConnectionAborted, message))
}

/// Returns the address of a host for messages.
pub fn address(host: &PgConnectOptions) -> String {
    host.get_socket().map_or_else(
        || format!("{}:{}", host.get_host(), host.get_port()),
        |socket| socket.display().to_string(),
    )
}

/// Asks a host, on the kept connection if it answers, else on a new one.
async fn ask(host: &PgConnectOptions, kept: &mut Option<PgConnection>) -> sqlx::Result<Timeline> {
    if let Some(mut connection) = kept.take()
        && let Ok(timeline) = timeline(&mut connection).await
    {
        *kept = Some(connection);
        return Ok(timeline);
    }
    let mut connection = PgConnection::connect(host, &PROBE, LimitCheck::Unset).await?;
    let timeline = timeline(&mut connection).await?;
    *kept = Some(connection);
    Ok(timeline)
}

async fn timeline(connection: &mut PgConnection) -> sqlx::Result<Timeline> {
    // The first eight digits of a file of the write-ahead log are its timeline.
    let row = raw_sql(
        "select case when not pg_is_in_recovery() and current_setting('transaction_read_only') = 'off'
                     then ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int end",
    );
    row.fetch_one(connection).await?.try_get(0)
}

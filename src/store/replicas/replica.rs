//! One replica: its pools, and its state as last seen.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;
use tokio::sync::watch;

use super::lag::Lag;
use super::probe::{Line, Primary, Trouble, judge};
use crate::metrics;
use crate::store::bounded::{Database, PgPool, Suspicion, address};
use crate::store::pools::PoolBounds;
use crate::store::unavailable::{Unavailable, is_statement_timeout, unavailable};

/// Delay from which on a replica is not used.
const MAX_LAG: Duration = Duration::from_secs(1);

/// State of a server that is listed as a replica.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Reads go there.
    Used,
    /// It is the primary at present.
    Primary,
    Unused(Trouble),
}

/// State and delay of a replica.
#[derive(Clone, Debug)]
pub struct Status {
    pub address: String,
    pub state: State,
    pub lag: Duration,
}

/// Requester of a read, which determines its pool.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    Customers,
    Operators,
}

pub struct Replica {
    pub address: String,
    options: PgConnectOptions,
    customers: PgPool,
    operators: PgPool,
    /// False as soon as a read or a look fails, until a look finds it good.
    may_read: watch::Sender<bool>,
    seen: Mutex<Seen>,
    is_warned: AtomicBool,
}

struct Seen {
    state: State,
    lag: Lag,
    /// Name under which it last received from a primary.
    name: Option<String>,
}

impl Replica {
    /// Creates the pools, which connect on first use.
    pub fn new(options: &PgConnectOptions, bounds: &PoolBounds) -> Self {
        let (database, suspicion) = (Database::from(options), Suspicion::default());
        let pool = |bounds| PgPool::connect_lazily_with(&database, bounds, suspicion.clone());
        Self {
            address: address(options),
            options: options.clone(),
            customers: pool(bounds.replica),
            operators: pool(bounds.admin),
            may_read: watch::Sender::new(false),
            seen: Mutex::new(Seen {
                state: State::Unused(Trouble::New),
                lag: Lag::default(),
                name: None,
            }),
            is_warned: AtomicBool::new(false),
        }
    }

    /// Returns true if reads may go there.
    pub fn may_read(&self) -> bool {
        *self.may_read.borrow()
    }

    /// Returns the pool of a purpose.
    pub fn pool(&self, purpose: Purpose) -> &PgPool {
        match purpose {
            Purpose::Customers => &self.customers,
            Purpose::Operators => &self.operators,
        }
    }

    /// Returns both pools.
    pub fn pools(&self) -> [&PgPool; 2] {
        [&self.customers, &self.operators]
    }

    /// Returns the state as last seen.
    pub fn status(&self) -> Status {
        let seen = self.seen();
        Status {
            address: self.address.clone(),
            state: seen.state.clone(),
            lag: seen.lag.at(Instant::now()),
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().expect("nothing panics while it holds the lock")
    }

    /// Awaits a read of this replica, at most until the replica is not good any more. `Err(None)` means that the primary
    /// can answer instead; the next reads go there until a look finds this replica good again.
    ///
    /// # Errors
    /// Returns an error of the statement itself, which the primary would return too.
    pub async fn attempt<T>(&self, read: impl Future<Output = sqlx::Result<T>>) -> Result<T, Option<sqlx::Error>> {
        let mut may_read = self.may_read.subscribe();
        let ended = async {
            let _ = may_read.wait_for(|may_read| !may_read).await;
        };
        let outcome = tokio::select! {
            biased;
            outcome = read => outcome,
            () = ended => return Err(None),
        };
        let error = match outcome {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        if !fails_here_alone(&error) {
            return Err(Some(error));
        }
        tracing::debug!(replica = self.address, %error, "a read goes to the primary");
        if unavailable(&error) != Some(Unavailable::Busy) {
            self.allow(false);
        }
        Err(None)
    }

    /// Asks the replica and compares it with the last answer of the primary.
    pub async fn look(&self, line: &mut Line, primary: Option<&Primary>) {
        let mut answer = line.ask_replica(&self.options).await;
        if let Ok(copy) = &answer
            && copy.holds_commits_up
            && !self.is_warned.swap(true, Ordering::Relaxed)
        {
            tracing::warn!(
                replica = self.address,
                "one long read there can hold up every commit: set max_standby_streaming_delay of the replica to 1s and \
                 hot_standby_feedback to on"
            );
        }
        let mut seen = self.seen();
        if let Ok(standby) = &mut answer {
            standby.know_name(&mut seen.name);
        }
        if let Some(primary) = primary {
            seen.lag.primary_was_at(primary.flushed, primary.asked_at);
        }
        let judged = answer.and_then(|copy| judge(primary.ok_or(Trouble::PrimaryUnknown)?, &copy));
        let state = match judged {
            Ok(None) => State::Primary,
            Ok(Some(replayed)) => {
                seen.lag.replica_is_at(replayed);
                // One that was not good has to catch up.
                let limit = if seen.state == State::Used {
                    MAX_LAG
                } else {
                    Duration::ZERO
                };
                match seen.lag.at(Instant::now()) {
                    lag if lag <= limit => State::Used,
                    lag => State::Unused(Trouble::Behind(lag)),
                }
            }
            Err(trouble) => State::Unused(trouble),
        };
        self.report_change(&seen.state, &state);
        let (lag, is_unused) = (seen.lag.at(Instant::now()), matches!(state, State::Unused(_)));
        metrics::replica(&self.address, lag, is_unused);
        self.allow(state == State::Used);
        seen.state = state;
    }

    /// Permits or ends reads. Idle connections are replaced after an end.
    fn allow(&self, may_read: bool) {
        let changed = self
            .may_read
            .send_if_modified(|current| std::mem::replace(current, may_read) != may_read);
        if changed && !may_read {
            self.pools().into_iter().for_each(PgPool::suspect);
        }
    }

    fn report_change(&self, from: &State, to: &State) {
        let replica = &self.address;
        match (from, to) {
            (State::Unused(before), State::Unused(trouble)) if trouble.is_like(before) => {}
            (_, State::Unused(trouble)) => tracing::warn!(replica, %trouble, "reads go to the primary instead"),
            (State::Unused(_) | State::Primary, State::Used) => tracing::info!(replica, "reads go to the replica"),
            (State::Unused(_) | State::Used, State::Primary) => {
                tracing::info!(replica, "this server is the primary at present");
            }
            _ => {}
        }
    }
}

/// Returns true if the primary may answer a read that failed with this error on a replica. A statement that took too long
/// there would take as long on the primary.
fn fails_here_alone(error: &sqlx::Error) -> bool {
    // A configuration error means that the limits of the session are not in force.
    matches!(error, sqlx::Error::Configuration(_)) || (unavailable(error).is_some() && !is_statement_timeout(error))
}

impl fmt::Debug for Replica {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replica")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

//! Connections that a pool keeps from one statement to the next.
//!
//! sqlx pings a connection and starts a task each time one is returned, which costs a busy pool one more round trip per
//! statement. A connection whose statement has ended in order needs neither, so it is kept aside for the next one,
//! unless another caller waits for a connection of sqlx's pool.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::PgConnection;
use super::pool::Suspicion;

/// Time after which a connection that is in constant use is returned to sqlx, which renews old connections.
const MAX_KEPT: Duration = Duration::from_secs(60);

/// Connection in use, with the time at which sqlx gave it out.
pub(super) struct Taken {
    pub connection: PgConnection,
    pub since: Instant,
}

impl Taken {
    pub fn new(connection: PgConnection) -> Self {
        Self {
            connection,
            since: Instant::now(),
        }
    }
}

/// Connections between two statements.
#[derive(Default)]
pub(super) struct Kept(Mutex<State>);

#[derive(Default)]
struct State {
    /// With the time of its last statement, in the order of these.
    connections: VecDeque<(Taken, Instant)>,
    /// Number of callers that wait for sqlx's pool.
    waiting: usize,
    is_closed: bool,
}

/// Caller that waits for sqlx's pool. Meanwhile no connection is kept from it.
pub(super) struct Waiting<'a>(&'a Kept);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.with(|state| state.waiting -= 1);
    }
}

impl Kept {
    /// Returns the connection that was used last, unless it must be pinged first. Connections that have been idle for
    /// longer than `max_idle` go back to sqlx's pool.
    ///
    /// # Errors
    /// Without one, the permission to wait for sqlx's pool.
    pub fn take(&self, max_idle: Duration, suspicion: &Suspicion) -> Result<Taken, Waiting<'_>> {
        let is_old = |used_at: &Instant| used_at.elapsed() > max_idle || suspicion.covers(used_at.elapsed());
        let mut old = Vec::new();
        let taken = self.with(|state| {
            while state.connections.front().is_some_and(|(_, used_at)| is_old(used_at)) {
                old.extend(state.connections.pop_front());
            }
            let taken = state.connections.pop_back().map(|(taken, _)| taken);
            if taken.is_none() {
                state.waiting += 1;
            }
            taken
        });
        taken.ok_or_else(|| Waiting(self))
    }

    /// Keeps a connection whose statement has ended in order.
    pub fn keep(&self, taken: Taken) {
        // Dropped outside the lock, it goes back to sqlx's pool.
        let mut returned = Some(taken);
        self.with(|state| {
            let is_wanted = state.waiting > 0 || state.is_closed;
            let taken = returned.take_if(|taken| !is_wanted && taken.since.elapsed() < MAX_KEPT);
            let entry = taken.map(|taken| (taken, Instant::now()));
            state.connections.extend(entry);
        });
    }

    /// Returns all connections to sqlx's pool, and keeps no more.
    pub fn close(&self) {
        let connections = self.with(|state| {
            state.is_closed = true;
            std::mem::take(&mut state.connections)
        });
        drop(connections);
    }

    pub fn len(&self) -> usize {
        self.with(|state| state.connections.len())
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.0.lock().expect("nothing panics while it holds the lock"))
    }
}

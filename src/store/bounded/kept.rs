//! Connections that a pool keeps from one statement to the next.
//!
//! sqlx pings a connection and starts a task each time one is returned, which costs a busy pool one more round trip per
//! statement. A connection whose statement has ended in order needs neither, so it is kept aside for the next one,
//! unless another caller waits for a connection of sqlx's pool.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::PgConnection;

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
    connections: Vec<(Taken, Instant)>,
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
    /// Returns the connection that was used last, and the time since.
    ///
    /// # Errors
    /// Without one, the permission to wait for sqlx's pool.
    pub fn take(&self) -> Result<(Taken, Duration), Waiting<'_>> {
        let taken = self.with(|state| {
            let taken = state.connections.pop();
            state.waiting += usize::from(taken.is_none());
            taken
        });
        let (taken, used_at) = taken.ok_or_else(|| Waiting(self))?;
        Ok((taken, used_at.elapsed()))
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

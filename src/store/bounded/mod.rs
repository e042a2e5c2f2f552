//! Database connections on which nothing waits without a bound: drop-in replacements of sqlx's pool, connection and transaction.
//!
//! sqlx waits for an answer as long as the socket is open. A connection whose peer has vanished without closing it (a
//! fail-over behind a virtual address, a stalled proxy, a stopped server) would hold its statement, its place in the pool
//! and everything that queues for it until the process is restarted. Here every exchange with the server has a deadline:
//! a statement, a begin or commit, the ping before a connection is taken from the pool and the one before it is given back.
//! A connection that misses a deadline, or whose protocol is out of step, is closed, and its place in the pool is free at
//! once. All of newbee's statements go through these types; the migrations alone use sqlx's own connection, as they may
//! rightly take long, and watch it from another one.

mod connection;
mod listener;
mod pool;
mod transaction;

pub use connection::{LimitCheck, PgConnection, late};
pub use listener::Listener;
pub use pool::{Bounds, PgPool, Suspicion};
pub use transaction::PgTransaction;

//! Database connections with a deadline for every exchange: drop-in replacements of sqlx's pool, connection and
//! transaction.
//!
//! sqlx waits for an answer as long as the socket is open. A connection whose peer has vanished without closing it (a
//! fail-over behind a virtual address, a stalled proxy, a stopped server) would hold its statement, its slot in the
//! pool and everything queued for it until the process is restarted. Here every exchange with the server has a
//! deadline: a statement, a begin or commit, and the pings before a connection is taken from the pool and before it
//! is returned. A connection that misses a deadline, or whose protocol is out of step, is closed, and its slot in the
//! pool is freed at once. All of newbee's statements use these types, except the migrations: these may take long, so
//! they use sqlx's own connection and monitor it from another one.

mod connection;
mod database;
mod hosts;
mod kept;
mod listener;
mod pool;
mod shards;
mod shared;
mod transaction;

pub use connection::{LimitCheck, PgConnection, late};
pub use database::{Database, Sessions};
pub use hosts::{Hosts, PROBE, address};
pub use listener::Listener;
pub use pool::{Bounds, PgPool, Suspicion};
pub use shards::{ShardMap, hash_of};
pub(super) use shared::Named;
pub use transaction::PgTransaction;

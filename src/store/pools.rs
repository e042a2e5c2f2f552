//! Separate pools for the API, the admin API, the jobs, the heartbeat and live updates, so that none can starve
//! another.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::JoinSet;

use super::bounded::{Bounds, Database, PgPool, Suspicion};
use crate::config::PoolSizes;

/// Connection pools of one process.
#[derive(Clone, Debug)]
pub struct Pools {
    pub api: PgPool,
    /// Pool of the admin API: few requests, some of them over thousands of rows.
    pub admin: PgPool,
    pub jobs: PgPool,
    /// Two connections for leases only, so that a busy database does not make a healthy run look abandoned.
    pub heartbeat: PgPool,
    /// Pool of live updates: reads the changes for all connected clients, and listens for notifications.
    pub live: PgPool,
    /// Follow the host that accepts writes, if there are several.
    following: Arc<Mutex<JoinSet<()>>>,
}

/// Bounds of each pool.
#[derive(Clone, Copy, Debug)]
pub struct PoolBounds {
    pub api: Bounds,
    pub admin: Bounds,
    pub jobs: Bounds,
    pub heartbeat: Bounds,
    pub live: Bounds,
}

impl PoolBounds {
    /// Returns the bounds of pools of the default sizes. `api_connections` is the size of the API's pool.
    pub const fn standard(api_connections: u32) -> Self {
        Self::of(PoolSizes::standard(api_connections))
    }

    /// Returns the bounds of pools with these sizes.
    pub const fn of(sizes: PoolSizes) -> Self {
        const fn bounds(connections: u32, acquire: u64, statement: u64, lock: u64, plans: &'static str) -> Bounds {
            Bounds {
                connections,
                acquire: Duration::from_secs(acquire),
                ping: Duration::from_secs(1),
                statement: Duration::from_secs(statement),
                grace: Duration::from_secs(2),
                lock: Duration::from_secs(lock),
                idle_in_transaction: Duration::from_secs(10),
                plans,
            }
        }
        Self {
            api: bounds(sizes.api, 2, 5, 2, "force_generic_plan"),
            // Operators filter by varying columns: only a plan for the actual values uses the right index.
            admin: bounds(sizes.admin, 5, 30, 5, "force_custom_plan"),
            jobs: bounds(sizes.jobs, 10, 15, 2, "auto"),
            heartbeat: bounds(sizes.heartbeat, 5, 5, 2, "auto"),
            live: bounds(sizes.live, 5, 5, 2, "force_generic_plan"),
        }
    }
}

impl Pools {
    /// Creates pools that connect on first use; nothing is sent yet. `api_connections` is the size of the API's pool.
    pub fn connect_lazily(database: impl Into<Database>, api_connections: u32) -> Self {
        Self::with_bounds(database, PoolBounds::standard(api_connections))
    }

    /// [`Pools::connect_lazily`] with explicit bounds. Requires a runtime if the database has several hosts.
    pub fn with_bounds(database: impl Into<Database>, bounds: PoolBounds) -> Self {
        let database = database.into();
        // All pools use one server: when a connection of one pool stops responding, the idle ones of all pools are
        // replaced.
        let suspicion = Suspicion::default();
        let pool = |bounds| PgPool::connect_lazily_with(&database, bounds, suspicion.clone());
        let all = [bounds.api, bounds.admin, bounds.jobs, bounds.heartbeat, bounds.live].map(pool);
        let following = match database.hosts() {
            None => JoinSet::new(),
            Some(hosts) => {
                let all = all.clone();
                hosts.follow(move |host| all.iter().for_each(|pool| pool.move_to(host)))
            }
        };
        let [api, admin, jobs, heartbeat, live] = all;
        Self {
            api,
            admin,
            jobs,
            heartbeat,
            live,
            following: Arc::new(Mutex::new(following)),
        }
    }

    /// Closes all pools. Waits for connections in use, at most as long as a statement may take.
    pub async fn close(&self) {
        self.following
            .lock()
            .expect("nothing panics while it holds the lock")
            .abort_all();
        tokio::join!(
            self.api.close(),
            self.admin.close(),
            self.jobs.close(),
            self.heartbeat.close(),
            self.live.close()
        );
    }
}

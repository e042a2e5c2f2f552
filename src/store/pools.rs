//! Separate pools for the API, the admin API, the jobs, the heartbeat and live updates, so that none can starve
//! another.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::task::JoinSet;

use super::bounded::{Bounds, Database, PgPool, Suspicion};
use super::replicas::{Purpose, ReadPool, Replicas, UnusableReplicas};
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
    /// Reads of customers: on a replica if there are any, else in the pool of the API.
    pub customer_reads: ReadPool,
    /// Reads of operators: on a replica if there are any, else in the pool of the admin API.
    pub operator_reads: ReadPool,
    /// Replicas, if there are any.
    pub replicas: Option<Arc<Replicas>>,
    /// Follow the host that accepts writes, if there are several, and observe the replicas.
    observers: Arc<Mutex<Vec<JoinSet<()>>>>,
}

/// Bounds of each pool.
#[derive(Clone, Copy, Debug)]
pub struct PoolBounds {
    pub api: Bounds,
    pub admin: Bounds,
    pub jobs: Bounds,
    pub heartbeat: Bounds,
    pub live: Bounds,
    /// Reads of customers on one replica.
    pub replica: Bounds,
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
                remote_apply: false,
                one_per_node: false,
            }
        }
        Self {
            api: bounds(sizes.api, 2, 5, 2, "force_generic_plan"),
            // Operators filter by varying columns: only a plan for the actual values uses the right index.
            admin: bounds(sizes.admin, 5, 30, 5, "force_custom_plan"),
            jobs: bounds(sizes.jobs, 10, 15, 2, "auto"),
            heartbeat: bounds(sizes.heartbeat, 5, 5, 2, "auto"),
            live: bounds(sizes.live, 5, 5, 2, "force_generic_plan"),
            replica: bounds(sizes.replica, 2, 5, 2, "force_generic_plan"),
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
            customer_reads: api.clone().into(),
            operator_reads: admin.clone().into(),
            replicas: None,
            api,
            admin,
            jobs,
            heartbeat,
            live,
            observers: Arc::new(Mutex::new(vec![following])),
        }
    }

    /// Lets reads go to the replicas of the database, if it has any, and observes them.
    ///
    /// # Errors
    /// Returns an error if a replica can be used only after a change of the configuration.
    pub async fn reading_from_replicas(self, bounds: &PoolBounds) -> Result<Self, UnusableReplicas> {
        let database = self.api.database();
        if database.replicas().is_empty() {
            return Ok(self);
        }
        let replicas = Arc::new(Replicas::find(database, bounds).await?);
        self.observers().push(replicas.watch());
        let reads = |pool: &PgPool, purpose| ReadPool::with_replicas(pool.clone(), Arc::clone(&replicas), purpose);
        Ok(Self {
            customer_reads: reads(&self.api, Purpose::Customers),
            operator_reads: reads(&self.admin, Purpose::Operators),
            replicas: Some(replicas),
            ..self
        })
    }

    fn observers(&self) -> MutexGuard<'_, Vec<JoinSet<()>>> {
        self.observers.lock().expect("nothing panics while it holds the lock")
    }

    /// Closes all pools. Waits for connections in use, at most as long as a statement may take.
    pub async fn close(&self) {
        self.observers().iter_mut().for_each(JoinSet::abort_all);
        let of_replicas = self.replicas.iter().flat_map(|replicas| replicas.pools());
        let of_replicas = join_all(of_replicas.map(PgPool::close));
        tokio::join!(
            self.api.close(),
            self.admin.close(),
            self.jobs.close(),
            self.heartbeat.close(),
            self.live.close(),
            of_replicas
        );
    }
}

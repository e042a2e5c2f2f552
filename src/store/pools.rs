//! Separate pools for the API, the admin API, the jobs, the heartbeat and live updates: none can starve another.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgPool};

/// The connections of one process.
#[derive(Clone, Debug)]
pub struct Pools {
    pub api: PgPool,
    /// For the admin API: few requests, some of them over thousands of rows.
    pub admin: PgPool,
    pub jobs: PgPool,
    /// Two connections for leases alone, so that a busy database cannot make a healthy run look dead.
    pub heartbeat: PgPool,
    /// For live updates: one connection listens, the others read what changed for all who are connected.
    pub live: PgPool,
}

/// A connection that was not used for so long may have died unseen.
const LONG_IDLE: Duration = Duration::from_secs(1);

/// Bounds of one pool.
struct Bounds {
    connections: u32,
    acquire: Duration,
    statement: Duration,
    lock: Duration,
    /// `force_generic_plan` where statements take arrays of very different lengths: Postgres would otherwise plan each anew.
    plans: &'static str,
}

impl Pools {
    /// Pools that connect when first asked; nothing is sent yet. `api_connections` is the size of the API's pool.
    pub fn connect_lazily(options: &PgConnectOptions, api_connections: u32) -> Self {
        let seconds = Duration::from_secs;
        Self {
            api: pool(
                options,
                Bounds {
                    connections: api_connections,
                    acquire: seconds(2),
                    statement: seconds(5),
                    lock: seconds(2),
                    plans: "force_generic_plan",
                },
            ),
            admin: pool(
                options,
                Bounds {
                    connections: 6,
                    acquire: seconds(5),
                    statement: seconds(30),
                    lock: seconds(5),
                    // Ops select by this or by that: only a plan for what is really asked finds its index.
                    plans: "force_custom_plan",
                },
            ),
            jobs: pool(
                options,
                Bounds {
                    connections: 6,
                    acquire: seconds(10),
                    statement: seconds(15),
                    lock: seconds(2),
                    plans: "auto",
                },
            ),
            heartbeat: pool(
                options,
                Bounds {
                    connections: 2,
                    acquire: seconds(5),
                    statement: seconds(5),
                    lock: seconds(2),
                    plans: "auto",
                },
            ),
            live: pool(
                options,
                Bounds {
                    connections: 3,
                    acquire: seconds(5),
                    statement: seconds(5),
                    lock: seconds(2),
                    plans: "force_generic_plan",
                },
            ),
        }
    }

    /// Closes all of them, waiting for connections that are in use.
    pub async fn close(&self) {
        tokio::join!(
            self.api.close(),
            self.admin.close(),
            self.jobs.close(),
            self.heartbeat.close(),
            self.live.close()
        );
    }
}

fn pool(options: &PgConnectOptions, bounds: Bounds) -> PgPool {
    let milliseconds = |time: Duration| time.as_millis().to_string();
    // Clients choose which parts of `me` go into a statement: room for all that are common.
    let options = options
        .clone()
        .application_name("newbee")
        .statement_cache_capacity(256)
        .options([
            ("statement_timeout", milliseconds(bounds.statement)),
            ("lock_timeout", milliseconds(bounds.lock)),
            ("idle_in_transaction_session_timeout", "10000".to_owned()),
            ("timezone", "UTC".to_owned()),
            ("plan_cache_mode", bounds.plans.to_owned()),
        ]);
    PgPoolOptions::new()
        .max_connections(bounds.connections)
        .acquire_timeout(bounds.acquire)
        // A check at each checkout would cost a round trip. One that lay idle for a while is asked, so that after a restart
        // of Postgres the first requests do not each find a dead one.
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > LONG_IDLE {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_lazy_with(options)
}

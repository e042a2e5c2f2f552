//! A database for each test, copied from a migrated template in one cluster for the whole run.

use std::future::Future;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use newbee::domain::text::RULE_VERSION;
use newbee::private_postgres::PrivatePostgres;
use newbee::store::MIGRATOR;
use newbee::store::bounded::{Bounds, Database, PgPool};
use newbee::store::pools::{PoolBounds, Pools};
use newbee::store::session_sharing::sessions;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor, PgConnection};

use crate::support::citus;
use crate::support::pgbouncer::{self, PgBouncer};
use crate::support::watchdog::Watchdog;

/// Names the mode of the PgBouncer in front of every test's database: `transaction` or `session`.
const POOLER: &str = "NEWBEE_TEST_POOLER";

const TEMPLATE: &str = "newbee_test_template";

/// A database of one test's own.
pub struct TestDatabase {
    /// For the test itself.
    pub options: PgConnectOptions,
    /// For processes of their own, in many cases as a part of [`TestDatabase::environment`].
    pub url: String,
    /// The same without a pooler in between.
    pub direct_url: String,
    name: String,
    /// As the program under test connects to it.
    served: Database,
    _pooler: Option<PgBouncer>,
    books_must_balance: AtomicBool,
    _watchdog: Watchdog,
}

/// A pool whose statements may wait as long as a test does.
pub fn patient_pool(options: &PgConnectOptions, connections: u32) -> PgPool {
    let minute = Duration::from_secs(60);
    let bounds = Bounds {
        connections,
        acquire: minute,
        statement: minute,
        lock: minute,
        idle_in_transaction: minute,
        plans: "auto",
        ..PoolBounds::standard(connections).api
    };
    PgPool::connect_lazily(options, bounds)
}

/// The cluster's databases, by name.
struct Cluster {
    options: Box<dyn Fn(&str) -> PgConnectOptions + Send + Sync>,
    url: Box<dyn Fn(&str) -> String + Send + Sync>,
    /// Nodes of Citus beside the coordinator.
    workers: Vec<PgConnectOptions>,
}

impl Cluster {
    /// Options of connections to the databases of this name on all nodes.
    fn nodes(&self, name: &str) -> Vec<PgConnectOptions> {
        let workers = self.workers.iter().map(|worker| worker.clone().database(name));
        workers.chain([(self.options)(name)]).collect()
    }
}

impl TestDatabase {
    /// A new database with the schema and no data, behind the pooler of the run if it has one.
    pub async fn create() -> Self {
        Self::behind(std::env::var(POOLER).ok().as_deref()).await
    }

    /// The same without a pooler, for a test of what only direct connections have. The reason is printed if the run has a
    /// pooler.
    pub async fn create_direct(reason: &str) -> Self {
        if std::env::var_os(POOLER).is_some() {
            println!("without the pooler: {reason}");
        }
        Self::behind(None).await
    }

    async fn behind(pool_mode: Option<&str>) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let cluster = cluster();
        let name = format!(
            "newbee_test_{}_{}",
            std::process::id(),
            NUMBER.fetch_add(1, Ordering::Relaxed)
        );
        administer(cluster, format!("create database {name} template {TEMPLATE}")).await;
        let options = (cluster.options)(&name);
        let pooler = match pool_mode {
            Some(mode) => Some(pooler(&options, mode).await),
            None => None,
        };
        let direct_url = (cluster.url)(&name);
        let (url, served) = match &pooler {
            None if !cluster.workers.is_empty() => (direct_url.clone(), citus::found(&options).await),
            None => (direct_url.clone(), Database::from(options.clone())),
            Some(pooler) => (pooler.url(&options), through(pooler, &options).await),
        };
        Self {
            options,
            url,
            direct_url,
            name,
            served,
            _pooler: pooler,
            books_must_balance: AtomicBool::new(true),
            _watchdog: Watchdog::start(),
        }
    }

    /// Environment of a process on this database. Behind a pooler it also has the address for sessions of its own.
    pub fn environment(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let direct = (self.direct_url != self.url).then_some(self.direct_url.as_str());
        let direct = direct.map(|url| ("NEWBEE_DIRECT_DATABASE_URL", url));
        std::iter::once(("DATABASE_URL", self.url.as_str())).chain(direct)
    }

    /// Pools of the program under test.
    pub fn pools(&self, api_connections: u32) -> Pools {
        Pools::connect_lazily(self.served.clone(), api_connections)
    }

    /// A pool of the test's own, beside those of the program under test.
    pub fn pool(&self) -> PgPool {
        patient_pool(&self.options, 4)
    }

    /// Fails the test when anything is wrong with the books.
    pub async fn assert_books_balance(&self) {
        let mut connection = self.options.connect().await.expect("the test's database");
        let violations: Vec<(String, String)> =
            sqlx::query_as("select violation, detail from invariant_violations limit 20")
                .fetch_all(&mut connection)
                .await
                .expect("the view can be read");
        assert!(violations.is_empty(), "invariant violations: {violations:#?}");
        connection.close().await.expect("the connection closes");
    }

    /// For tests that do damage to the books.
    pub fn books_may_be_wrong(&self) {
        self.books_must_balance.store(false, Ordering::Relaxed);
    }
}

/// The end of every test: its books are looked at, and its database goes.
impl Drop for TestDatabase {
    fn drop(&mut self) {
        let check = *self.books_must_balance.get_mut() && !std::thread::panicking();
        let gone = std::thread::scope(|scope| {
            scope
                .spawn(|| {
                    block_on(async {
                        if check {
                            self.assert_books_balance().await;
                        }
                        administer(cluster(), format!("drop database {} with (force)", self.name)).await;
                    });
                })
                .join()
        });
        if !std::thread::panicking() {
            gone.expect("the books balance and the database is dropped");
        }
    }
}

/// PgBouncer in front of a test's database.
async fn pooler(database: &PgConnectOptions, pool_mode: &str) -> PgBouncer {
    let program = pgbouncer::installed().pop().expect("PgBouncer is installed");
    PgBouncer::start(&program, database, pool_mode).await
}

/// A database through a pooler, with the kind of its sessions determined as the program does.
pub async fn through(pooler: &PgBouncer, database: &PgConnectOptions) -> Database {
    let pooled = Database::from(pooler.options(database));
    let found = sessions(&pooled, &PoolBounds::standard(1).api).await;
    pooled.with_sessions(found.expect("the pooler answers"))
}

async fn administer(cluster: &Cluster, statement: String) {
    for node in cluster.nodes("postgres") {
        let mut connection = node.connect().await.expect("the test cluster");
        if !cluster.workers.is_empty() {
            let each_node = "set citus.enable_create_database_propagation = off";
            connection.execute(each_node).await.expect("a setting of Citus");
        }
        connection
            .execute(sqlx::AssertSqlSafe(statement.clone()))
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error}"));
        connection.close().await.expect("the connection closes");
    }
}

/// The cluster of this run, begun by the first test that asks. `DATABASE_URL` where it is set, else a private one, which ends
/// with this process.
fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| {
        // On a thread and a runtime of its own: those of the first test end with it.
        std::thread::spawn(|| {
            block_on(async {
                let cluster = match (citus::url(), std::env::var("DATABASE_URL")) {
                    (Some(url), _) => Cluster {
                        workers: citus::workers(&url.parse().expect("a Postgres address")).await,
                        ..at_url(&url)
                    },
                    (None, Ok(url)) => at_url(&url),
                    (None, Err(_)) => private().await,
                };
                make_template(&cluster).await;
                cluster
            })
        })
        .join()
        .expect("the test cluster starts")
    })
}

fn at_url(url: &str) -> Cluster {
    let options: PgConnectOptions = url.parse().expect("DATABASE_URL is a Postgres address");
    let (before, after) = url
        .split_once('?')
        .map_or((url, None), |(before, after)| (before, Some(after)));
    let (server, _) = before.rsplit_once('/').expect("DATABASE_URL names a database");
    let (server, query) = (
        server.to_owned(),
        after.map(|query| format!("?{query}")).unwrap_or_default(),
    );
    Cluster {
        options: Box::new(move |name| options.clone().database(name)),
        url: Box::new(move |name| format!("{server}/{name}{query}")),
        workers: Vec::new(),
    }
}

async fn private() -> Cluster {
    let postgres = PrivatePostgres::start_temporary()
        .await
        .expect("a private Postgres starts");
    // Statics are never dropped: the cluster is removed by its keeper when this process ends.
    let postgres: &'static PrivatePostgres = Box::leak(Box::new(postgres));
    Cluster {
        options: Box::new(|name| postgres.connect_options(name)),
        url: Box::new(|name| postgres.url(name)),
        workers: Vec::new(),
    }
}

async fn make_template(cluster: &Cluster) {
    administer(cluster, format!("drop database if exists {TEMPLATE} with (force)")).await;
    administer(cluster, format!("create database {TEMPLATE}")).await;
    let [workers @ .., coordinator] = &cluster.nodes(TEMPLATE)[..] else {
        unreachable!("a cluster has a node")
    };
    if !workers.is_empty() {
        citus::join(coordinator, workers).await;
    }
    let mut connection: PgConnection = (cluster.options)(TEMPLATE).connect().await.expect("the template");
    MIGRATOR.run(&mut connection).await.expect("the migrations apply");
    // An empty database has no stored forms of texts to compute, as `newbee migrate` does.
    sqlx::query("update text_forms set rule_version = $1")
        .bind(RULE_VERSION)
        .execute(&mut connection)
        .await
        .expect("the version of the text rule is stored");
    // A database is copied only while nobody is connected to it.
    connection.close().await.expect("the connection closes");
    if !workers.is_empty() {
        citus::distribute(coordinator).await;
        citus::close(&cluster.nodes("postgres"), TEMPLATE).await;
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(future)
}

//! The databases of the tests on a Citus cluster, if `NEWBEE_TEST_CITUS_URL` leads to the coordinator: a database there
//! with the extension, in which the nodes are added.

use newbee::store::bounded::{Database, LimitCheck, PgConnection};
use newbee::store::citus;
use newbee::store::pools::PoolBounds;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};

/// Number of shards of the users: more than there are workers, and few enough for quick tests.
const SHARDS: u32 = 8;

/// The address of the coordinator.
pub fn url() -> Option<String> {
    std::env::var("NEWBEE_TEST_CITUS_URL").ok()
}

/// Returns true, and says so, if a test is skipped because it runs on Citus.
pub fn skips(reason: &str) -> bool {
    let is_citus = url().is_some();
    if is_citus {
        println!("skipped on Citus: {reason}");
    }
    is_citus
}

/// The workers of a coordinator.
pub async fn workers(coordinator: &PgConnectOptions) -> Vec<PgConnectOptions> {
    let mut connection = coordinator.connect().await.expect("the coordinator");
    let nodes: Vec<(String, i32)> =
        sqlx::query_as("select nodename, nodeport from pg_catalog.pg_dist_node where groupid > 0 order by groupid")
            .fetch_all(&mut connection)
            .await
            .expect("a database with the extension citus");
    let options = |(host, port): (String, i32)| {
        let port = u16::try_from(port).expect("a port");
        coordinator.clone().host(&host).port(port)
    };
    nodes.into_iter().map(options).collect()
}

/// Connects the databases of this name on all nodes. They are empty.
pub async fn join(coordinator: &PgConnectOptions, workers: &[PgConnectOptions]) {
    for node in workers.iter().chain([coordinator]) {
        execute(node, "create extension citus".to_owned()).await;
    }
    let add =
        |node: &PgConnectOptions, function| format!("select {function}('{}', {})", node.get_host(), node.get_port());
    execute(coordinator, add(coordinator, "citus_set_coordinator_host")).await;
    for worker in workers {
        execute(coordinator, add(worker, "citus_add_node")).await;
    }
}

/// `newbee distribute`.
pub async fn distribute(coordinator: &PgConnectOptions) {
    let bounds = PoolBounds::standard(1).jobs;
    let mut connection = PgConnection::connect(coordinator, &bounds, LimitCheck::Skipped)
        .await
        .expect("the coordinator");
    let distribution = citus::distribute(&mut connection, SHARDS)
        .await
        .expect("it can be distributed");
    assert!(distribution.steps.iter().all(|step| step.is_done), "{distribution:?}");
}

/// The database as the program finds it.
pub async fn found(options: &PgConnectOptions) -> Database {
    let found = citus::find(options.into(), &PoolBounds::standard(1).api).await;
    found.expect("the coordinator answers")
}

/// Lets a database be copied: nobody may be connected to it, not even the maintenance of Citus.
pub async fn close(nodes: &[PgConnectOptions], name: &str) {
    for node in nodes {
        execute(node, format!("alter database {name} with allow_connections false")).await;
        let end = format!("select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = '{name}'");
        execute(node, end).await;
    }
}

async fn execute(node: &PgConnectOptions, statement: String) {
    let mut connection = node.connect().await.expect("a node");
    connection
        .execute(AssertSqlSafe(statement.clone()))
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
    connection.close().await.expect("the connection closes");
}

//! Support of the tests: the service, its database, its clients, and bounded waits.

pub mod app;
pub mod citus;
pub mod citus_nodes;
pub mod commands;
pub mod database;
pub mod jobs_command;
pub mod log;
pub mod own_postgres;
pub mod pgbouncer;
pub mod primary_and_standby;
pub mod program;
pub mod proxy;
pub mod receiver;
pub mod reservations;
pub mod settlement;
pub mod streaks;
pub mod watchdog;
pub mod whole_person;
pub mod words;
pub mod world;

use std::time::{Duration, Instant};

use newbee::service::Failure;
use serde_json::{Value, json};

/// Maximum time of one wait on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Splits the outcome of a verb into its result and its rejection.
///
/// # Panics
/// On a fault of the service.
pub fn decided<T, R>(outcome: Result<T, Failure<R>>) -> Result<T, R> {
    outcome.map_err(|failure| failure.rejection().expect("no fault of the service"))
}

/// Awaits a future.
///
/// # Panics
/// When it takes longer than [`PATIENCE`].
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(output) => output,
        Err(_) => panic!("waited in vain: {what}"),
    }
}

/// A port that nobody listens on at present.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

/// An HTTP client that waits at most [`PATIENCE`] for a reply, and for each part of its body.
pub fn http_client() -> reqwest::Client {
    let client = reqwest::Client::builder().read_timeout(PATIENCE);
    client.build().expect("an HTTP client")
}

/// Status and reply of a GraphQL request.
pub async fn post_graphql(
    client: &reqwest::Client,
    url: &str,
    key: Option<&str>,
    query: &str,
    variables: Value,
) -> (u16, Value) {
    let request = client
        .post(url)
        .json(&json!({ "query": query, "variables": variables }));
    let request = match key {
        Some(key) => request.bearer_auth(key),
        None => request,
    };
    let reply = request.send().await.expect("the server answers");
    (reply.status().as_u16(), reply.json().await.expect("with JSON"))
}

/// Waits until `condition` holds.
pub async fn wait_until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !condition().await {
        assert!(began.elapsed() < PATIENCE, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

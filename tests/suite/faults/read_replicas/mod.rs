//! Read replicas: a primary and synchronous standbys that answer reads, of real processes.

mod configuration;
mod failures;
mod pairs;

use std::time::{Duration, Instant};

use newbee::clock::Clock;
use newbee::domain::api_key::Scope;
use newbee::domain::audit::Author;
use newbee::service::api_keys::make_api_key;
use newbee::store::bounded::PgPool;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::support::program::{Program, newbee};
use crate::support::{PATIENCE, http_client, post_graphql, wait_until};

const REGISTER: &str = "mutation ($users: [UserInput!]!) { registerUsers(users: $users) { updated } }";

/// `newbee serve` with one server for writes and one for reads.
fn serve(primary: &str, replica: &str) -> Command {
    let mut command = newbee();
    command
        .args(["serve", "--scheduler", "off", "--metrics-listen", "127.0.0.1:0"])
        .args(["--session-rate", "off", "--address-rate", "off"])
        .env("DATABASE_URL", primary)
        .env("NEWBEE_READ_DATABASE_URL", replica);
    command
}

/// A process, and where it serves its metrics and the reasons of its readiness.
struct Observed {
    program: Program,
    address: String,
}

impl Observed {
    async fn start(command: Command) -> Self {
        let program = Program::start_logging(command, "info").await;
        let mut address = None;
        wait_until("the metrics are served", async || {
            let log = program.log();
            let (_, rest) = log.split_once("\"metrics_address\":\"").unwrap_or_default();
            address = rest.split_once('"').map(|(address, _)| address.to_owned());
            address.is_some()
        })
        .await;
        let address = address.expect("an address");
        Self { program, address }
    }

    /// Number of reads that were answered by the `primary` or a `replica`.
    async fn reads_at(&self, server: &str) -> u64 {
        let text = self.metrics().await;
        let line = format!("newbee_reads_total{{server=\"{server}\"}} ");
        let found = text.lines().find_map(|found| found.strip_prefix(&line));
        found.unwrap_or_else(|| panic!("{line}: {text}")).parse().unwrap()
    }

    /// The readiness of the process, and what it says about replicas.
    async fn replicas(&self) -> (u16, String) {
        let reply = http_client()
            .get(format!("http://{}/readyz", self.address))
            .send()
            .await
            .unwrap();
        let status = reply.status().as_u16();
        let reply: Value = reply.json().await.unwrap();
        (
            status,
            reply["checks"]["replicas"].as_str().unwrap_or_default().to_owned(),
        )
    }

    /// Waits until the process is ready and says this about replicas.
    async fn says(&self, expected: &str) {
        let began = Instant::now();
        loop {
            let said = self.replicas().await;
            if said.0 == 200 && said.1.contains(expected) {
                return;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "{expected} is not said, but {said:?}: {}",
                self.program.log()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until no replica is unused.
    async fn reads_from_replicas(&self) {
        wait_until("reads go to replicas", async || {
            let text = self.metrics().await;
            let mut unused = text.lines().filter(|line| line.starts_with("newbee_replica_unused{"));
            text.contains("newbee_replica_unused{") && unused.all(|line| line.ends_with(" 0"))
        })
        .await;
    }

    /// Waits until a replica is unused for this reason, which is logged after `log`. The readiness is no help here:
    /// it waits for commits, which wait for the replica.
    async fn leaves_replica(&self, reason: &str, log: &str) {
        wait_until(reason, async || {
            let text = self.metrics().await;
            let mut unused = text.lines().filter(|line| line.starts_with("newbee_replica_unused{"));
            unused.any(|line| line.ends_with(" 1")) && self.program.log()[log.len()..].contains(reason)
        })
        .await;
    }

    /// Waits until a read is answered by the `primary` or a `replica`.
    async fn comes_to_read_from(&self, server: &str, key: &str) {
        wait_until(server, async || {
            let before = self.reads_at(server).await;
            assert_eq!(self.me(key).await.0, 200);
            self.reads_at(server).await > before
        })
        .await;
    }

    async fn metrics(&self) -> String {
        let reply = http_client()
            .get(format!("http://{}/metrics", self.address))
            .send()
            .await;
        reply.unwrap().text().await.unwrap()
    }

    async fn me(&self, key: &str) -> (u16, Value) {
        self.program.ask(Some(key), "{ me { id name portraitUri } }").await
    }
}

async fn host_key(pool: &PgPool) -> String {
    let author = Author::at_the_command_line(Clock::machine().now());
    let key = make_api_key(pool, "host", &[Scope::Host], &author).await.unwrap();
    key.reveal().to_owned()
}

async fn admin(client: &Client, program: &Program, host: &str, query: &str, variables: Value) -> Value {
    let url = format!("http://{}/admin/graphql", program.address);
    let (_, mut reply) = post_graphql(client, &url, Some(host), query, variables).await;
    assert!(reply["errors"].is_null(), "{reply:#}");
    reply["data"].take()
}

async fn rename(client: &Client, program: &Program, host: &str, user: usize, name: &str) {
    let users = json!({ "users": [{ "userId": user, "name": name }] });
    let renamed = admin(client, program, host, REGISTER, users).await;
    assert_eq!(renamed["registerUsers"]["updated"], 1);
}

//! The example hosts of `tests/clients/host`, against the real program: they verify, apply once, and reconcile.

use std::path::Path;
use std::process::Stdio;

use chrono::Days;
use newbee::clock::Clock;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::support::commands::{json as answer, said};
use crate::support::database::TestDatabase;
use crate::support::{http_client, within};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/host");

/// A running host.
struct Host {
    url: String,
    child: Child,
}

impl Host {
    /// Starts a host on a port, or on any, with its data in a folder.
    async fn start(program: &[&str], folder: &TempDir, port: &str, secrets: &str) -> Self {
        let file = |name: &str| folder.path().join(name);
        let mut child = Command::new(program[0])
            .arg(Path::new(FOLDER).join(program[1]))
            .env("NEWBEE_WEBHOOK_SECRETS", secrets)
            .env("PORT", port)
            .env("DATABASE", file("host.sqlite"))
            .env("JOURNAL", file("host.journal"))
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the host starts");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = within("the host listens", lines.next_line())
            .await
            .unwrap()
            .expect("a line");
        let url = line.strip_prefix("listening on ").expect("an address").to_owned();
        Self { url, child }
    }

    fn port(&self) -> String {
        let (_, rest) = self.url.rsplit_once(':').unwrap();
        rest.split('/').next().unwrap().to_owned()
    }

    async fn state(&self) -> Value {
        let url = self.url.replace("/hooks", "/state");
        http_client().get(url).send().await.unwrap().json().await.unwrap()
    }

    /// kill -9.
    async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}

async fn works(program: &[&str]) {
    let database = TestDatabase::create().await;
    let folder = tempfile::tempdir().unwrap();
    // The secret is known after the endpoint is created, and the endpoint needs the port.
    let first = Host::start(program, &folder, "0", "whsec_AAAA").await;
    let (url, port) = (first.url.clone(), first.port());
    let create = [
        "endpoint",
        "create",
        "chat",
        &url,
        "--allow-private",
        "--reason",
        "a test",
    ];
    let secret = said(&database, &create).await.trim().to_owned();
    let test = crate::support::program::run(&database, &["endpoint", "test", "chat"]).await;
    assert!(
        test.2.contains("the endpoint replied 401"),
        "another secret is refused: {test:?}"
    );
    first.kill().await;
    let host = Host::start(program, &folder, &port, &secret).await;
    said(&database, &["endpoint", "test", "chat"]).await;

    // Two days ago, so that the day is over whatever the time is.
    let day = Clock::machine().now().date_naive() - Days::new(2);
    let at = format!("{day}T12:00:00Z");
    for user in ["17", "18"] {
        said(&database, &["user", "add", user]).await;
        for target in ["1", "2"] {
            let key = format!("{user}-{target}");
            let task = [
                "task",
                "record",
                user,
                "join_group",
                "--target",
                target,
                "--key",
                &key,
                "--occurred-at",
                &at,
            ];
            said(&database, &task).await;
        }
    }
    said(&database, &["jobs", "run", "settle_awards"]).await;
    let delivered = answer(&database, &["jobs", "run", "deliver_events"]).await;
    assert_eq!(delivered["report"]["delivered"], 8, "{delivered}");
    // The host dies, and the day is closed; the secret is replaced.
    host.kill().await;
    said(&database, &["jobs", "run", "close_day"]).await;
    let failed = answer(&database, &["jobs", "run", "deliver_events"]).await;
    assert_eq!(failed["report"]["failures"], 1, "{failed}");
    let new_secret = said(&database, &["endpoint", "rotate", "chat", "--reason", "a test"])
        .await
        .trim()
        .to_owned();
    let host = Host::start(program, &folder, &port, &new_secret).await;
    // From the beginning: what it has already is recognised by its ID.
    said(
        &database,
        &["endpoint", "redeliver", "chat", "event_0", "--reason", "a test"],
    )
    .await;
    said(&database, &["jobs", "run", "deliver_events"]).await;
    let state = host.state().await;
    assert_eq!(state["repeated"], 8, "{state}");
    assert_eq!(
        state["balances"],
        json!({ "17/1": 200_000, "18/1": 200_000 }),
        "{state}"
    );
    assert_eq!(state["kinds"]["AWARD_MADE"], 4);
    let closed = state["closedDays"].as_object().unwrap();
    assert_eq!(
        closed[&day.to_string()],
        json!([]),
        "what it received equals the totals: {state}"
    );
    host.kill().await;
    drop(database);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_in_node_reconciles_what_it_received() {
    works(&["node", "host.mjs"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_in_python_reconciles_what_it_received() {
    works(&["python3", "host.py"]).await;
}

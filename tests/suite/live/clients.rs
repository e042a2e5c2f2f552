//! The clients that people use, and the protocol of sockets byte by byte: Node runs them, see `tests/clients/live`.

use std::time::Duration;

use newbee::http::LiveLimits;
use tokio::process::Command;

use super::serve;
use crate::support::app::TestApp;
use crate::support::database::TestDatabase;
use crate::support::program::{Program, run};
use crate::support::settlement::quick_manifests;
use crate::support::within;

/// Runs a script to its end; what it printed.
async fn node(script: &str, arguments: &[&str]) -> String {
    let output = Command::new("node")
        .arg(script)
        .args(arguments)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/live"))
        .kill_on_drop(true)
        .output();
    let output = output
        .await
        .expect("Node is installed, and tests/run installed the packages");
    let told = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{script}: {told}");
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn graphql_sse_and_graphql_ws_see_an_award_become_settled() {
    let database = TestDatabase::create().await;
    let manifests = quick_manifests();
    let program = Program::serve(&database, &["--jobs-dir", manifests.path().to_str().unwrap()]).await;
    run(&database, &["user", "add", "1", "--name", "Ann"]).await;
    let (code, key, errors) = run(&database, &["session", "issue", "1"]).await;
    assert_eq!(code, Some(0), "{errors}");
    let told = node("follow.mjs", &[&program.url(), key.trim()]).await;
    assert_eq!(told.lines().filter(|line| line.starts_with("ok ")).count(), 6, "{told}");
    program.terminate().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_keep_the_protocol() {
    let app = TestApp::start().await;
    let user = app.add_user(1).await;
    let limits = LiveLimits {
        init_timeout: Duration::from_secs(1),
        operations_per_socket: 3,
        ..LiveLimits::default()
    };
    let server = serve(&app, limits).await;
    let told = node("protocol.mjs", &[&server.url("/graphql"), &user.key]).await;
    assert!(told.contains("all passed"), "{told}");
    assert_eq!(
        app.award_changes.subscriptions(),
        0,
        "a socket that is gone follows nothing"
    );
    server.stop().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_ends_with_its_session_its_client_and_its_server() {
    let app = TestApp::start().await;
    let user = app.add_user(1).await;
    let limits = LiveLimits {
        keep_alive: Duration::from_secs(1),
        check_key_every: Duration::from_millis(500),
        ..LiveLimits::default()
    };
    let server = serve(&app, limits).await;
    let told = node("ends.mjs", &["silence", &server.url("/graphql"), &user.key]).await;
    assert!(told.contains("ok "), "{told}");

    // The script says when it follows; then the key is revoked, or the server told to stop.
    let url = server.url("/graphql");
    let revoked = node_meanwhile("revoked", &url, &user.key, async || {
        sqlx::query("update sessions set revoked_at = created_at")
            .execute(app.pool())
            .await
            .unwrap();
    });
    assert!(revoked.await.contains("ok "));
    let user = app.add_user(2).await;
    let shutdown = server.shutdown.clone();
    let stopped = node_meanwhile("shutdown", &url, &user.key, async || shutdown.cancel()).await;
    assert!(stopped.contains("ok "));
    assert!(
        server.stop().await < Duration::from_secs(8),
        "the drain limit is not waited for"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn graphql_sse_subscribes_again_after_a_shutdown() {
    let app = TestApp::start().await;
    let user = app.add_user(1).await;
    let server = serve(&app, LiveLimits::default()).await;
    let (url, shutdown) = (server.url("/graphql"), server.shutdown.clone());
    let stopped = node_meanwhile("sse-shutdown", &url, &user.key, async || shutdown.cancel()).await;
    assert!(stopped.contains("ok "), "{stopped}");
    server.stop().await;
    app.stop().await;
}

/// Runs `ends.mjs` and does something once it says that it is ready.
async fn node_meanwhile(what: &str, url: &str, key: &str, meanwhile: impl AsyncFnOnce()) -> String {
    use tokio::io::{AsyncBufReadExt, BufReader};
    let mut child = Command::new("node")
        .args(["ends.mjs", what, url, key])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/live"))
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("Node is installed");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let first = within("the client is ready", lines.next_line()).await.unwrap();
    assert_eq!(first.as_deref(), Some("ready"));
    meanwhile().await;
    let mut told = String::new();
    while let Some(line) = within("the client prints or ends", lines.next_line()).await.unwrap() {
        told.push_str(&line);
        told.push('\n');
    }
    assert!(
        within("the client ends", child.wait()).await.unwrap().success(),
        "{what}: {told}"
    );
    told
}

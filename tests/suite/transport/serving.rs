//! Shutdown of a server: open requests are answered, idle connections do not delay it.

use std::time::Duration;

use newbee::http::{RequestLimits, ServeLimits};
use serde_json::json;
use tokio::io::AsyncReadExt;

use crate::support::within;
use crate::transport::support::{PATIENCE, Reply, Server, raw};

/// Well below the time limits of production, which are ten seconds each.
const AT_ONCE: Duration = Duration::from_secs(3);

#[tokio::test]
async fn open_requests_are_answered_before_the_end() {
    let server = Server::start().await;
    let open = tokio::spawn(Reply::of(server.post().json(&json!({ "query": "{ waits }" }))));
    tokio::time::timeout(PATIENCE, server.gate.entered.notified())
        .await
        .unwrap();

    server.shutdown.cancel();
    refused(&server).await;
    assert!(!server.running.is_finished());
    server.gate.open.notify_one();
    assert_eq!(open.await.unwrap().json, json!({ "data": { "waits": "waited" } }));
    assert!(server.ended().await < AT_ONCE);
}

#[tokio::test]
async fn a_slow_reader_gets_the_whole_of_a_large_reply() {
    let server = Server::with_large_replies().await;
    let body = r#"{"query":"{ waits big }"}"#;
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = raw(&server, format!("{head}{body}").as_bytes()).await;
    tokio::time::timeout(PATIENCE, server.gate.entered.notified())
        .await
        .unwrap();
    server.shutdown.cancel();
    server.gate.open.notify_one();
    // Longer than the grace for idle connections: this one is not idle, only slow to read.
    tokio::time::sleep(Duration::from_millis(1_500)).await;

    let mut reply = Vec::new();
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut reply))
        .await
        .unwrap()
        .unwrap();
    assert!(
        reply.len() > 4 * 1024 * 1024 && reply.ends_with(b"}}"),
        "{} bytes",
        reply.len()
    );
    server.ended().await;
}

#[tokio::test]
async fn idle_silent_and_half_sent_connections_do_not_hold_the_end() {
    let server = Server::start().await;
    server.ask("{ hello }").await;
    let half_sent = raw(&server, b"POST /graphql HTTP/1.1\r\nhost: x\r\nx-slow: ").await;
    let silent = raw(&server, b"").await;
    // A whole exchange, so that the connections before it have been accepted, too.
    let mut idle = raw(&server, b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await;
    within("the exchange begins", idle.read_exact(&mut [0; 12]))
        .await
        .unwrap();

    server.shutdown.cancel();
    assert!(server.ended().await < AT_ONCE);
    drop((half_sent, silent, idle));
}

#[tokio::test]
async fn the_drain_has_a_limit() {
    let limits = ServeLimits {
        drain_limit: Duration::from_millis(300),
        ..ServeLimits::default()
    };
    let server = Server::with_limits(RequestLimits::default(), limits).await;
    let open = server.post().json(&json!({ "query": "{ waits }" })).send();
    let open = tokio::spawn(open);
    tokio::time::timeout(PATIENCE, server.gate.entered.notified())
        .await
        .unwrap();
    server.shutdown.cancel();
    assert!(server.ended().await < AT_ONCE);
    assert!(open.await.unwrap().is_err(), "the connection was cut");
}

/// Waits until new connections are refused.
async fn refused(server: &Server) {
    let until_refused = async { while tokio::net::TcpStream::connect(server.address).await.is_ok() {} };
    tokio::time::timeout(PATIENCE, until_refused)
        .await
        .expect("the listener closes");
}

//! Connections: how many one address may have, how long they are kept, and what is asked of their requests.

use std::net::SocketAddr;
use std::time::Duration;

use newbee::http::{RequestLimits, ServeLimits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::support::{wait_until, within};
use crate::transport::support::{PATIENCE, Server, raw, read_to_end};

const ALIVE: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";

async fn server(limits: ServeLimits) -> Server {
    Server::with_limits(RequestLimits::default(), limits).await
}

/// A connection from another address of this machine.
async fn connect_from(source: &str, server: &Server) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket
        .bind(format!("{source}:0").parse::<SocketAddr>().unwrap())
        .unwrap();
    socket.connect(server.address).await.unwrap()
}

/// Sends a request and reads the status of its reply; 0 when the server closes.
async fn status(stream: &mut TcpStream, request: &[u8]) -> u16 {
    let mut head = [0; 12];
    let exchange = async {
        stream.write_all(request).await?;
        stream.read_exact(&mut head).await
    };
    match tokio::time::timeout(PATIENCE, exchange).await.expect("an end") {
        Ok(_) => String::from_utf8_lossy(&head[9..]).parse().expect("a status"),
        Err(_) => 0,
    }
}

/// The status of a request over a connection of its own.
async fn status_of(server: &Server, path: &str) -> u16 {
    let mut stream = raw(server, b"").await;
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n");
    status(&mut stream, request.as_bytes()).await
}

/// Reads to the end of `text`.
async fn read_until(stream: &mut TcpStream, text: &str) {
    let mut reply = String::new();
    let read = async {
        while !reply.contains(text) {
            reply.push(char::from(stream.read_u8().await.unwrap()));
        }
    };
    within("the reply arrives", read).await;
}

#[tokio::test]
async fn beyond_the_bound_only_probes_of_health_are_answered() {
    let server = server(ServeLimits {
        connections: 1,
        ..ServeLimits::default()
    })
    .await;
    let mut first = raw(&server, b"").await;
    assert_eq!(status(&mut first, ALIVE).await, 200);
    assert_eq!(status_of(&server, "/healthz").await, 200);
    assert_eq!(status_of(&server, "/readyz").await, 200);
    let refused = read_to_end(raw(&server, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await).await;
    assert!(
        refused.starts_with("HTTP/1.1 503 ") && refused.contains("retry-after: 1"),
        "{refused}"
    );
    let body = "x".repeat(40_000);
    let post = format!("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 40000\r\n\r\n{body}");
    let refused = read_to_end(raw(&server, post.as_bytes()).await).await;
    assert!(refused.starts_with("HTTP/1.1 503 "), "{refused}");
    drop(first);
    wait_until("the place is free again", async || status_of(&server, "/").await == 200).await;
}

#[tokio::test]
async fn half_sent_heads_beyond_the_bound_do_not_hold_up_probes() {
    let server = server(ServeLimits {
        connections_per_address: 4,
        overflow_connections: 8,
        ..ServeLimits::default()
    })
    .await;
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(raw(&server, b"GET / HTTP/1.1\r\nhost: x\r\nx-slow: ").await);
    }
    for _ in 0..5 {
        assert_eq!(status_of(&server, "/healthz").await, 200);
    }
    let mut other = connect_from("127.0.0.2", &server).await;
    assert_eq!(
        status(&mut other, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await,
        200,
        "another address"
    );
    drop(silent);
    wait_until("the places are free again", async || {
        status_of(&server, "/").await == 200
    })
    .await;
}

#[tokio::test]
async fn trusted_proxies_have_the_connections_of_many_clients() {
    let server = server(ServeLimits {
        connections_per_address: 1,
        trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
        ..ServeLimits::default()
    })
    .await;
    let mut open = Vec::new();
    for _ in 0..5 {
        let mut stream = raw(&server, b"").await;
        assert_eq!(status(&mut stream, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await, 200);
        open.push(stream);
    }
}

#[tokio::test]
async fn idle_connections_are_kept_longer_than_half_sent_heads() {
    let server = server(ServeLimits {
        header_read_timeout: Duration::from_millis(200),
        keep_alive: Duration::from_secs(3_600),
        ..ServeLimits::default()
    })
    .await;
    let alive = "{\"status\":\"alive\"}";
    let mut idle = raw(&server, ALIVE).await;
    read_until(&mut idle, alive).await;
    // Five times what a head may take.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(status(&mut idle, ALIVE).await, 200, "an idle connection is kept");
    read_until(&mut idle, alive).await;
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost").await.unwrap();
    read_to_end(idle).await;
}

#[tokio::test]
async fn idle_connections_are_closed_at_last() {
    let server = server(ServeLimits {
        keep_alive: Duration::from_millis(200),
        ..ServeLimits::default()
    })
    .await;
    let reply = read_to_end(raw(&server, ALIVE).await).await;
    assert!(reply.contains("alive"), "{reply}");
}

#[tokio::test]
async fn a_request_names_one_host() {
    let server = Server::start().await;
    for head in [
        "GET / HTTP/1.1\r\nconnection: close\r\n\r\n",
        "GET / HTTP/1.1\r\nconnection: close\r\nhost: a\r\nhost: b\r\n\r\n",
    ] {
        let stream = raw(&server, head.as_bytes()).await;
        let reply = read_to_end(stream).await;
        assert!(reply.starts_with("HTTP/1.1 400 ") && reply.contains("Host"), "{reply}");
    }
    let mut old = raw(&server, b"").await;
    assert_eq!(status(&mut old, b"GET /healthz HTTP/1.0\r\n\r\n").await, 200);
}

#[tokio::test]
async fn bodies_of_one_address_that_arrive_slowly_are_few() {
    let limits = RequestLimits {
        bodies_per_address: 2,
        ..RequestLimits::default()
    };
    let server = Server::with_limits(limits, ServeLimits::default()).await;
    let head = "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
    let slow = [raw(&server, head.as_bytes()).await, raw(&server, head.as_bytes()).await];
    wait_until("both bodies are being read", async || {
        server.ask("{ hello }").await.status == 503
    })
    .await;
    let body = r#"{"query":"{ hello }"}"#;
    let request = format!(
        "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut other = connect_from("127.0.0.2", &server).await;
    assert_eq!(status(&mut other, request.as_bytes()).await, 200, "another address");
    drop(slow);
    wait_until("the places are free again", async || {
        server.ask("{ hello }").await.status == 200
    })
    .await;
}

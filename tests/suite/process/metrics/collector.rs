//! Traces and logs by OpenTelemetry: a collector of ours gets what the real program sends.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::database::TestDatabase;
use crate::support::http_client;
use crate::support::program::{Program, newbee, serve};

/// The bodies that came, by path.
type Received = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

/// A collector as far as a sender can tell: keeps what it gets, and answers 200.
async fn collector() -> (String, Received) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let received = Received::default();
    let kept = Arc::clone(&received);
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(keep_requests(connection, Arc::clone(&kept)));
        }
    });
    (address, received)
}

async fn keep_requests(mut connection: TcpStream, kept: Received) {
    let mut bytes = Vec::new();
    loop {
        let head = loop {
            if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                break bytes.drain(..end + 4).collect::<Vec<u8>>();
            }
            if connection.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                return;
            }
        };
        let head = String::from_utf8_lossy(&head).to_lowercase();
        let length = head
            .split("content-length:")
            .nth(1)
            .and_then(|rest| rest.lines().next());
        let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
        while bytes.len() < length {
            assert!(
                connection.read_buf(&mut bytes).await.unwrap() > 0,
                "the body ends early"
            );
        }
        let body: Vec<u8> = bytes.drain(..length).collect();
        let path = head.split(' ').nth(1).unwrap().to_owned();
        kept.lock().unwrap().entry(path).or_default().extend(body);
        let answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
        if connection.write_all(answer).await.is_err() {
            return;
        }
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_and_logs_reach_it_and_no_secret_does() {
    let database = TestDatabase::create().await;
    let (endpoint, received) = collector().await;
    let mut command = serve(&database, &[]);
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint);
    let program = Program::start(command).await;
    let key = "a-session-key-that-is-secret";
    let reply = http_client()
        .post(program.url())
        .bearer_auth(key)
        .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        .json(
            &serde_json::json!({ "query": "query Secrets($code: ID!) { me { name } x: node(id: $code) { id } }",
                                   "variables": { "code": "a-secret-variable" } }),
        )
        .send()
        .await
        .unwrap();
    assert_eq!(reply.status(), 401);
    // What is left is sent before the end.
    program.terminate().await;
    let received = received.lock().unwrap();
    let (spans, logs) = (&received["/v1/traces"], &received["/v1/logs"]);
    for part in ["newbee", "POST /graphql", "http.response.status_code", "request_id"] {
        assert!(contains(spans, part), "{part}");
    }
    let caller = [
        0x0a, 0xf7, 0x65, 0x19, 0x16, 0xcd, 0x43, 0xdd, 0x84, 0x48, 0xeb, 0x21, 0x1c, 0x80, 0x31, 0x9c,
    ];
    assert!(
        spans.windows(16).any(|window| window == caller),
        "it is linked to the caller's trace"
    );
    // The field parent_span_id: with it, the sender of the header would decide what is recorded.
    let parent = [0x22, 8, 0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31];
    assert!(
        !spans.windows(10).any(|window| window == parent),
        "it is a trace of its own"
    );
    assert!(contains(logs, "newbee is serving") && contains(logs, "operation"));
    for bytes in [spans, logs] {
        assert!(!contains(bytes, key) && !contains(bytes, "a-secret-variable"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_away_costs_nothing_and_a_wrong_address_is_said() {
    let database = TestDatabase::create().await;
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mut command = serve(&database, &["--scheduler", "off"]);
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{free}"));
    let program = Program::start_logging(command, "info").await;
    let (status, _) = program.ask(None, "{ clock { businessDay } }").await;
    assert_eq!(status, 200);
    program.terminate().await;

    for (endpoint, expected) in [
        ("no address", "OTEL_EXPORTER_OTLP_ENDPOINT: expected a URL"),
        (
            "https://collector.example",
            "OTEL_EXPORTER_OTLP_ENDPOINT: https is not supported",
        ),
    ] {
        let wrong = newbee()
            .args(["serve", "--listen", "127.0.0.1:0"])
            .envs(database.environment())
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
            .output()
            .await
            .unwrap();
        assert_eq!(wrong.status.code(), Some(2));
        let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
        assert!(said.contains(expected), "{said}");
    }
}

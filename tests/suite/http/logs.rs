//! What the log says of an operation, and what it never says.

use std::io;
use std::sync::{Arc, Mutex};

use serde_json::json;

use crate::http::support::{GOOD_KEY, Reply, Server};

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The test's runtime has one thread, so that the log of this thread is the log of its server.
#[tokio::test]
async fn one_line_per_operation_and_no_secrets() {
    let captured = Captured::default();
    let writer = captured.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _logging = tracing::subscriber::set_default(subscriber);

    let server = Server::start().await;
    let query = "query Greet($n: String) { hello(name: $n) leaks }";
    let body = json!({ "query": query, "variables": { "n": "secret-of-the-caller" } });
    let request = server
        .post()
        .header("authorization", format!("Bearer {GOOD_KEY}"))
        .header("x-request-id", "log-test");
    Reply::of(request.json(&body)).await;
    let wrong = server.post().header("authorization", "Bearer wrong-key");
    Reply::of(wrong.json(&body)).await;

    let log = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let operations: Vec<_> = lines
        .iter()
        .filter(|line| line["target"] == "newbee::operation")
        .collect();
    assert_eq!(operations.len(), 2, "{log}");
    let fields = &operations[0]["fields"];
    assert_eq!(
        (&fields["operation"], &fields["kind"], &fields["status"]),
        (&json!("Greet"), &json!("query"), &json!(200))
    );
    assert_eq!(
        (&fields["request_id"], &fields["error_codes"]),
        (&json!("log-test"), &json!("INTERNAL_SERVER_ERROR"))
    );
    assert_eq!(operations[1]["fields"]["error_codes"], "UNAUTHENTICATED");
    assert!(log.contains("hunter2"), "the cause of a masked error is in the log");

    let ours = lines.iter().filter(|line| {
        line["target"]
            .as_str()
            .is_some_and(|target| target.starts_with("newbee"))
    });
    for line in ours.map(ToString::to_string) {
        for secret in [GOOD_KEY, "wrong-key", "secret-of-the-caller"] {
            assert!(!line.contains(secret), "{line}");
        }
    }
}

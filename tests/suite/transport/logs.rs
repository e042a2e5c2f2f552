//! The log entry of an operation, which contains no secrets.

use serde_json::json;

use crate::support::log::{CapturedLog, assert_holds_none_of, fields};
use crate::transport::support::{GOOD_KEY, Reply, Server};

#[tokio::test]
async fn one_line_per_operation_and_no_secrets() {
    let log = CapturedLog::start();
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

    let lines = log.lines();
    let operations = fields(&lines, "newbee::operation");
    assert_eq!(operations.len(), 2, "{lines:#?}");
    let (greeted, refused) = (operations[0], operations[1]);
    assert_eq!(
        (&greeted["operation"], &greeted["kind"], &greeted["status"]),
        (&json!("Greet"), &json!("query"), &json!(200))
    );
    assert_eq!(
        (&greeted["request_id"], &greeted["error_codes"]),
        (&json!("log-test"), &json!("INTERNAL_SERVER_ERROR"))
    );
    assert_eq!(refused["error_codes"], "UNAUTHENTICATED");
    let is_told = lines.iter().any(|line| line.to_string().contains("hunter2"));
    assert!(is_told, "the cause of a masked error is in the log");
    assert_holds_none_of(&lines, &[GOOD_KEY, "wrong-key", "secret-of-the-caller"]);
}

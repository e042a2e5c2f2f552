//! Hostile requests: the server rejects them and continues to serve.

use std::time::{Duration, Instant};

use newbee::http::{RequestLimits, ServeLimits};
use serde_json::{Value, json};

use crate::transport::support::{GOOD_KEY, PATIENCE, Reply, Server, raw, read_to_end};

fn nested(open: &str, close: &str, depth: usize) -> String {
    format!("{{ hello(name: {}1{}) }}", open.repeat(depth), close.repeat(depth))
}

#[tokio::test]
async fn hostile_queries_are_refused_and_the_server_lives() {
    let server = Server::start().await;
    let bomb: String = (0..8)
        .map(|level| {
            format!(
                " fragment F{level} on Query {{ {} }}",
                format!("...F{} ", level + 1).repeat(10)
            )
        })
        .collect();
    for (query, code) in [
        (nested("[", "]", 2_000), "BAD_REQUEST"),
        (nested("{a:", "}", 1_500), "BAD_REQUEST"),
        (
            format!("{{ {} hello {} }}", "me { ".repeat(1_000), "}".repeat(1_000)),
            "BAD_REQUEST",
        ),
        (
            format!("{{ ...F0 }}{bomb} fragment F8 on Query {{ hello }}"),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            format!("query {} {{ hello }}", "@x ".repeat(300)),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            "{ ...A } fragment A on Query { ...A }".to_owned(),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (format!("{{ hello }} #{}", "x".repeat(17_000)), "BAD_REQUEST"),
    ] {
        let started = Instant::now();
        let reply = server.ask(&query).await;
        assert_eq!(reply.code(), code, "{}", reply.json);
        assert!(
            started.elapsed() < Duration::from_secs(1),
            "{:?} for {:.60}",
            started.elapsed(),
            query
        );
    }
    assert_eq!(server.ask("{ hello }").await.status, 200);
}

#[tokio::test]
async fn errors_do_not_multiply() {
    let server = Server::start().await;
    let arguments: String = (0..300).map(|number| format!("a{number}: 1 ")).collect();
    let reply = server.ask(&format!("{{ hello({arguments}) }}")).await;
    assert_eq!(reply.code(), "GRAPHQL_VALIDATION_FAILED");
    assert_eq!(reply.json["errors"].as_array().unwrap().len(), 10);
}

#[tokio::test]
async fn deep_variables_are_refused() {
    let server = Server::start().await;
    let deep = (0..40).fold(json!(1), |inner, _| json!([inner]));
    let body = json!({ "query": "{ hello }", "variables": { "deep": deep } });
    Reply::of(server.post().json(&body))
        .await
        .assert_error(400, "BAD_REQUEST");
}

#[tokio::test]
async fn bodies_are_bounded() {
    let server = Server::start().await;
    for bytes in [128 * 1024, 8 * 1024 * 1024] {
        let body = json!({ "query": "{ hello }", "variables": { "pad": "x".repeat(bytes) } });
        Reply::of(server.post().json(&body))
            .await
            .assert_error(413, "PAYLOAD_TOO_LARGE");
    }
}

#[tokio::test]
async fn slow_bodies_take_no_places_of_operations() {
    let limits = RequestLimits {
        concurrent_operations: 1,
        ..RequestLimits::default()
    };
    let server = Server::with_limits(limits, ServeLimits::default()).await;
    let head = "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
    let _slow = [raw(&server, head.as_bytes()).await, raw(&server, head.as_bytes()).await];
    assert_eq!(server.ask("{ hello }").await.status, 200);
}

#[tokio::test]
async fn a_body_that_does_not_come_is_given_up() {
    let limits = RequestLimits {
        body_grace: Duration::from_millis(300),
        ..RequestLimits::default()
    };
    let server = Server::with_limits(limits, ServeLimits::default()).await;
    let head = "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
    let reply = read_to_end(raw(&server, head.as_bytes()).await).await;
    assert!(reply.starts_with("HTTP/1.1 408 "), "{reply}");
    assert!(reply.contains("REQUEST_TIMEOUT"), "{reply}");
}

#[tokio::test]
async fn slow_and_silent_clients_are_shown_out() {
    let limits = ServeLimits {
        header_read_timeout: Duration::from_millis(300),
        ..ServeLimits::default()
    };
    let server = Server::with_limits(RequestLimits::default(), limits).await;
    for beginning in ["POST /graphql HTTP/1.1\r\nhost: x\r\nx-slow: ", "", "PRI * HTTP/2.0"] {
        read_to_end(raw(&server, beginning.as_bytes()).await).await;
    }
    assert_eq!(server.ask("{ hello }").await.status, 200);
}

#[tokio::test]
async fn an_operation_that_takes_too_long_is_given_up() {
    let limits = RequestLimits {
        operation_timeout: Duration::from_millis(200),
        ..RequestLimits::default()
    };
    let server = Server::with_limits(limits, ServeLimits::default()).await;
    server.ask("{ waits }").await.assert_error(504, "TIMEOUT");
    assert_eq!(server.ask("{ hello }").await.status, 200);
}

#[tokio::test]
async fn more_operations_than_bearable_are_turned_away() {
    let limits = RequestLimits {
        concurrent_operations: 1,
        waiting_operations: 0,
        ..RequestLimits::default()
    };
    let server = Server::with_limits(limits, ServeLimits::default()).await;
    let first = tokio::spawn(Reply::of(server.post().json(&json!({ "query": "{ waits }" }))));
    tokio::time::timeout(PATIENCE, server.gate.entered.notified())
        .await
        .unwrap();

    let second = server.ask("{ hello }").await;
    second.assert_error(503, "SERVICE_UNAVAILABLE");
    assert_eq!(second.header("retry-after"), "1");
    server.gate.open.notify_one();
    assert_eq!(first.await.unwrap().json["data"]["waits"], "waited");
    assert_eq!(server.ask("{ hello }").await.status, 200);
}

#[tokio::test]
async fn a_panic_in_a_resolver_is_an_answer() {
    let server = Server::start().await;
    let reply = server.ask("{ panics }").await;
    reply.assert_error(500, "INTERNAL_SERVER_ERROR");
    assert!(!reply.json.to_string().contains("resolver of the tests"));
    assert_eq!(
        server.ask("{ hello }").await.json["data"],
        json!({ "hello": "hello world" })
    );
    assert_ne!(server.ask("{ hello }").await.json["data"], Value::Null);
}

#[tokio::test]
async fn a_burst_of_operations_waits_for_its_turn() {
    let limits = RequestLimits {
        concurrent_operations: 2,
        longest_wait: PATIENCE,
        ..RequestLimits::default()
    };
    let server = Server::with_limits(limits, ServeLimits::default()).await;
    let replies = futures_util::future::join_all((0..60).map(|_| server.ask("{ hello me { hello } }"))).await;
    assert!(replies.iter().all(|reply| reply.status == 200));
}

#[tokio::test]
async fn operations_of_visitors_leave_places_to_keys() {
    let limits = RequestLimits {
        concurrent_operations: 8,
        longest_wait: Duration::from_millis(50),
        ..RequestLimits::default()
    };
    let server = Server::with_limits(limits, ServeLimits::default()).await;
    let held: Vec<_> = (0..6)
        .map(|_| tokio::spawn(Reply::of(server.post().json(&json!({ "query": "{ waits }" })))))
        .collect();
    tokio::time::timeout(PATIENCE, server.gate.entered.notified())
        .await
        .unwrap();
    server.ask("{ hello }").await.assert_error(503, "SERVICE_UNAVAILABLE");
    let with_key = server
        .post()
        .bearer_auth(GOOD_KEY)
        .json(&json!({ "query": "{ hello }" }));
    assert_eq!(Reply::of(with_key).await.status, 200);
    for task in held {
        task.abort();
    }
}

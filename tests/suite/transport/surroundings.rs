//! Everything beside GraphQL: request ids, health, unknown paths.

use serde_json::json;

use crate::transport::support::{Reply, Server};

async fn get(server: &Server, path: &str) -> Reply {
    Reply::of(server.client.get(server.url(path))).await
}

#[tokio::test]
async fn a_harmless_request_id_is_echoed_and_any_other_replaced() {
    let server = Server::start().await;
    let with_id = async |id: &str| {
        let request = server.post().header("x-request-id", id);
        Reply::of(request.json(&json!({ "query": "{ nope }" }))).await
    };
    let echoed = with_id("trace-7.a_B").await;
    echoed.assert_error(200, "GRAPHQL_VALIDATION_FAILED");
    assert_eq!(echoed.header("x-request-id"), "trace-7.a_B");
    assert_ne!(
        with_id("not harmless; at all").await.header("x-request-id"),
        "not harmless; at all"
    );
}

#[tokio::test]
async fn health_tells_alive_from_ready() {
    let server = Server::start().await;
    assert_eq!(get(&server, "/healthz").await.status, 200);
    let ready = get(&server, "/readyz").await;
    assert_eq!(
        (ready.status, ready.json),
        (200, json!({ "status": "ready", "checks": { "database": "ok" } }))
    );

    server.draining.cancel();
    assert_eq!(get(&server, "/healthz").await.status, 200);
    let draining = get(&server, "/readyz").await;
    assert_eq!(draining.status, 503);
    assert_eq!(draining.json["checks"]["draining"], "failed", "the reasons are for ops");
}

#[tokio::test]
async fn the_doors_are_named() {
    let server = Server::start().await;
    assert_eq!(get(&server, "/").await.json["endpoints"]["graphql"], "/graphql");
    let unknown = get(&server, "/nowhere").await;
    unknown.assert_error(404, "NOT_FOUND");
    assert!(
        unknown.json["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains("/graphql")
    );
    Reply::of(server.client.post(server.url("/healthz")))
        .await
        .assert_error(405, "METHOD_NOT_ALLOWED");

    let sdl = server.client.get(server.url("/schema.graphql")).send().await.unwrap();
    assert_eq!(sdl.headers()["content-type"], "text/plain; charset=utf-8");
    assert!(sdl.text().await.unwrap().starts_with("type Query"));
}

#[tokio::test]
async fn browsers_may_not_guess_what_a_reply_is() {
    let server = Server::start().await;
    for path in ["/", "/graphql?query={hello}", "/healthz", "/nowhere"] {
        assert_eq!(
            get(&server, path).await.header("x-content-type-options"),
            "nosniff",
            "{path}"
        );
    }
}

#[tokio::test]
async fn limits_of_load_are_published() {
    let server = Server::start().await;
    let limits = get(&server, "/").await.json["limits"].take();
    for (group, name) in [
        ("connections", "connections"),
        ("connections", "connectionsPerAddress"),
        ("connections", "keepAliveSeconds"),
        ("live", "sockets"),
        ("live", "visitorSocketsPerAddress"),
    ] {
        assert!(limits[group][name].as_u64() > Some(0), "{group}.{name}: {limits}");
    }
    assert_eq!(limits["load"]["admin"]["concurrentOperations"], 16);
    assert_eq!(limits["load"]["customers"]["replyBytes"], 1024 * 1024);
}

//! Authentication by session key.

use serde_json::json;

use crate::transport::support::{GOOD_KEY, KEY_OF_A_BROKEN_STORE, Reply, Server};

async fn ask_with(server: &Server, authorization: &str) -> Reply {
    let request = server.post().header("authorization", authorization);
    Reply::of(request.json(&json!({ "query": "{ viewer }" }))).await
}

#[tokio::test]
async fn no_key_is_a_visitor_and_a_good_key_a_viewer() {
    let server = Server::start().await;
    assert_eq!(
        server.ask("{ viewer }").await.json,
        json!({ "data": { "viewer": null } })
    );
    assert_eq!(
        ask_with(&server, &format!("Bearer {GOOD_KEY}")).await.json,
        json!({ "data": { "viewer": 17 } })
    );
}

#[tokio::test]
async fn any_other_key_is_unauthenticated() {
    let server = Server::start().await;
    let long = format!("Bearer {}", "k".repeat(56));
    for authorization in [
        "Bearer nobody",
        "Bearer",
        "Basic Z29vZDprZXk=",
        "good-key",
        "Bearer two words",
        &long,
    ] {
        let reply = ask_with(&server, authorization).await;
        reply.assert_error(401, "UNAUTHENTICATED");
        assert_eq!(reply.header("www-authenticate"), "Bearer");
        let message = reply.json["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains("as a visitor"), "says what to do: {message}");
    }
}

#[tokio::test]
async fn when_keys_cannot_be_looked_up_the_caller_is_asked_to_try_again() {
    let server = Server::start().await;
    let reply = ask_with(&server, &format!("Bearer {KEY_OF_A_BROKEN_STORE}")).await;
    reply.assert_error(503, "SERVICE_UNAVAILABLE");
    assert_eq!(reply.header("retry-after"), "1");
    assert!(!reply.json.to_string().contains("on fire"));
}

#[tokio::test]
async fn the_language_comes_with_the_request() {
    let server = Server::start().await;
    let request = server.post().header("accept-language", "zh-CN,zh;q=0.9,en;q=0.8");
    let reply = Reply::of(request.json(&json!({ "query": "{ language }" }))).await;
    assert_eq!(reply.json["data"]["language"], "zh");
    assert_eq!(server.ask("{ language }").await.json["data"]["language"], "en");
}

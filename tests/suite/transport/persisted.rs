//! Automatic persisted queries, by Apollo's protocol.

use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::transport::support::{Reply, Server};

fn hash(text: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(text))
}

fn persisted(text: &str) -> Value {
    json!({ "persistedQuery": { "version": 1, "sha256Hash": hash(text) } })
}

async fn post(server: &Server, body: Value) -> Reply {
    Reply::of(server.post().json(&body)).await
}

async fn get(server: &Server, parameters: &[(&str, &str)]) -> Reply {
    Reply::of(server.client.get(server.url("/graphql")).query(parameters)).await
}

fn assert_not_found(reply: &Reply) {
    reply.assert_error(200, "PERSISTED_QUERY_NOT_FOUND");
    // urql goes by the message.
    assert_eq!(reply.json["errors"][0]["message"], "PersistedQueryNotFound");
    assert_eq!(reply.header("cache-control"), "private, no-store");
}

#[tokio::test]
async fn a_query_is_sent_once_and_then_by_its_hash() {
    let server = Server::start().await;
    let text = "query Greet($name: String) { hello(name: $name) }";
    let by_hash = json!({ "extensions": persisted(text), "variables": { "name": "bee" } });
    let by_empty_text = json!({ "query": "", "extensions": persisted(text), "variables": { "name": "bee" } });
    assert_not_found(&post(&server, by_hash.clone()).await);
    assert_not_found(&post(&server, by_empty_text.clone()).await);

    let greeted = json!({ "data": { "hello": "hello bee" } });
    let sent = json!({ "query": text, "extensions": persisted(text), "variables": { "name": "bee" } });
    assert_eq!(post(&server, sent).await.json, greeted);
    for by_name in [by_hash, by_empty_text] {
        let reply = post(&server, by_name).await;
        assert_eq!(
            (reply.json, reply.headers["cache-control"].to_str().unwrap()),
            (greeted.clone(), "private, no-store")
        );
    }
}

#[tokio::test]
async fn the_same_by_links() {
    let server = Server::start().await;
    let extensions = persisted("{ hello }").to_string();
    assert_not_found(&get(&server, &[("extensions", &extensions)]).await);
    assert_not_found(&get(&server, &[("query", ""), ("extensions", &extensions)]).await);
    let hello = json!({ "data": { "hello": "hello world" } });
    assert_eq!(
        get(&server, &[("query", "{ hello }"), ("extensions", &extensions)])
            .await
            .json,
        hello
    );
    assert_eq!(get(&server, &[("extensions", &extensions)]).await.json, hello);
    assert_eq!(
        get(&server, &[("query", ""), ("extensions", &extensions)]).await.json,
        hello
    );
}

#[tokio::test]
async fn a_persisted_mutation_never_runs_by_a_link() {
    let server = Server::start().await;
    let text = "mutation { count }";
    let extensions = persisted(text).to_string();
    let with_text = get(&server, &[("query", text), ("extensions", &extensions)]).await;
    with_text.assert_error(405, "METHOD_NOT_ALLOWED");

    let sent = post(&server, json!({ "query": text, "extensions": persisted(text) })).await;
    assert_eq!(sent.json, json!({ "data": { "count": 1 } }), "the GET counted nothing");
    let by_hash = get(&server, &[("extensions", &extensions)]).await;
    by_hash.assert_error(405, "METHOD_NOT_ALLOWED");
    assert_eq!(by_hash.header("allow"), "POST");
    let posted = post(&server, json!({ "extensions": persisted(text) })).await;
    assert_eq!(posted.json, json!({ "data": { "count": 2 } }), "nor did this one");
}

#[tokio::test]
async fn only_documents_are_kept_and_by_no_hash_but_their_own() {
    let server = Server::start().await;
    let deep = format!("{{ hello{} }}", "(name: [".repeat(40));
    for no_document in ["{ hello(", "{ ...F } fragment F on Query { ...F }", deep.as_str()] {
        let sent = post(
            &server,
            json!({ "query": no_document, "extensions": persisted(no_document) }),
        )
        .await;
        assert!(sent.json["errors"].is_array(), "{}", sent.json);
        assert_not_found(&post(&server, json!({ "extensions": persisted(no_document) })).await);
    }

    let other = json!({ "query": "mutation { count }", "extensions": persisted("{ hello }") });
    post(&server, other).await.assert_error(400, "BAD_REQUEST");
    assert_not_found(&post(&server, json!({ "extensions": persisted("{ hello }") })).await);

    // Valid or not is another matter, and said each time.
    let unknown_field = "{ hello nope }";
    for _ in 0..2 {
        let body = json!({ "query": unknown_field, "extensions": persisted(unknown_field) });
        post(&server, body).await.assert_error(200, "GRAPHQL_VALIDATION_FAILED");
        let by_hash = post(&server, json!({ "extensions": persisted(unknown_field) })).await;
        by_hash.assert_error(200, "GRAPHQL_VALIDATION_FAILED");
    }
}

#[tokio::test]
async fn what_is_not_of_the_protocol_is_told() {
    let server = Server::start().await;
    for (extension, part) in [
        (json!({ "version": 2, "sha256Hash": hash("{ hello }") }), "version"),
        (json!({ "sha256Hash": hash("{ hello }") }), "version"),
        (json!({ "version": 1 }), "sha256Hash"),
        (json!({ "version": 1, "sha256Hash": "ab" }), "64 hexadecimal digits"),
        (
            json!({ "version": 1, "sha256Hash": "z".repeat(64) }),
            "64 hexadecimal digits",
        ),
        (json!("of course"), "version"),
    ] {
        let reply = post(&server, json!({ "extensions": { "persistedQuery": extension } })).await;
        reply.assert_error(400, "BAD_REQUEST");
        assert!(reply.json.to_string().contains(part), "{}", reply.json);
    }
    // Ids of a build mean something to a list alone.
    let by_id = post(&server, json!({ "documentId": hash("{ hello }") })).await;
    by_id.assert_error(200, "PERSISTED_QUERY_NOT_SUPPORTED");
    let beside_a_text = post(&server, json!({ "query": "{ hello }", "documentId": "x" })).await;
    assert_eq!(beside_a_text.json, json!({ "data": { "hello": "hello world" } }));
}

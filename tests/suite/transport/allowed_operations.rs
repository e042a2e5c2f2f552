//! A endpoint that executes only what a list has.

use std::path::PathBuf;
use std::sync::Arc;

use newbee::config::ListedOperation;
use newbee::http::{AllowedOperations, Endpoints, RequestLimits, ServeLimits, graphql_api};
use serde_json::{Value, json};

use crate::transport::support::{Reply, Server, schema};

fn listed(id: &str, text: &str) -> ListedOperation {
    ListedOperation {
        file: PathBuf::from("lists/web.json"),
        id: id.to_owned(),
        text: text.to_owned(),
    }
}

const GREET: &str = "query Greet($name: String) {\n  hello(name: $name)\n  __typename\n}";

const COUNT: &str = "mutation Count {\n  count\n}";

/// A server that executes two operations, and leaves the others alone.
async fn start() -> Server {
    let list = [
        // As codegen names them: sha1 by default, and sha256 with or without its prefix.
        listed("d9f1ef9a3c9c4b6d0d0a1f5b8b3a5a5d0e2f4c11", GREET),
        listed(
            "sha256:3f786850e387550fdab836ed7e6dc881de23001b3f786850e387550fdab836ed",
            COUNT,
        ),
    ];
    let list = AllowedOperations::check(&list, schema()).await.unwrap();
    assert_eq!(list.len(), 2);
    let (requests, connections) = (RequestLimits::default(), ServeLimits::default());
    Server::with_routes(requests, connections, |endpoint| Endpoints {
        graphql: graphql_api(Arc::new(endpoint.allowing_only(Some(list))), None),
        ..Endpoints::default()
    })
    .await
}

async fn post(server: &Server, body: Value) -> Reply {
    Reply::of(server.post().json(&body)).await
}

#[tokio::test]
async fn listed_operations_are_executed_by_id_and_by_exact_text() {
    let server = start().await;
    let greeted = json!({ "data": { "hello": "hello bee", "__typename": "Query" } });
    let id = "d9f1ef9a3c9c4b6d0d0a1f5b8b3a5a5d0e2f4c11";
    let variables = json!({ "name": "bee" });
    let extensions = json!({ "persistedQuery": { "version": 1, "sha256Hash": id } });
    for body in [
        json!({ "documentId": id, "variables": variables }),
        json!({ "extensions": extensions, "variables": variables, "operationName": "Greet" }),
        json!({ "query": "", "extensions": extensions, "variables": variables }),
        json!({ "query": GREET, "variables": variables }),
        json!({ "query": GREET, "variables": variables, "documentId": "whatever" }),
    ] {
        assert_eq!(post(&server, body.clone()).await.json, greeted, "{body}");
    }
    let parameters = [("documentId", id), ("variables", r#"{"name":"bee"}"#)];
    let by_link = Reply::of(server.client.get(server.url("/graphql")).query(&parameters)).await;
    assert_eq!(by_link.json, greeted);
}

#[tokio::test]
async fn a_listed_mutation_is_taken_by_post_only() {
    let server = start().await;
    let digits = "3f786850e387550fdab836ed7e6dc881de23001b3f786850e387550fdab836ed";
    let with_prefix = format!("sha256:{digits}");
    for id in [digits, &with_prefix] {
        let by_link = server.client.get(server.url("/graphql")).query(&[("documentId", id)]);
        Reply::of(by_link).await.assert_error(405, "METHOD_NOT_ALLOWED");
    }
    for (count, id) in [(1, digits), (2, &with_prefix)] {
        let reply = post(&server, json!({ "documentId": id })).await;
        assert_eq!(reply.json, json!({ "data": { "count": count } }));
    }
}

#[tokio::test]
async fn anything_else_is_refused_and_nobody_is_sent_round_in_circles() {
    let server = start().await;
    for text in [
        "{ hello }",
        "{ __schema { queryType { name } } }",
        "query Greet($name: String) { hello(name: $name) __typename }",
        "{",
        "",
    ] {
        post(&server, json!({ "query": text }))
            .await
            .assert_error(200, "OPERATION_NOT_ALLOWED");
    }
    // As Apollo's and urql's clients do: the hash, then the hash and the text.
    let hash = "a".repeat(64);
    let extensions = json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } });
    for unknown in [json!({ "extensions": extensions }), json!({ "documentId": "nope" })] {
        let reply = post(&server, unknown).await;
        reply.assert_error(200, "PERSISTED_QUERY_NOT_FOUND");
        assert_eq!(reply.json["errors"][0]["message"], "PersistedQueryNotFound");
    }
    for _ in 0..2 {
        let both = json!({ "query": "{ hello }", "extensions": extensions });
        post(&server, both).await.assert_error(200, "OPERATION_NOT_ALLOWED");
    }
    let modern = server
        .post()
        .header("accept", "application/graphql-response+json")
        .json(&json!({ "query": "{ hello }" }));
    Reply::of(modern).await.assert_error(400, "OPERATION_NOT_ALLOWED");
}

#[tokio::test]
async fn a_list_is_checked_against_the_schema_and_nothing_of_it_runs() {
    let deep = format!("{{ {}hello{} }}", "me { ".repeat(25), " }".repeat(25));
    let list = [
        listed("good", "query A { hello } query B { waits panics }"),
        listed("syntax", "{ hello("),
        listed("field", "query A { hello } query B { helo }"),
        listed("variable", "query ($n: Nope) { hello(name: $n, nope: 1) }"),
        listed("deep", &deep),
        listed("cycle", "{ ...F } fragment F on Query { ...F }"),
        listed("long", &format!("{{ hello }} #{}", "x".repeat(20_000))),
        listed("twice", "{ hello }"),
        listed("twice", "{ viewer }"),
        listed("twice", "{ hello }"),
    ];
    let problems = AllowedOperations::check(&list, schema()).await.unwrap_err();
    let told = problems.join("\n");
    for (id, part) in [
        ("syntax", "Syntax error"),
        ("field", "helo"),
        ("variable", "Nope"),
        ("deep", "deep"),
        ("cycle", "contains itself"),
        ("long", "longer than"),
        ("twice", "different text"),
    ] {
        let line = problems
            .iter()
            .find(|line| line.contains(&format!("lists/web.json: {id}: ")));
        assert!(line.is_some_and(|line| line.contains(part)), "{id}: {told}");
    }
    assert!(!told.contains("good"), "{told}");
}

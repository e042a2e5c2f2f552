//! GraphQL over HTTP: methods, media types, statuses, and requests that are not what they should be.

use serde_json::json;

use crate::transport::support::{Reply, Server};

const GRAPHQL: &str = "application/graphql-response+json";

#[tokio::test]
async fn a_query_is_answered_by_post_and_by_get() {
    let server = Server::start().await;
    let posted = server.ask("{ hello }").await;
    assert_eq!(
        (posted.status, &posted.json),
        (200, &json!({ "data": { "hello": "hello world" } }))
    );
    assert_eq!(posted.header("content-type"), "application/json; charset=utf-8");
    assert_eq!(posted.header("cache-control"), "private, no-store");

    let parameters = [
        ("query", "query A($n: String) { hello(name: $n) } query B { hello }"),
        ("operationName", "A"),
        ("variables", r#"{"n":"bee"}"#),
        ("extensions", r#"{"any":1}"#),
        ("somethingElse", "is ignored"),
    ];
    let got = Reply::of(server.client.get(server.url("/graphql")).query(&parameters)).await;
    assert_eq!(got.json, json!({ "data": { "hello": "hello bee" } }));
}

#[tokio::test]
async fn mutations_are_taken_by_post_only() {
    let server = Server::start().await;
    let by_get = Reply::of(
        server
            .client
            .get(server.url("/graphql"))
            .query(&[("query", "mutation { count }")]),
    )
    .await;
    by_get.assert_error(405, "METHOD_NOT_ALLOWED");
    assert_eq!(by_get.header("allow"), "POST");
    assert_eq!(
        server.ask("mutation { count }").await.json,
        json!({ "data": { "count": 1 } }),
        "the GET counted nothing"
    );
}

#[tokio::test]
async fn other_methods_are_told_which_would_do() {
    let server = Server::start().await;
    let put = Reply::of(
        server
            .client
            .put(server.url("/graphql"))
            .json(&json!({ "query": "{ hello }" })),
    )
    .await;
    put.assert_error(405, "METHOD_NOT_ALLOWED");
    assert_eq!(put.header("allow"), "GET, HEAD, POST, OPTIONS");
    let options = server
        .client
        .request(reqwest::Method::OPTIONS, server.url("/graphql"))
        .send()
        .await
        .unwrap();
    assert_eq!(
        (options.status().as_u16(), options.headers()["allow"].to_str().unwrap()),
        (204, "GET, HEAD, POST, OPTIONS")
    );
}

#[tokio::test]
async fn every_path_tells_its_methods() {
    let server = Server::start().await;
    for (path, method, allowed) in [
        ("/graphql", reqwest::Method::DELETE, "GET, HEAD, POST, OPTIONS"),
        ("/graphql", reqwest::Method::PATCH, "GET, HEAD, POST, OPTIONS"),
        ("/", reqwest::Method::POST, "GET, HEAD"),
        ("/healthz", reqwest::Method::PUT, "GET, HEAD"),
        ("/readyz", reqwest::Method::OPTIONS, "GET, HEAD"),
        ("/schema.graphql", reqwest::Method::DELETE, "GET, HEAD"),
        ("/openapi.yaml", reqwest::Method::POST, "GET, HEAD"),
    ] {
        let reply = Reply::of(server.client.request(method.clone(), server.url(path))).await;
        reply.assert_error(405, "METHOD_NOT_ALLOWED");
        assert_eq!(reply.header("allow"), allowed, "{method} {path}");
    }
}

#[tokio::test]
async fn head_is_answered_like_get_without_the_body() {
    let server = Server::start().await;
    let head = async |query: &str| {
        let request = server.client.head(server.url("/graphql")).query(&[("query", query)]);
        let reply = request.send().await.unwrap();
        let (status, headers) = (reply.status().as_u16(), reply.headers().clone());
        assert!(reply.bytes().await.unwrap().is_empty());
        (status, headers)
    };
    let (status, headers) = head("{ hello }").await;
    assert_eq!(
        (status, &headers["content-type"]),
        (200, &"application/json; charset=utf-8".parse().unwrap())
    );
    let whole = json!({ "data": { "hello": "hello world" } }).to_string();
    assert_eq!(headers["content-length"], whole.len().to_string().as_str());
    let (status, headers) = head("mutation { count }").await;
    assert_eq!((status, headers["allow"].to_str().unwrap()), (405, "POST"));
    assert_eq!(
        server.ask("mutation { count }").await.json,
        json!({ "data": { "count": 1 } })
    );
}

#[tokio::test]
async fn properties_of_other_names_are_ignored() {
    let server = Server::start().await;
    let body = json!({ "query": "{ hello }", "qeury": 5, "id": "x", "variables": null, "extensions": null });
    let reply = Reply::of(server.post().json(&body)).await;
    assert_eq!(reply.json, json!({ "data": { "hello": "hello world" } }));
}

#[tokio::test]
async fn bodies_that_are_not_json_are_refused() {
    let server = Server::start().await;
    let body = r#"{"query":"{ hello }"}"#;
    Reply::of(server.post().body(body))
        .await
        .assert_error(415, "UNSUPPORTED_MEDIA_TYPE");
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ] {
        let reply = Reply::of(server.post().header("content-type", content_type).body(body)).await;
        reply.assert_error(415, "UNSUPPORTED_MEDIA_TYPE");
    }
    let json = || {
        server
            .post()
            .body(body)
            .header("content-type", "application/json; charset=UTF-8")
    };
    assert_eq!(Reply::of(json()).await.status, 200);
    Reply::of(json().header("content-encoding", "gzip"))
        .await
        .assert_error(415, "UNSUPPORTED_MEDIA_TYPE");
}

#[tokio::test]
async fn the_reply_takes_the_media_type_that_is_liked_best() {
    let server = Server::start().await;
    let accepting = async |accept: &str| {
        Reply::of(
            server
                .post()
                .header("accept", accept)
                .json(&json!({ "query": "{ hello }" })),
        )
        .await
    };
    let liked = accepting("application/json;q=0.5, application/graphql-response+json;q=0.9").await;
    assert_eq!(
        liked.header("content-type"),
        "application/graphql-response+json; charset=utf-8"
    );
    let liked = accepting("application/json;q=0.9, application/graphql-response+json;q=0.5").await;
    assert_eq!(liked.header("content-type"), "application/json; charset=utf-8");
    let liked = accepting("*/*;q=0.8, application/*;q=0.1, application/graphql-response+json;q=0.2").await;
    assert_eq!(
        liked.header("content-type"),
        "application/graphql-response+json; charset=utf-8"
    );
    for nothing in ["text/html", "*/*;q=0", "application/*;q=0, */*"] {
        accepting(nothing).await.assert_error(406, "NOT_ACCEPTABLE");
    }
}

#[tokio::test]
async fn the_status_of_a_request_error_depends_on_the_media_type() {
    let server = Server::start().await;
    for (query, code) in [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nope }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { hello } query B { hello }", "OPERATION_RESOLUTION_FAILURE"),
        ("query ($name: String!) { required(name: $name) }", "BAD_USER_INPUT"),
    ] {
        server.ask(query).await.assert_error(200, code);
        let modern = server.post().header("accept", GRAPHQL).json(&json!({ "query": query }));
        Reply::of(modern).await.assert_error(400, code);
    }
}

#[tokio::test]
async fn null_and_missing_are_no_values_for_a_non_null_variable() {
    let server = Server::start().await;
    let query = "query ($name: String!, $times: Int! = 2) { required(name: $name, times: $times) }";
    let with =
        async |variables| Reply::of(server.post().json(&json!({ "query": query, "variables": variables }))).await;
    assert_eq!(with(json!({ "name": "bee" })).await.json["data"]["required"], "beebee");
    // The document is known to be valid from here on; its variables are checked all the same.
    for wrong in [
        json!({}),
        json!({ "name": null }),
        json!({ "name": 3 }),
        json!({ "name": "a", "times": null }),
        json!({ "name": "a", "times": 5_000_000_000_i64 }),
    ] {
        with(wrong).await.assert_error(200, "BAD_USER_INPUT");
    }
}

#[tokio::test]
async fn broken_bodies_are_bad_requests() {
    let server = Server::start().await;
    for body in [
        json!([{ "query": "{ hello }" }]),
        json!("{ hello }"),
        json!({}),
        json!({ "query": 1 }),
        json!({ "query": "{ hello }", "variables": [] }),
        json!({ "query": "{ hello }", "variables": "{}" }),
        json!({ "query": "{ hello }", "operationName": 7 }),
        json!({ "query": "{ hello }", "extensions": 7 }),
    ] {
        let reply = Reply::of(server.post().header("accept", GRAPHQL).json(&body)).await;
        reply.assert_error(400, "BAD_REQUEST");
        assert_eq!(
            reply.header("content-type"),
            "application/json; charset=utf-8",
            "this was never GraphQL"
        );
    }
    let unparsable = server
        .post()
        .header("content-type", "application/json")
        .body("{ not json");
    Reply::of(unparsable).await.assert_error(400, "BAD_REQUEST");
}

#[tokio::test]
async fn parse_errors_are_one_line_with_a_place() {
    let server = Server::start().await;
    let reply = server.ask("{ hello(").await;
    let error = &reply.json["errors"][0];
    assert!(!error["message"].as_str().unwrap().contains('\n'), "{error}");
    assert_eq!(error["locations"], json!([{ "line": 1, "column": 9 }]));
}

#[tokio::test]
async fn a_failure_of_ours_is_masked_and_blanks_its_field_alone() {
    let server = Server::start().await;
    let reply = server.ask("{ leaks hello }").await;
    assert_eq!(
        (reply.status, &reply.json["data"]),
        (200, &json!({ "leaks": null, "hello": "hello world" }))
    );
    assert_eq!(reply.code(), "INTERNAL_SERVER_ERROR");
    assert_eq!(
        reply.json["errors"][0]["extensions"]["requestId"],
        reply.header("x-request-id")
    );
    assert!(!reply.json.to_string().contains("hunter2"));
}

//! Documents that are kept parsed: only good ones, and with the same answers as before.

use std::sync::Arc;

use newbee::config::{AccessSettings, Origins};
use newbee::http::{Endpoints, HttpState, RequestLimits, graphql_api, router};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::transport::support::{GOOD_KEY, Gate, Reply, Server, endpoint};

#[tokio::test]
async fn a_document_with_an_unknown_field_errs_every_time() {
    let server = Server::start().await;
    for query in [
        "{ hello nope }",
        "{ me { nope } }",
        "{ ...F } fragment F on Query { nope }",
        "{ hello(nope: 1) }",
        "{ hello @nope }",
    ] {
        for _ in 0..3 {
            server.ask(query).await.assert_error(200, "GRAPHQL_VALIDATION_FAILED");
        }
    }
}

#[tokio::test]
async fn a_known_document_gives_the_same_answer() {
    let server = Server::start().await;
    let query = "query Q { again: hello(name: \"bee\") ...F me { hello @skip(if: true) viewer } } fragment F on Query { hello __typename }";
    let first = server.ask(query).await;
    assert!(first.json.get("errors").is_none(), "{}", first.json);
    for _ in 0..3 {
        assert_eq!(server.ask(query).await.json, first.json);
    }
}

#[tokio::test]
async fn mutations_run_every_time() {
    let server = Server::start().await;
    for count in 1..=3 {
        assert_eq!(
            server.ask("mutation { count }").await.json,
            json!({ "data": { "count": count } })
        );
    }
}

#[tokio::test]
async fn variables_of_a_known_mutation_are_checked_every_time() {
    let server = Server::start().await;
    let send = async |go_on| {
        let query = "mutation M($goOn: Boolean!) { count @include(if: $goOn) __typename }";
        let request = json!({ "query": query, "variables": { "goOn": go_on } });
        Reply::of(server.post().json(&request)).await
    };
    for count in 1..=3 {
        let reply = send(json!(true)).await;
        assert_eq!(
            reply.json["data"],
            json!({ "count": count, "__typename": "Mutation" }),
            "{}",
            reply.json
        );
        send(json!("yes")).await.assert_error(200, "BAD_USER_INPUT");
        send(json!(null)).await.assert_error(200, "BAD_USER_INPUT");
    }
    assert_eq!(
        send(json!(false)).await.json["data"],
        json!({ "__typename": "Mutation" })
    );
}

#[tokio::test]
async fn only_documents_accepted_by_strict_validation_are_known() {
    use axum::body::Body;
    use axum::http::Request;
    use tower::ServiceExt;

    let endpoint = Arc::new(endpoint(&Arc::new(Gate::default())));
    let checks = Arc::new(|| Box::pin(async { Vec::new() }) as _);
    let state = HttpState::new(
        String::new(),
        checks,
        CancellationToken::new(),
        RequestLimits::default(),
        &AccessSettings::default(),
    );
    let endpoints = Endpoints {
        graphql: graphql_api(Arc::clone(&endpoint), None),
        ..Endpoints::default()
    };
    let app = router(state, endpoints, &Origins::None);
    for query in ["{ hello }", "{ nope }", "mutation { count }", "{ leaks }", "{"] {
        let request = Request::post("/graphql").header("content-type", "application/json");
        let body = json!({ "query": query }).to_string();
        let request = request.body(Body::from(body.clone())).unwrap();
        app.clone().oneshot(request).await.unwrap();
        assert!(!endpoint.knows(query), "{query} was seen once");
        let again = Request::post("/graphql").header("content-type", "application/json");
        app.clone()
            .oneshot(again.body(Body::from(body)).unwrap())
            .await
            .unwrap();
        let is_valid = ["{ hello }", "mutation { count }", "{ leaks }"].contains(&query);
        assert_eq!(endpoint.knows(query), is_valid, "{query}");
    }
}

#[tokio::test]
async fn texts_that_differ_in_blanks_alone_are_one_document() {
    let server = Server::start().await;
    let first = server.ask("{ me { hello(name: \"a b\") } }").await.json;
    assert_eq!(first["data"]["me"]["hello"], "hello a b");
    for text in [
        "{me{hello(name:\"a b\")}}",
        "# comment\n{ me, { hello ( name : \"a b\" ) } }",
        "\u{feff}{me{\r\n\thello(name:\"a b\")}}",
        "{ me { hello(name: \"\"\"a b\"\"\") } }",
    ] {
        assert_eq!(server.ask(text).await.json, first, "{text}");
    }
    let other = server.ask("{ me { hello(name: \"a  b\") } }").await.json;
    assert_eq!(other["data"]["me"]["hello"], "hello a  b", "blanks in strings count");
}

#[tokio::test]
async fn errors_of_a_known_document_are_located_in_the_text_that_was_sent() {
    let server = Server::start().await;
    // An argument decides whether it fails, so that the document becomes known.
    let text = |blanks: &str| format!("query ($z: Int! = 0) {{{blanks}waits: panicsNot(zero: $z) }}");
    for _ in 0..3 {
        let fine = Reply::of(
            server
                .post()
                .json(&json!({ "query": text(" "), "variables": { "z": 1 } })),
        )
        .await;
        assert_eq!(fine.json["data"], json!({ "waits": 1 }), "{}", fine.json);
    }
    for (blanks, location) in [
        (" ", json!({ "line": 1, "column": 24 })),
        ("\n\n   # a comment\r\n  ", json!({ "line": 4, "column": 3 })),
    ] {
        let failed = Reply::of(server.post().json(&json!({ "query": text(blanks) }))).await;
        assert_eq!(
            failed.json["errors"][0]["locations"],
            json!([location]),
            "{}",
            failed.json
        );
    }
    let invalid = server.ask("{\n  hello\n\n    nope }").await;
    assert_eq!(
        invalid.json["errors"][0]["locations"],
        json!([{ "line": 4, "column": 5 }])
    );
    let malformed = server.ask("{\n  hello(name: ?)\n}").await;
    assert_eq!(
        malformed.json["errors"][0]["locations"],
        json!([{ "line": 2, "column": 15 }])
    );
}

#[tokio::test]
async fn strings_are_written_as_the_specification_has_it() {
    let server = Server::start().await;
    for literal in [
        r#""\ud83d\ude00""#,
        r#""\u{1F600}""#,
        r#""\u{01f600}""#,
        r#""😀""#,
        "\"\"\"\n  😀\n\"\"\"",
    ] {
        let reply = server.ask(&format!("{{ hello(name: {literal}) }}")).await;
        assert_eq!(reply.json["data"]["hello"], "hello 😀", "{literal}: {}", reply.json);
    }
    for literal in [
        r#""\ud83d""#,
        r#""\ude00\ud83d""#,
        r#""\u{D83D}""#,
        r#""\u{110000}""#,
        r#""\u{}""#,
    ] {
        let reply = server.ask(&format!("{{ hello(name: {literal}) }}")).await;
        reply.assert_error(200, "GRAPHQL_PARSE_FAILED");
        assert_eq!(
            reply.json["errors"][0]["locations"],
            json!([{ "line": 1, "column": 15 }]),
            "{literal}"
        );
        assert!(
            reply.json["errors"][0]["message"].as_str().unwrap().contains("Send"),
            "{}",
            reply.json
        );
    }
}

#[tokio::test]
async fn a_field_that_is_written_twice_is_executed_once() {
    let server = Server::start().await;
    let reply = server.ask("mutation { count count ... { count } ... { count } }").await;
    assert_eq!(reply.json["data"], json!({ "count": 1 }));
    let reply = server.ask("mutation { again: count count }").await;
    assert_eq!(reply.json["data"], json!({ "again": 2, "count": 3 }));
}

#[tokio::test]
async fn a_field_of_several_fragments_is_executed_once() {
    let server = Server::start().await;
    let fragments = "fragment A on Mutation { tally { before } } fragment B on Mutation { tally { after } }";
    for (count, selections) in [
        "...A ...B",
        "...B tally { before after } ...A ...A",
        "...A ... on Mutation { ...B }",
        "...A @include(if: true) ...B",
        "... @skip(if: false) { ...A } tally { after @include(if: true) } ... { ...B }",
    ]
    .into_iter()
    .enumerate()
    {
        // Each is used, so that none is a mistake.
        let used = "mutation Other { ...A ...B }";
        let query = format!("mutation M {{ {selections} }} {used} {fragments}");
        let request = server.post().json(&json!({ "query": query, "operationName": "M" }));
        let reply = Reply::of(request).await;
        let tally = json!({ "tally": { "before": count, "after": count + 1 } });
        assert_eq!(reply.json, json!({ "data": tally }), "{selections}");
    }
}

#[tokio::test]
async fn fields_that_are_written_by_turns_are_executed_in_their_order() {
    let server = Server::start().await;
    let query = "mutation { ... on Mutation { a: count } b: count ... on Mutation { c: count } }";
    assert_eq!(server.ask(query).await.json["data"], json!({ "a": 1, "b": 2, "c": 3 }));
}

#[tokio::test]
async fn a_query_without_a_key_has_few_fields_at_its_root() {
    let server = Server::start().await;
    let aliases = |count: usize| -> String { (0..count).map(|number| format!("a{number}: hello ")).collect() };
    assert_eq!(
        server.ask(&format!("{{ {} }}", aliases(10))).await.json["errors"],
        json!(null)
    );
    let eleven = [
        format!("{{ {} }}", aliases(11)),
        format!("{{ {} ...F }} fragment F on Query {{ b: hello }}", aliases(10)),
    ];
    for query in &eleven {
        server.ask(query).await.assert_error(200, "GRAPHQL_VALIDATION_FAILED");
        let with_key = server.post().bearer_auth(GOOD_KEY).json(&json!({ "query": query }));
        assert_eq!(Reply::of(with_key).await.json["errors"], json!(null));
    }
}

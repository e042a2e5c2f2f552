//! Uniqueness rules of documents. The verdicts are those of graphql-js 16 (`validate` with all rules).

use serde_json::json;

use crate::transport::support::{Reply, Server};

const VALID: [&str; 8] = [
    "{ echo(note: { text: \"a\", inner: { text: \"a\" } }) b: echo(note: { text: \"a\" }) }",
    "{ echo(notes: [{ text: \"a\" }, { text: \"a\" }]) }",
    "{ hello(name: \"a\") hello(name: \"a\") }",
    "{ hello @skip(if: false) @include(if: true) }",
    "query A($a: String) { hello(name: $a) } query B($a: String) { hello(name: $a) }",
    "{ ...F ...F ...G } fragment F on Query { hello } fragment G on Query { ...F hello }",
    "{ hello a: hello ...F @skip(if: false) ...F @skip(if: true) } fragment F on Query { hello }",
    "query ($n: Note = { text: \"a\", times: 2 }) { echo(note: $n) }",
];

const INVALID: [(&str, &str); 22] = [
    ("{ echo(note: { text: \"a\", text: \"a\" }) }", "text"),
    ("{ echo(note: { text: \"a\", times: 1, text: null }) }", "text"),
    ("{ echo(note: { inner: { times: 1 times: 2 } }) }", "times"),
    ("{ echo(notes: [{ times: 1 }, { times: 1, times: 1 }]) }", "times"),
    ("query ($n: Note = { times: 1, times: 2 }) { echo(note: $n) }", "times"),
    ("query ($n: Int) { echo(note: { times: $n, times: $n }) }", "times"),
    ("{ hello(name: \"a\", name: \"a\") }", "name"),
    ("{ hello(name: \"a\", name: \"b\") }", "name"),
    ("{ hello @include(if: true, if: true) }", "if"),
    ("query ($a: String, $a: String) { hello(name: $a) }", "a"),
    ("query ($a: String, $a: Int) { hello(name: $a) }", "a"),
    ("query A { hello } query A { hello }", "A"),
    ("query A { hello } mutation A { count }", "A"),
    ("{ hello } { hello }", "only operation"),
    ("{ hello } query A { hello }", "only operation"),
    (
        "{ ...F } fragment F on Query { hello } fragment F on Query { hello }",
        "F",
    ),
    ("{ hello @skip(if: false) @skip(if: false) }", "skip"),
    ("{ ... @include(if: true) @include(if: true) { hello } }", "include"),
    (
        "{ ...F @skip(if: false) @skip(if: true) } fragment F on Query { hello }",
        "skip",
    ),
    ("{ ...F hello } fragment F on Query { hello(name: \"b\") }", "hello"),
    ("{ me { x: hello } ...F } fragment F on Query { me { x: viewer } }", "x"),
    ("{ me { x: hello } me @skip(if: true) { x: viewer } }", "x"),
];

#[tokio::test]
async fn repetitions_are_judged_as_by_the_reference_implementation() {
    let server = Server::start().await;
    for text in VALID {
        let operation = text.contains("query A").then_some("A");
        let request = server
            .post()
            .json(&json!({ "query": text, "operationName": operation }));
        let reply = Reply::of(request).await;
        assert!(reply.json["errors"].is_null(), "{text}: {}", reply.json);
    }
    for (text, part) in INVALID {
        let operation = text.contains("query A").then_some("A");
        // As often as a valid document needs to become known.
        for _ in 0..3 {
            let request = server
                .post()
                .json(&json!({ "query": text, "operationName": operation }));
            let reply = Reply::of(request).await;
            reply.assert_error(200, "GRAPHQL_VALIDATION_FAILED");
            let message = reply.json["errors"][0]["message"].as_str().unwrap();
            assert!(message.contains(part), "{text}: {message}");
            assert!(
                reply.json["errors"][0]["locations"][0].is_object(),
                "{text}: {}",
                reply.json
            );
        }
    }
}

#[tokio::test]
async fn a_repeated_input_field_is_located_in_the_text_that_was_sent() {
    let server = Server::start().await;
    let reply = server
        .ask("{\n  echo(note: {\n    text: \"a\" # a comment\n    text: \"b\"\n  })\n}")
        .await;
    assert_eq!(
        reply.json["errors"][0]["message"],
        "There can be only one input field named \"text\"."
    );
    assert_eq!(
        reply.json["errors"][0]["locations"],
        json!([{ "line": 4, "column": 5 }])
    );
}

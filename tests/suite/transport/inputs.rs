//! Variables that were not sent: by the specification what they stand for is absent, not null.

use serde_json::{Value, json};

use crate::transport::support::{Reply, Server};

/// Asks three times: new, seen before, and known as valid.
async fn assert_data(server: &Server, query: &str, variables: Value, expected: Value) {
    for _ in 0..3 {
        let request = server.post().json(&json!({ "query": query, "variables": variables }));
        let reply = Reply::of(request).await;
        assert_eq!(reply.json, json!({ "data": expected }), "{query} with {variables}");
    }
}

#[tokio::test]
async fn a_variable_that_was_not_sent_is_absent() {
    let server = Server::start().await;
    let argument = "query ($to: String) { echo(to: $to) }";
    assert_data(&server, argument, json!({}), json!({ "echo": "[] to Some(\"me\")" })).await;
    assert_data(
        &server,
        argument,
        json!({ "to": null }),
        json!({ "echo": "[] to None" }),
    )
    .await;
    assert_data(
        &server,
        argument,
        json!({ "to": "you" }),
        json!({ "echo": "[] to Some(\"you\")" }),
    )
    .await;

    let field = "query ($text: String, $times: Int, $inner: Note, $tag: String) {
        echo(note: { text: $text, times: $times, inner: $inner, tags: [$tag] }) }";
    let note = |text: &str, times: u8| {
        json!({ "echo": format!(
            "[Note {{ text: {text}, times: {times}, inner: None, tags: Some([None]) }}] to Some(\"me\")"
        ) })
    };
    assert_data(&server, field, json!({}), note("Undefined", 1)).await;
    assert_data(&server, field, json!({ "text": null, "times": 2 }), note("Null", 2)).await;
    assert_data(&server, field, json!({ "text": "x" }), note("Value(\"x\")", 1)).await;
}

#[tokio::test]
async fn absent_variables_are_those_of_the_operation_that_is_executed() {
    let server = Server::start().await;
    let query =
        "query A($to: String) { ...F } query B($to: String = \"all\") { ...F } fragment F on Query { echo(to: $to) }";
    for (operation, expected) in [("A", "[] to Some(\"me\")"), ("B", "[] to Some(\"all\")")] {
        let request = server
            .post()
            .json(&json!({ "query": query, "operationName": operation }));
        assert_eq!(Reply::of(request).await.json["data"]["echo"], expected, "{operation}");
    }
}

#[tokio::test]
async fn conditions_use_the_default_values_of_variables() {
    let server = Server::start().await;
    let query = "query ($yes: Boolean = true, $no: Boolean! = false) {
        a: hello @include(if: $yes) b: hello @include(if: $no) c: hello @skip(if: $yes) ... @skip(if: $no) { d: hello } }";
    let hello = "hello world";
    assert_data(&server, query, json!({}), json!({ "a": hello, "d": hello })).await;
    assert_data(
        &server,
        query,
        json!({ "yes": false, "no": true }),
        json!({ "b": hello, "c": hello }),
    )
    .await;
}

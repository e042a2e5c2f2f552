//! Documents that are kept parsed: only good ones, and with the same answers as before.

use std::sync::Arc;

use newbee::http::{HttpState, RequestLimits, graphql_route, router};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::http::support::{Gate, Server, door};

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
async fn only_documents_accepted_by_strict_validation_are_known() {
    use axum::body::Body;
    use axum::http::Request;
    use tower::ServiceExt;

    let door = Arc::new(door(&Arc::new(Gate::default())));
    let checks = Arc::new(|| Box::pin(async { Vec::new() }) as _);
    let state = HttpState::new(
        String::new(),
        checks,
        CancellationToken::new(),
        RequestLimits::default(),
        &newbee::config::DoorSettings::default(),
    );
    let app = router(state, graphql_route("/graphql", Arc::clone(&door), None));
    for query in ["{ hello }", "{ nope }", "mutation { count }", "{ leaks }", "{"] {
        let request = Request::post("/graphql").header("content-type", "application/json");
        let body = Body::from(json!({ "query": query }).to_string());
        app.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        assert_eq!(door.knows(query), query == "{ hello }", "{query}");
    }
}

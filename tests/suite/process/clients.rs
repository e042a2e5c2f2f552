//! Restrictions on clients and operations, as set on the command line.

use std::fs;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::database::TestDatabase;
use crate::support::http_client;
use crate::support::program::{Program, newbee};

/// As graphql-codegen prints and names it, with the transformation that adds `__typename`.
const CLOCK_ID: &str = "sha256:6b63b12fb2ddc391f8f2f22e5749f151b50f64a32307836f4f690d896a70d3f5";

const CLOCK: &str = "query Today { __typename clock { __typename businessDay } me { __typename id } }";

#[tokio::test]
async fn only_listed_operations_are_executed_and_only_listed_origins_let_in() {
    let folder = tempfile::tempdir().unwrap();
    let list =
        json!({ CLOCK_ID: CLOCK, "b236": "mutation SignIn { __typename signInToday { __typename award { id } } }" });
    fs::write(folder.path().join("persisted-documents.json"), list.to_string()).unwrap();
    let database = TestDatabase::create().await;
    let lists = folder.path().to_str().unwrap();
    let program = Program::serve(
        &database,
        &[
            "--scheduler",
            "off",
            "--allowed-operations",
            lists,
            "--cors-origins",
            "https://app.example",
        ],
    )
    .await;

    let client = http_client();
    let ask = async |body: Value| -> Value {
        let reply = client
            .post(program.url())
            .json(&body)
            .send()
            .await
            .expect("newbee answers");
        reply.json().await.expect("with JSON")
    };
    let by_id = ask(json!({ "documentId": CLOCK_ID })).await;
    assert!(by_id["data"]["clock"]["businessDay"].is_string(), "{by_id}");
    assert_eq!(ask(json!({ "query": CLOCK })).await["data"]["me"], Value::Null);
    let refused = ask(json!({ "query": "{ clock { businessDay } }" })).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "OPERATION_NOT_ALLOWED");

    let preflight = async |path: &str, origin: &str| {
        let url = format!("http://{}{path}", program.address);
        let request = client.request(Method::OPTIONS, url).header("origin", origin);
        let reply = request
            .header("access-control-request-method", "POST")
            .send()
            .await
            .unwrap();
        reply.headers().contains_key("access-control-allow-origin")
    };
    assert!(preflight("/graphql", "https://app.example").await);
    assert!(preflight("/customer/get_today_award", "https://app.example").await);
    assert!(!preflight("/graphql", "https://evil.example").await);
    assert!(
        !preflight("/admin/graphql", "https://app.example").await,
        "never the admin API"
    );

    let admin = client.post(format!("http://{}/admin/graphql", program.address));
    let admin: Value = admin
        .json(&json!({ "query": "{ __typename }" }))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(
        admin["errors"][0]["extensions"]["code"], "UNAUTHENTICATED",
        "the list is the customers'"
    );
    program.terminate().await;
}

#[tokio::test]
async fn every_operation_and_origin_that_is_wrong_is_said_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (web, app) = (folder.path().join("web.json"), folder.path().join("app.json"));
    let old = json!({ "ab": "query { me { nmae } }", "cd": CLOCK, "ef": "query {" });
    fs::write(&web, old.to_string()).unwrap();
    fs::write(&app, json!({ "12": "{ clock }" }).to_string()).unwrap();
    let output = newbee()
        .args(["serve", "--cors-origins", "app.example"])
        .env("NEWBEE_ALLOWED_OPERATIONS", folder.path())
        .env("DATABASE_URL", "postgres://localhost/x")
        .output()
        .await
        .expect("newbee runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    for part in [
        "web.json: ab: ",
        "nmae",
        "web.json: ef: ",
        "app.json: 12: ",
        "NEWBEE_CORS_ORIGINS",
    ] {
        assert!(said.contains(part), "{part} is missing in: {said}");
    }
    assert!(!said.contains("web.json: cd"), "{said}");
}

//! CORS: origins of pages that may call.

use newbee::config::{AccessSettings, Origins};
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::json;

use crate::transport::support::{Reply, Server};

async fn start(origins: Origins) -> Server {
    Server::shared_with(&origins, &AccessSettings::default()).await
}

fn listed() -> Origins {
    Origins::Listed(vec![
        "https://app.example".to_owned(),
        "http://localhost:5173".to_owned(),
    ])
}

async fn preflight(server: &Server, path: &str, origin: &str) -> (u16, HeaderMap) {
    let request = server
        .client
        .request(Method::OPTIONS, server.url(path))
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type");
    let reply = request.send().await.unwrap();
    (reply.status().as_u16(), reply.headers().clone())
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_listed_origin_may_call_and_read() {
    let server = start(listed()).await;
    let (status, told) = preflight(&server, "/graphql", "https://app.example").await;
    assert_eq!(status, 200);
    assert_eq!(header(&told, "access-control-allow-origin"), "https://app.example");
    assert_eq!(header(&told, "access-control-allow-methods"), "GET,POST");
    assert_eq!(header(&told, "access-control-max-age"), "7200");
    assert!(header(&told, "vary").to_lowercase().contains("origin"));
    assert!(!told.contains_key("access-control-allow-credentials"));
    let headers = header(&told, "access-control-allow-headers");
    let allowed: Vec<&str> = headers.split(',').map(str::trim).collect();
    for wanted in [
        "authorization",
        "content-type",
        "x-request-id",
        "traceparent",
        "apollographql-client-name",
        "apollo-require-preflight",
    ] {
        assert!(allowed.contains(&wanted), "{wanted}: {headers}");
    }

    for (query, code) in [("{ hello }", ""), ("{", "GRAPHQL_PARSE_FAILED")] {
        let request = server.post().header("origin", "http://localhost:5173");
        let reply = Reply::of(request.json(&json!({ "query": query }))).await;
        assert_eq!(reply.code(), code);
        assert_eq!(reply.header("access-control-allow-origin"), "http://localhost:5173");
        assert_eq!(
            reply.header("access-control-expose-headers"),
            "x-request-id,retry-after"
        );
        assert!(reply.header("vary").to_lowercase().contains("origin"));
    }
    // A refusal can be read as well, or the page learns nothing of what to do.
    let bad_key = server
        .post()
        .header("origin", "https://app.example")
        .bearer_auth("nobody");
    let refused = Reply::of(bad_key.json(&json!({ "query": "{ hello }" }))).await;
    refused.assert_error(401, "UNAUTHENTICATED");
    assert_eq!(refused.header("access-control-allow-origin"), "https://app.example");
}

#[tokio::test]
async fn a_page_that_asks_too_often_can_read_when_to_try_again() {
    let access = AccessSettings {
        address_rate: Some("1/1h".parse().unwrap()),
        ..AccessSettings::default()
    };
    let server = Server::shared_with(&listed(), &access).await;
    let ask = async || {
        let request = server.post().header("origin", "https://app.example");
        Reply::of(request.json(&json!({ "query": "{ hello }" }))).await
    };
    assert_eq!(ask().await.status, 200);
    let refused = ask().await;
    refused.assert_error(429, "RATE_LIMITED");
    assert_eq!(refused.header("access-control-allow-origin"), "https://app.example");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 0);
    let (status, _) = preflight(&server, "/graphql", "https://app.example").await;
    assert_eq!(status, 200, "a question of the browser does not count");
}

#[tokio::test]
async fn other_origins_are_not_let_in() {
    let server = start(listed()).await;
    for origin in [
        "https://evil.example",
        "https://app.example.evil.example",
        "http://app.example",
        "null",
    ] {
        let (_, told) = preflight(&server, "/graphql", origin).await;
        assert!(!told.contains_key("access-control-allow-origin"), "{origin}: {told:?}");
        assert!(
            header(&told, "vary").to_lowercase().contains("origin"),
            "caches must tell them apart"
        );
        let reply = Reply::of(
            server
                .post()
                .header("origin", origin)
                .json(&json!({ "query": "{ hello }" })),
        )
        .await;
        assert!(!reply.headers.contains_key("access-control-allow-origin"));
    }
}

#[tokio::test]
async fn a_star_lets_all_in_without_a_word_about_whom() {
    let server = start(Origins::Any).await;
    let (_, told) = preflight(&server, "/graphql", "https://anyone.example").await;
    assert_eq!(header(&told, "access-control-allow-origin"), "*");
    assert!(!told.contains_key("access-control-allow-credentials"));
}

#[tokio::test]
async fn what_is_not_shared_says_nothing() {
    let server = start(listed()).await;
    let nobody = start(Origins::None).await;
    for (server, path) in [
        (&server, "/admin/graphql"),
        (&nobody, "/graphql"),
        (&server, "/schema.graphql"),
    ] {
        let (_, told) = preflight(server, path, "https://app.example").await;
        let told_anything = told.keys().any(|name| name.as_str().starts_with("access-control-"));
        assert!(!told_anything, "{path}: {told:?}");
    }
}

#[tokio::test]
async fn a_plain_question_for_the_methods_is_answered_with_and_without_sharing() {
    for origins in [listed(), Origins::None] {
        let server = start(origins).await;
        let request = server.client.request(Method::OPTIONS, server.url("/graphql"));
        let reply = request.header("origin", "https://app.example").send().await.unwrap();
        assert_eq!(reply.status(), 204);
        assert_eq!(header(reply.headers(), "allow"), "GET, HEAD, POST, OPTIONS");
    }
}

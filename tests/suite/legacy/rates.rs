//! The legacy wire has no 429: who asks too often gets number 5, and HTTP's header all the same.

use newbee::config::AccessSettings;
use newbee::domain::api_key::Scope;
use serde_json::json;

use crate::legacy::wire::failure;
use crate::support::app::{TestApp, TestUser};
use crate::support::http_client;
use crate::support::log::{CapturedLog, fields};

fn access(session: &str, address: &str) -> AccessSettings {
    let rate = |text: &str| (text != "off").then(|| text.parse().expect("a rate"));
    AccessSettings {
        session_rate: rate(session),
        address_rate: rate(address),
        ..AccessSettings::default()
    }
}

/// The `Retry-After` of a reply, if it has one, and its text.
async fn call(app: &TestApp, method: &str, key: &str) -> (Option<u64>, String) {
    let url = app.url(&format!("/customer/{method}"));
    let request = http_client().post(url).form(&[("session_key", key)]);
    let reply = request.send().await.expect("the server answers");
    assert_eq!(reply.status(), 200);
    let header = reply.headers().get("retry-after");
    let seconds = header.map(|value| value.to_str().unwrap().parse().expect("whole seconds"));
    (seconds, reply.text().await.expect("text"))
}

async fn is_refused(app: &TestApp, method: &str, key: &str) -> bool {
    let (seconds, text) = call(app, method, key).await;
    let refused = text == failure(5, "请求过于频繁，请稍后再试");
    assert_eq!(refused, seconds.is_some_and(|seconds| seconds >= 1), "{text}");
    refused
}

async fn is_refused_by_graphql(app: &TestApp, user: &TestUser) -> bool {
    let reply = app.reply(Some(&user.key), "{ __typename }", json!({})).await;
    reply["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
}

#[tokio::test]
async fn a_session_counts_at_both_doors_together() {
    let log = CapturedLog::start();
    let app = TestApp::builder().access(access("4/1day", "off")).start().await;
    let (user, other) = (app.add_user(1).await, app.add_user(2).await);
    assert!(!is_refused(&app, "get_invitation", &user.key).await);
    assert!(!is_refused_by_graphql(&app, &user).await);
    assert!(!is_refused(&app, "get_children", &user.key).await);
    assert!(!is_refused_by_graphql(&app, &user).await);
    assert!(is_refused(&app, "sign_in_today", &user.key).await);
    assert!(is_refused_by_graphql(&app, &user).await);
    assert!(!is_refused(&app, "sign_in_today", &other.key).await);
    assert!(!is_refused(&app, "subscribe_counts", "").await, "which needs no key");
    let lines = log.lines();
    let codes: Vec<_> = fields(&lines, "newbee::operation")
        .into_iter()
        .map(|fields| fields["error_codes"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert!(codes.contains(&"5,RATE_LIMITED".to_owned()), "{codes:?}");
    app.stop().await;
}

#[tokio::test]
async fn an_address_is_refused_before_its_key_is_read() {
    let log = CapturedLog::start();
    let app = TestApp::builder().access(access("off", "20/1day")).start().await;
    let user = app.add_user(1).await;
    assert!(!is_refused(&app, "get_invitation", &user.key).await);
    assert!(!is_refused(&app, "get_invitation", "guess-1").await);
    assert!(!is_refused(&app, "get_invitation", "guess-2").await);
    assert!(
        is_refused(&app, "get_invitation", "guess-3").await,
        "a tenth is for unknown keys"
    );
    for _ in 0..16 {
        assert!(!is_refused(&app, "get_invitation", &user.key).await);
    }
    assert!(is_refused(&app, "get_invitation", &user.key).await);
    assert!(is_refused(&app, "no_such_method", "").await);
    let lines = log.lines();
    let is_logged = fields(&lines, "newbee::operation")
        .into_iter()
        .any(|line| line["error_codes"] == "5,RATE_LIMITED");
    assert!(is_logged, "{lines:?}");
    app.stop().await;
}

#[tokio::test]
async fn an_api_key_may_ask_ten_times_as_often_as_a_session() {
    let app = TestApp::builder().access(access("1/1day", "100/1day")).start().await;
    let key = app.api_key("ops", &[Scope::OpsRead]).await;
    let ask = async |key: &str| app.admin_reply(Some(key), "{ __typename }", json!({})).await;
    for _ in 0..10 {
        assert_eq!(ask(&key).await.0, 200);
    }
    let (status, refused) = ask(&key).await;
    assert_eq!(
        (status, refused["errors"][0]["extensions"]["code"].as_str()),
        (429, Some("RATE_LIMITED"))
    );
    for guess in 0..10 {
        assert_eq!(ask(&format!("nbk_{guess}")).await.0, 401);
    }
    assert_eq!(ask("nbk_another").await.0, 429, "guesses are few");
    app.stop().await;
}

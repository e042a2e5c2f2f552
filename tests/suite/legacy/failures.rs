//! Whatever fails on our side is status 5, and its cause stays with us.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::Request;
use newbee::app::{ClientRules, DemoKeys};
use newbee::config::{AccessSettings, Origins};
use newbee::domain::id::UserId;
use newbee::http::{
    AuthUnavailable, Authenticator, Endpoints, HttpState, LegacyEndpoint, RequestLimits, Router, legacy_api, router,
};
use tokio_util::sync::CancellationToken;

use crate::legacy::wire::{BAD_PARAMETERS, INTERNAL, NO_SESSION, assert_fails, text_from};
use crate::support::app::TestApp;

/// Fails in every way but one.
struct FragileSessions;

impl Authenticator for FragileSessions {
    type Caller = UserId;

    async fn authenticate(&self, key: &str) -> Result<Option<UserId>, AuthUnavailable> {
        match key {
            "panics" => panic!("a test's authenticator panics"),
            "waits" => pending().await,
            "unavailable" => Err(AuthUnavailable("the database is on fire".to_owned())),
            _ => Ok(Some(UserId(1))),
        }
    }
}

fn fragile(app: &TestApp, limits: RequestLimits) -> Router {
    let endpoint = LegacyEndpoint::new(FragileSessions, app.app.state.clone());
    let checks = Arc::new(|| Box::pin(async { Vec::new() }) as _);
    let state = HttpState::new(
        String::new(),
        checks,
        CancellationToken::new(),
        limits,
        &AccessSettings::default(),
    );
    let endpoints = Endpoints {
        legacy: legacy_api(endpoint),
        ..Endpoints::default()
    };
    router(state, endpoints, &Origins::None)
}

fn request(key: &str) -> Request<Body> {
    Request::post("/customer/get_invitation")
        .body(Body::from(format!("session_key={key}")))
        .unwrap()
}

#[tokio::test]
async fn a_read_and_a_write_that_fail() {
    let app = TestApp::start().await;
    let user = app.add_user(1).await;
    app.sql("alter table awards rename to elsewhere").await;
    for method in ["get_newbee_award", "get_today_award", "sign_in_today"] {
        assert_fails(&app.call(method, &user).await, INTERNAL);
    }
    assert!(app.call("get_invitation", &user).await.contains("\"success\":true"));
    app.sql("alter table sessions rename to nowhere").await;
    assert_fails(&app.call("get_invitation", &user).await, INTERNAL);
}

#[tokio::test]
async fn a_user_without_an_invitation_is_our_fault() {
    let app = TestApp::start().await;
    let user = app.add_user(1).await;
    app.sql("delete from invitation_codes; delete from invitations").await;
    assert_fails(&app.call("get_invitation", &user).await, INTERNAL);
}

#[tokio::test]
async fn panics_time_limits_and_stores_that_are_down() {
    let app = TestApp::start().await;
    app.add_user(1).await;
    let limits = RequestLimits {
        operation_timeout: Duration::from_millis(200),
        ..RequestLimits::default()
    };
    let fragile = fragile(&app, limits);
    for key in ["panics", "waits", "unavailable"] {
        assert_fails(&text_from(&fragile, request(key)).await, INTERNAL);
    }
    assert!(text_from(&fragile, request("good")).await.contains("\"success\":true"));
}

pub fn router_within(app: &TestApp, limits: RequestLimits) -> Router {
    app.app.router(
        DemoKeys::Refused,
        CancellationToken::new(),
        limits,
        &AccessSettings::default(),
        ClientRules::default(),
    )
}

#[tokio::test]
async fn more_than_bearable() {
    let app = TestApp::start().await;
    let no_operations = RequestLimits {
        concurrent_operations: 0,
        waiting_operations: 0,
        ..RequestLimits::default()
    };
    let no_requests = RequestLimits {
        open_requests: 0,
        ..RequestLimits::default()
    };
    for limits in [no_operations, no_requests] {
        let router = router_within(&app, limits);
        assert_fails(&text_from(&router, request("x")).await, INTERNAL);
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_or_breaks_off() {
    let app = TestApp::start().await;
    let limits = RequestLimits {
        body_grace: Duration::from_millis(200),
        ..RequestLimits::default()
    };
    let router = router_within(&app, limits);
    let with = |body: Body| Request::post("/customer/get_invitation").body(body).unwrap();
    let never = futures_util::stream::pending::<Result<Bytes, Infallible>>();
    assert_fails(
        &text_from(&router, with(Body::from_stream(never))).await,
        BAD_PARAMETERS,
    );
    let broken = futures_util::stream::iter([Ok(Bytes::from("session_")), Err(std::io::Error::other("gone"))]);
    assert_fails(
        &text_from(&router, with(Body::from_stream(broken))).await,
        BAD_PARAMETERS,
    );
    assert_fails(&text_from(&router, with(Body::empty())).await, NO_SESSION);
}

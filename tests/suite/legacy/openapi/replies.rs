//! Real replies of every method, with every status, and of the probes and metrics, against the schemas.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use chrono::TimeDelta;
use newbee::config::{AccessSettings, Origins};
use newbee::domain::reservation::ReservationTerms;
use newbee::http::{Endpoints, HttpState, LEGACY_METHODS, ReadinessCheck, RequestLimits, Router, SESSION_KEY, router};
use reqwest::header::CONTENT_TYPE;
use serde_json::{Map, Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::{FILE, Statuses, TYPES, document, documented_statuses};
use crate::legacy::failures::router_within;
use crate::legacy::seed_data::furnished;
use crate::legacy::wire::{text_from, text_of};
use crate::process::metrics::Measured;
use crate::support::app::{TestApp, TestUser};
use crate::support::database::TestDatabase;
use crate::support::{reservations, words};

/// Replies of one media type of requests.
struct Exchanges {
    media: &'static str,
    all: Vec<Value>,
    seen: BTreeMap<String, Statuses>,
}

impl Exchanges {
    fn body(&self, parameters: &[(&str, &str)]) -> String {
        match self.media {
            "application/json" => {
                let members = parameters
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), json!(value)));
                Value::from(members.collect::<Map<_, _>>()).to_string()
            }
            _ => {
                let mut form = form_urlencoded::Serializer::new(String::new());
                form.extend_pairs(parameters).finish()
            }
        }
    }

    fn record(&mut self, method: &str, parameters: Option<&[(&str, &str)]>, reply: &str) -> (u64, String) {
        let reply: Value = serde_json::from_str(reply).expect("JSON");
        let status = (
            reply["status"].as_u64().expect("a number"),
            reply["msg"].as_str().expect("a text").to_owned(),
        );
        self.seen.entry(method.to_owned()).or_default().insert(status.clone());
        // The parameters of a successful request must fit, too.
        let valid = parameters.filter(|_| status.0 == 1);
        self.all.push(json!({
            "path": format!("/customer/{method}"), "method": "post", "status": 200,
            "replyType": "application/json", "reply": reply, "requestType": self.media,
            "parameters": valid.map(|parameters| parameters.iter().copied().collect::<BTreeMap<_, _>>()),
        }));
        status
    }

    /// The status and message of a call.
    async fn call(&mut self, app: &TestApp, method: &str, parameters: &[(&str, &str)]) -> (u64, String) {
        let request = app.method(method).header(CONTENT_TYPE, self.media);
        let reply = text_of(request.body(self.body(parameters))).await;
        self.record(method, Some(parameters), &reply)
    }

    async fn call_as(&mut self, app: &TestApp, method: &str, user: &TestUser, more: &[(&str, &str)]) -> u64 {
        let parameters = [&[(SESSION_KEY, user.key.as_str())], more].concat();
        self.call(app, method, &parameters).await.0
    }

    /// Statuses that every method has, from a server without room, one with a rate, and bodies that cannot be read.
    async fn fail(&mut self, app: &TestApp) {
        let limits = RequestLimits {
            open_requests: 0,
            ..RequestLimits::default()
        };
        let full = router_within(app, limits);
        let access = AccessSettings {
            address_rate: Some("1/1day".parse().expect("a rate")),
            ..AccessSettings::default()
        };
        let busy = TestApp::builder().access(access).start().await;
        text_of(busy.method("nothing")).await;
        for method in &LEGACY_METHODS {
            let name = method.name;
            let request = Request::post(format!("/customer/{name}"));
            let reply = text_from(&full, request.body(Body::empty()).unwrap()).await;
            assert_eq!(self.record(name, None, &reply).0, 5);
            assert_eq!(self.call(&busy, name, &[]).await.0, 5);
            for content_type in ["text/plain".to_owned(), format!("{}; charset=utf-16", self.media)] {
                let request = app.method(name).header(CONTENT_TYPE, content_type);
                let reply = text_of(request.body("x")).await;
                assert_eq!(self.record(name, None, &reply).0, 0);
            }
            if method.parameters.contains(&SESSION_KEY) {
                assert_eq!(self.call(app, name, &[]).await.0, 2);
                assert_eq!(self.call(app, name, &[(SESSION_KEY, "unknown")]).await.0, 3);
            }
        }
        busy.stop().await;
    }

    async fn bind(&mut self, app: &TestApp, user: &TestUser) {
        let (parent, other, guessing) = (app.add_user(30).await, app.add_user(31).await, app.add_user(32).await);
        for (user, code, status) in [
            (&other, "nobody", 102),
            (&other, "", 0),
            (&other, &other.code, 110),
            (&other, &user.code, 1),
            (&other, &parent.code, 103),
            (user, &other.code, 111),
        ] {
            let parameters = [("parent_code", code)];
            assert_eq!(
                self.call_as(app, "set_invitation", user, &parameters).await,
                status,
                "{code}"
            );
        }
        assert_eq!(self.call_as(app, "get_invitation", &other, &[]).await, 1);
        self.guess(app, "set_invitation", &guessing, "parent_code").await;
    }

    /// Guesses until the user is locked out.
    async fn guess(&mut self, app: &TestApp, method: &str, user: &TestUser, parameter: &str) {
        for _ in 0..100 {
            if self.call_as(app, method, user, &[(parameter, "guess")]).await == 206 {
                return;
            }
        }
        panic!("{method}: guesses are not limited");
    }

    async fn claim(&mut self, app: &TestApp, user: &TestUser) {
        words::create(app, &words::terms(app, "moon", 50)).await;
        let (late, guessing) = (app.add_user(40).await, app.add_user(41).await);
        for (word, status) in [("", 0), ("sun", 203), ("moon", 1), ("moon", 205)] {
            assert_eq!(self.call_as(app, "submit_word", user, &[("word", word)]).await, status);
        }
        self.guess(app, "submit_word", &guessing, "word").await;
        app.clock.advance(TimeDelta::hours(2));
        assert_eq!(self.call_as(app, "submit_word", &late, &[("word", "moon")]).await, 204);
    }

    async fn count(&mut self, app: &TestApp) {
        let terms = ReservationTerms {
            is_legacy_default: true,
            ..ReservationTerms::default()
        };
        reservations::create(app, "libra", terms).await;
        for parameters in [&[][..], &[("key", "libra")]] {
            assert_eq!(self.call(app, "subscribe_counts", parameters).await.0, 1);
        }
        assert_eq!(self.call(app, "subscribe_counts", &[("key", "gemini")]).await.0, 221);
    }

    async fn sign_in(&mut self, app: &TestApp, user: &TestUser) {
        for status in [1, 202] {
            assert_eq!(self.call_as(app, "sign_in_today", user, &[]).await, status);
        }
        let version =
            "insert into rule_versions (item, version, amount, coin_id, daily_limit, target_rule, changed_by, reason,
                                                  created_at, day_budget, enabled)
                       values ('sign_in', 2, 5, '1', 1, 'NONE', 'a test', 'a test', '2019-11-17Z',";
        app.sql(format!("{version} 5, true)")).await;
        for (id, status) in [(48, 1), (49, 6)] {
            let user = app.add_user(id).await;
            assert_eq!(self.call_as(app, "sign_in_today", &user, &[]).await, status);
        }
        app.sql(format!(
            "{} null, false)",
            version.replace("'sign_in', 2", "'sign_in', 3")
        ))
        .await;
        let other = app.add_user(50).await;
        assert_eq!(self.call_as(app, "sign_in_today", &other, &[]).await, 6);
    }
}

/// Checks the document with its examples, and exchanges against it.
async fn check(exchanges: &[Value]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut child = Command::new("node")
        .arg("openapi.mjs")
        .arg(root.join(FILE))
        .current_dir(root.join("tests/clients/schema_quality"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("Node is installed");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(json!(exchanges).to_string().as_bytes()).await.unwrap();
    drop(stdin);
    let output = child.wait_with_output().await.expect("it ends");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.contains(&format!("{} exchanges", exchanges.len())),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_of_every_method_with_every_status_fit_the_schemas() {
    let document = document().await;
    for media in TYPES {
        let (app, user) = furnished().await;
        let mut exchanges = Exchanges {
            media,
            all: Vec::new(),
            seen: BTreeMap::new(),
        };
        exchanges.fail(&app).await;
        for method in ["get_newbee_award", "get_today_award", "get_invitation", "get_children"] {
            assert_eq!(exchanges.call_as(&app, method, &user, &[]).await, 1, "{method}");
        }
        exchanges.bind(&app, &user).await;
        exchanges.claim(&app, &user).await;
        exchanges.count(&app).await;
        exchanges.sign_in(&app, &user).await;
        for method in &LEGACY_METHODS {
            let mut expected = documented_statuses(&document, method.name);
            expected.insert((1, "成功".to_owned()));
            assert_eq!(exchanges.seen[method.name], expected, "{} as {media}", method.name);
        }
        check(&exchanges.all).await;
        app.stop().await;
    }
}

fn unready() -> Router {
    let failed = ReadinessCheck {
        name: "database",
        outcome: Err("it is on fire".to_owned()),
        degraded: None,
    };
    let state = HttpState::new(
        String::new(),
        Arc::new(move || {
            let failed = failed.clone();
            Box::pin(async { vec![failed] }) as _
        }),
        CancellationToken::new(),
        RequestLimits::default(),
        &AccessSettings::default(),
    );
    router(state, Endpoints::default(), &Origins::None)
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_of_the_probes_and_the_metrics_fit_the_schemas() {
    let mut exchanges = Vec::new();
    let mut record = |path: &str, status: u16, reply_type: &str, reply: Value| {
        exchanges.push(json!({
            "path": path, "method": "get", "status": status,
            "replyType": reply_type.split(';').next(), "reply": reply,
        }));
    };
    let app = TestApp::start().await;
    for path in ["/healthz", "/readyz"] {
        let reply = app.client.get(app.url(path)).send().await.expect("a reply");
        let status = reply.status().as_u16();
        let media = reply.headers()["content-type"].to_str().unwrap().to_owned();
        record(path, status, &media, reply.json().await.expect("JSON"));
    }
    app.stop().await;
    let reply = unready()
        .oneshot(Request::get("/readyz").body(Body::empty()).unwrap())
        .await
        .unwrap();
    let status = reply.status().as_u16();
    let bytes = axum::body::to_bytes(reply.into_body(), usize::MAX).await.unwrap();
    record(
        "/readyz",
        status,
        "application/json",
        serde_json::from_slice(&bytes).unwrap(),
    );
    let database = TestDatabase::create().await;
    let measured = Measured::start(&database, &[]).await;
    record("/metrics", 200, "text/plain", measured.scrape().await.into());
    measured.program.terminate().await;
    let statuses: Vec<_> = exchanges.iter().map(|exchange| exchange["status"].clone()).collect();
    assert_eq!(statuses, [200, 200, 503, 200]);
    check(&exchanges).await;
}

//! Session keys issued, registered and ended by the host.

use chrono::TimeDelta;
use newbee::domain::api_key::Scope;
use serde_json::{Value, json};

use crate::support::app::TestApp;

async fn is_good(app: &TestApp, key: &str) -> bool {
    let reply = app.reply(Some(key), "{ me { id } }", json!({})).await;
    reply["data"]["me"]["id"].is_string()
}

async fn issue(app: &TestApp, host: &str, user: i64, request: &str) -> String {
    let query = "mutation ($user: ID!, $request: String) {
        issueSession(userId: $user, idempotencyKey: $request) { key expiresAt refused { code } }
    }";
    let mut data = app
        .admin(host, query, json!({ "user": user, "request": request }))
        .await;
    let payload = data["issueSession"].take();
    assert_eq!(payload["expiresAt"], "2026-12-20T04:00:00.000Z", "{payload}");
    payload["key"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_leaves_one_key_that_somebody_knows() {
    let app = TestApp::start().await;
    let host = app.api_key("chat", &[Scope::Host]).await;
    app.add_user(17).await;
    let lost = issue(&app, &host, 17, "login-1").await;
    assert!(is_good(&app, &lost).await);
    let kept = issue(&app, &host, 17, "login-1").await;
    let other = issue(&app, &host, 17, "login-2").await;
    assert_eq!(
        [
            is_good(&app, &lost).await,
            is_good(&app, &kept).await,
            is_good(&app, &other).await
        ],
        [false, true, true]
    );
    let at_once = futures_util::future::join_all((0..6).map(|_| issue(&app, &host, 17, "login-3"))).await;
    let mut good = 0;
    for key in &at_once {
        good += usize::from(is_good(&app, key).await);
    }
    assert_eq!(good, 1, "of several at once one is left");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_the_host_are_registered_and_ended_as_often_as_one_likes() {
    let app = TestApp::start().await;
    let host = app.api_key("chat", &[Scope::Host]).await;
    app.add_user(1).await;
    app.add_user(2).await;
    let register = async |user: i64, key: &str| -> Value {
        let query = "mutation ($user: ID!, $key: String!) {
            registerSession(userId: $user, key: $key) { repeated refused { code } }
        }";
        app.admin(&host, query, json!({ "user": user, "key": key })).await["registerSession"].take()
    };
    let key = "the-hosts-own-session-key-of-1";
    assert_eq!(register(1, key).await, json!({ "repeated": false, "refused": null }));
    assert_eq!(register(1, key).await, json!({ "repeated": true, "refused": null }));
    assert!(is_good(&app, key).await);
    for (user, key, code) in [
        (2, key, "KEY_TAKEN"),
        (3, "another-key-of-the-host", "USER_UNKNOWN"),
        (1, "short", "KEY_INVALID"),
        (1, "1111111111111111", "KEY_INVALID"),
        (1, "0123456789abcdefABCDE", "KEY_INVALID"),
        (1, "1212121212121212121212121212", "KEY_INVALID"),
        (1, "nbk_the-hosts-own-session-key", "KEY_INVALID"),
        (1, "with space with space", "KEY_INVALID"),
        (1, "demo-session-regular", "KEY_PUBLIC"),
    ] {
        assert_eq!(register(user, key).await["refused"]["code"], code, "{key}");
    }
    let revoke = async |key: &str| -> Value {
        let query = "mutation ($key: String!) { revokeSession(key: $key) { ended } }";
        app.admin(&host, query, json!({ "key": key })).await["revokeSession"]["ended"].take()
    };
    assert_eq!(
        [revoke(key).await, revoke(key).await, revoke("nobody's").await],
        [1, 0, 0]
    );
    assert!(!is_good(&app, key).await);
    assert_eq!(register(1, key).await["refused"]["code"], "KEY_ENDED");
    register(1, "a-second-key-of-the-host").await;
    register(1, "and-a-third-key-of-the-host").await;
    let all = "mutation { revokeSessions(userId: 1) { ended } }";
    // The third is the one that the user was made with.
    assert_eq!(app.admin(&host, all, json!({})).await["revokeSessions"]["ended"], 3);
    assert_eq!(app.admin(&host, all, json!({})).await["revokeSessions"]["ended"], 0);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_ended_is_never_registered_again_though_its_row_is_gone() {
    let app = TestApp::start().await;
    let host = app.api_key("chat", &[Scope::Host]).await;
    let issued = app.add_user(1).await.key;
    app.add_user(2).await;
    let register = async |user: i64, key: &str| -> Value {
        let query = "mutation ($user: ID!, $key: String!) {
            registerSession(userId: $user, key: $key, lifetimeSeconds: 3600) { refused { code } }
        }";
        let mut data = app.admin(&host, query, json!({ "user": user, "key": key })).await;
        data["registerSession"]["refused"]["code"].take()
    };
    let key = "the-hosts-own-session-key-of-1";
    assert_eq!(register(1, key).await, Value::Null);
    app.run_due_jobs().await; // the jobs are known from now on
    app.clock.advance(TimeDelta::days(40));
    app.run_due_jobs().await;
    app.admin(&host, "mutation { revokeSessions(userId: 1) { ended } }", json!({}))
        .await;
    app.clock.advance(TimeDelta::days(40));
    app.run_due_jobs().await;
    let left: i64 = sqlx::query_scalar("select count(*) from sessions where user_id = 1")
        .fetch_one(app.pool())
        .await
        .unwrap();
    assert_eq!(left, 0, "the job deleted the rows");
    for ended in [key, &issued] {
        for user in [1, 2] {
            assert_eq!(register(user, ended).await, "KEY_ENDED");
        }
        assert!(!is_good(&app, ended).await);
    }
    app.stop().await;
}

//! Session keys of the legacy API, and the precedence of errors.

use chrono::TimeDelta;

use crate::legacy::wire::{BAD_PARAMETERS, BAD_SESSION, NO_SESSION, assert_fails, text_of};
use crate::support::app::TestApp;

const METHODS: [&str; 6] = [
    "get_newbee_award",
    "get_today_award",
    "get_invitation",
    "set_invitation",
    "sign_in_today",
    "get_children",
];

#[tokio::test]
async fn no_method_works_without_a_good_session() {
    let app = TestApp::start().await;
    let user = app.add_user(1).await;
    let too_long = "k".repeat(56);
    for method in METHODS {
        assert_fails(&text_of(app.method(method).form(&[("other", "1")])).await, NO_SESSION);
        assert_fails(
            &text_of(app.method(method).form(&[("session_key", "")])).await,
            NO_SESSION,
        );
        for key in ["unknown", "demo-session-regular", "with space", "会话", &too_long] {
            assert_fails(
                &text_of(app.method(method).form(&[("session_key", key)])).await,
                BAD_SESSION,
            );
        }
        // A key in a header or an address is none.
        let elsewhere = app.method(method).bearer_auth(&user.key);
        assert_fails(
            &text_of(elsewhere.query(&[("session_key", &user.key)])).await,
            NO_SESSION,
        );
    }
    assert!(app.call("get_invitation", &user).await.contains("\"success\":true"));
}

#[tokio::test]
async fn a_session_ends_by_time_or_by_being_revoked() {
    let app = TestApp::start().await;
    let (expiring, revoked) = (app.add_user(1).await, app.add_user(2).await);
    let at = app.clock.now();
    app.sql(format!("update sessions set revoked_at = '{at}' where user_id = 2"))
        .await;
    assert_fails(&app.call("get_invitation", &revoked).await, BAD_SESSION);
    assert!(app.call("get_invitation", &expiring).await.contains("\"success\":true"));
    app.clock.advance(TimeDelta::days(365));
    assert_fails(&app.call("get_invitation", &expiring).await, BAD_SESSION);
}

#[tokio::test]
async fn the_session_is_judged_before_other_parameters() {
    let app = TestApp::start().await;
    let user = app.add_user(1).await;
    let set = async |form: &[(&str, &str)]| text_of(app.method("set_invitation").form(form)).await;
    for code in ["", "1234567890123", "nobody"] {
        assert_fails(&set(&[("parent_code", code)]).await, NO_SESSION);
        assert_fails(
            &set(&[("parent_code", code), ("session_key", "unknown")]).await,
            BAD_SESSION,
        );
    }
    assert_fails(&set(&[("session_key", &user.key)]).await, BAD_PARAMETERS);
}

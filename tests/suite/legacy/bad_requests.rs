//! Bodies, types and paths of every kind: always an answer in the envelope.

use reqwest::{Method, RequestBuilder};
use serde_json::json;

use crate::legacy::wire::{BAD_PARAMETERS, NO_SESSION, UNKNOWN_METHOD, assert_fails, success, text_of};
use crate::support::app::TestApp;

const FORM: &str = "application/x-www-form-urlencoded";

const NO_CHILDREN: &str = r#"{"children":[],"count":0}"#;

fn typed(request: RequestBuilder, content_type: &str, body: impl Into<reqwest::Body>) -> RequestBuilder {
    request.header("content-type", content_type).body(body)
}

#[tokio::test]
async fn forms_and_json_are_the_same() {
    let app = TestApp::start().await;
    let user = app.add_user(1).await;
    let (form, json) = (
        format!("session_key={}", user.key),
        json!({ "session_key": user.key }).to_string(),
    );
    let post = || app.method("get_children");
    for request in [
        typed(post(), FORM, form.clone()),
        typed(post(), "Application/X-WWW-Form-Urlencoded; charset=UTF-8", form.clone()),
        post().body(form.clone()),
        typed(post(), "application/json", json.clone()),
        typed(post(), "application/json; charset=utf-8", json),
        // Of several with one name the last counts.
        typed(post(), FORM, format!("session_key=unknown&x=1&{form}")),
        typed(
            post(),
            "application/json",
            format!(r#"{{"session_key":"unknown","session_key":"{}"}}"#, user.key),
        ),
    ] {
        assert_eq!(text_of(request).await, success(NO_CHILDREN));
    }
}

#[tokio::test]
async fn a_number_in_json_is_what_its_digits_spell() {
    let app = TestApp::start().await;
    app.add_user(1).await;
    let child = app.add_user(2).await;
    app.sql(
        "update invitations set code = '123456789012' where user_id = 1;
         update invitation_codes set normalised_code = '123456789012' where user_id = 1",
    )
    .await;
    let set = |code: serde_json::Value| {
        let body = json!({ "session_key": child.key, "parent_code": code });
        text_of(app.method("set_invitation").json(&body))
    };
    assert_fails(&set(json!(1_234_567_890_123_i64)).await, BAD_PARAMETERS);
    for neither in [json!(true), json!(["123456789012"]), json!({}), json!(null)] {
        assert_fails(&set(neither).await, BAD_PARAMETERS);
    }
    assert!(set(json!(123_456_789_012_i64)).await.contains(r#""parent_id":"1""#));
}

#[tokio::test]
async fn a_body_that_cannot_be_read_lacks_its_parameters() {
    let app = TestApp::start().await;
    let user = app.add_user(1).await;
    let form = format!("session_key={}", user.key);
    let post = || app.method("sign_in_today");
    let deep = format!("{}1{}", "[".repeat(60_000), "]".repeat(60_000));
    let mut requests: Vec<_> = [
        "{",
        "[]",
        "null",
        "7",
        "\"x\"",
        "session_key=x",
        "{\"session_key\": \"x\"} x",
        &deep,
    ]
    .into_iter()
    .map(|body| typed(post(), "application/json", body.to_owned()))
    .collect();
    requests.push(typed(
        post(),
        "application/json",
        b"{\"session_key\": \"\xff\"}".to_vec(),
    ));
    for content_type in ["text/plain", "multipart/form-data; boundary=x", "application/xml", ""] {
        requests.push(typed(post(), content_type, form.clone()));
    }
    for bytes in [128 * 1024, 8 * 1024 * 1024] {
        requests.push(typed(post(), FORM, format!("{form}&pad={}", "x".repeat(bytes))));
    }
    for request in requests {
        assert_fails(&text_of(request).await, BAD_PARAMETERS);
    }
    assert!(
        app.call("sign_in_today", &user).await.contains("reward_id"),
        "nobody had signed in"
    );
}

#[tokio::test]
async fn an_empty_body_has_no_session() {
    let app = TestApp::start().await;
    assert_fails(&text_of(app.method("get_children")).await, NO_SESSION);
    for content_type in [FORM, "application/json", "text/plain"] {
        assert_fails(
            &text_of(typed(app.method("get_children"), content_type, "")).await,
            NO_SESSION,
        );
    }
    for bytes in [&b"\xff\xff"[..], b"%", b"%zz=%", b"=&=&&", b"\0"] {
        assert_fails(
            &text_of(typed(app.method("get_children"), FORM, bytes.to_vec())).await,
            NO_SESSION,
        );
    }
    assert_fails(
        &text_of(typed(app.method("get_children"), "application/json", "{}")).await,
        NO_SESSION,
    );
}

#[tokio::test]
async fn an_unknown_method_is_unknown_whatever_comes_with_it() {
    let app = TestApp::start().await;
    let user = app.add_user(1).await;
    for path in [
        "nothing",
        "",
        "get_invitation/",
        "Get_Invitation",
        "get_invitation/x",
        "%ff",
        "get%5Finvitation",
    ] {
        assert_fails(&app.call(path, &user).await, UNKNOWN_METHOD);
        assert_fails(&text_of(app.method(path)).await, UNKNOWN_METHOD);
        assert_fails(
            &text_of(typed(app.method(path), "application/json", "{")).await,
            UNKNOWN_METHOD,
        );
        let url = app.url(&format!("/customer/{path}"));
        assert_fails(&text_of(app.client.get(url)).await, UNKNOWN_METHOD);
    }
    assert_fails(&text_of(app.client.post(app.url("/customer"))).await, UNKNOWN_METHOD);
}

#[tokio::test]
async fn other_verbs_than_post_lack_the_parameters_and_do_nothing() {
    let app = TestApp::start().await;
    let user = app.add_user(1).await;
    let url = app.url("/customer/sign_in_today");
    for verb in [Method::GET, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS] {
        let request = app.client.request(verb, &url).query(&[("session_key", &user.key)]);
        assert_fails(
            &text_of(request.form(&[("session_key", &user.key)])).await,
            BAD_PARAMETERS,
        );
    }
    assert_eq!(text_of(app.client.head(&url)).await, "");
    assert!(
        app.call("sign_in_today", &user).await.contains("reward_id"),
        "nobody had signed in"
    );
}

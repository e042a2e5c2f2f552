//! Bodies, types and paths of every kind: always an answer in the envelope.

use reqwest::{Method, RequestBuilder};
use serde_json::json;

use crate::legacy::wire::{BAD_PARAMETERS, NO_SESSION, UNKNOWN_METHOD, Wire, assert_fails, success, text_of};

const FORM: &str = "application/x-www-form-urlencoded";

const NO_CHILDREN: &str = r#"{"children":[],"count":0}"#;

fn typed(request: RequestBuilder, content_type: &str, body: impl Into<reqwest::Body>) -> RequestBuilder {
    request.header("content-type", content_type).body(body)
}

#[tokio::test]
async fn forms_and_json_are_the_same() {
    let wire = Wire::start().await;
    let user = wire.app.add_user(1).await;
    let (form, json) = (
        format!("session_key={}", user.key),
        json!({ "session_key": user.key }).to_string(),
    );
    let post = || wire.post("get_children");
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
    let wire = Wire::start().await;
    wire.app.add_user(1).await;
    let child = wire.app.add_user(2).await;
    wire.sql(
        "update invitations set code = '123456789012' where user_id = 1;
         update invitation_codes set normalised_code = '123456789012' where user_id = 1",
    )
    .await;
    let set = |code: serde_json::Value| {
        let body = json!({ "session_key": child.key, "parent_code": code });
        text_of(wire.post("set_invitation").json(&body))
    };
    assert_fails(&set(json!(1_234_567_890_123_i64)).await, BAD_PARAMETERS);
    for neither in [json!(true), json!(["123456789012"]), json!({}), json!(null)] {
        assert_fails(&set(neither).await, BAD_PARAMETERS);
    }
    assert!(set(json!(123_456_789_012_i64)).await.contains(r#""parent_id":"1""#));
}

#[tokio::test]
async fn a_body_that_cannot_be_read_lacks_its_parameters() {
    let wire = Wire::start().await;
    let user = wire.app.add_user(1).await;
    let form = format!("session_key={}", user.key);
    let post = || wire.post("sign_in_today");
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
        wire.call("sign_in_today", &user).await.contains("reward_id"),
        "nobody had signed in"
    );
}

#[tokio::test]
async fn an_empty_body_has_no_session() {
    let wire = Wire::start().await;
    assert_fails(&text_of(wire.post("get_children")).await, NO_SESSION);
    for content_type in [FORM, "application/json", "text/plain"] {
        assert_fails(
            &text_of(typed(wire.post("get_children"), content_type, "")).await,
            NO_SESSION,
        );
    }
    for bytes in [&b"\xff\xff"[..], b"%", b"%zz=%", b"=&=&&", b"\0"] {
        assert_fails(
            &text_of(typed(wire.post("get_children"), FORM, bytes.to_vec())).await,
            NO_SESSION,
        );
    }
    assert_fails(
        &text_of(typed(wire.post("get_children"), "application/json", "{}")).await,
        NO_SESSION,
    );
}

#[tokio::test]
async fn an_unknown_method_is_unknown_whatever_comes_with_it() {
    let wire = Wire::start().await;
    let user = wire.app.add_user(1).await;
    for path in [
        "nothing",
        "",
        "get_invitation/",
        "Get_Invitation",
        "get_invitation/x",
        "%ff",
        "get%5Finvitation",
    ] {
        assert_fails(&wire.call(path, &user).await, UNKNOWN_METHOD);
        assert_fails(&text_of(wire.post(path)).await, UNKNOWN_METHOD);
        assert_fails(
            &text_of(typed(wire.post(path), "application/json", "{")).await,
            UNKNOWN_METHOD,
        );
        let url = wire.app.url(&format!("/customer/{path}"));
        assert_fails(&text_of(wire.client.get(url)).await, UNKNOWN_METHOD);
    }
    assert_fails(
        &text_of(wire.client.post(wire.app.url("/customer"))).await,
        UNKNOWN_METHOD,
    );
}

#[tokio::test]
async fn other_verbs_than_post_lack_the_parameters_and_do_nothing() {
    let wire = Wire::start().await;
    let user = wire.app.add_user(1).await;
    let url = wire.app.url("/customer/sign_in_today");
    for verb in [Method::GET, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS] {
        let request = wire.client.request(verb, &url).query(&[("session_key", &user.key)]);
        assert_fails(
            &text_of(request.form(&[("session_key", &user.key)])).await,
            BAD_PARAMETERS,
        );
    }
    assert_eq!(text_of(wire.client.head(&url)).await, "");
    assert!(
        wire.call("sign_in_today", &user).await.contains("reward_id"),
        "nobody had signed in"
    );
}

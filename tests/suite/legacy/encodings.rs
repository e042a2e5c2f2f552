//! Encodings of request bodies: GBK where it is declared, byte order marks, and UTF-16.

use newbee::domain::api_key::Scope;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use crate::support::app::{TestApp, TestUser};
use crate::support::http_client;
use crate::support::words::{create, terms};

const FORM: &str = "application/x-www-form-urlencoded";

const JSON: &str = "application/json";

/// The status and message of `submit_word` with a body.
async fn submit(app: &TestApp, content_type: &str, body: Vec<u8>) -> (i64, String) {
    let request = http_client()
        .post(app.url("/customer/submit_word"))
        .header(CONTENT_TYPE, content_type)
        .body(body);
    let reply: Value = request.send().await.unwrap().json().await.unwrap();
    (
        reply["status"].as_i64().unwrap(),
        reply["msg"].as_str().unwrap().to_owned(),
    )
}

fn form(user: &TestUser, word: &[u8]) -> Vec<u8> {
    [b"session_key=", user.key.as_bytes(), b"&word=", word].concat()
}

async fn tries(app: &TestApp) -> i64 {
    sqlx::query_scalar("select coalesce(sum(count), 0)::bigint from tries")
        .fetch_one(app.pool())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn old_clients_send_gbk_and_say_so() {
    let app = TestApp::start().await;
    create(&app, &terms(&app, "口令", 50)).await;
    let percent = b"%BF%DA%C1%EE".as_slice();
    let raw = b"\xbf\xda\xc1\xee".as_slice();
    for (id, (charset, word)) in (1..).zip([
        ("gbk", percent),
        ("GBK", raw),
        ("gb2312", percent),
        ("\"GB18030\"", percent),
    ]) {
        let user = app.add_user(id).await;
        let content_type = format!("{FORM}; charset={charset}");
        assert_eq!(submit(&app, &content_type, form(&user, word)).await.0, 1, "{charset}");
    }
    let user = app.add_user(10).await;
    let json = [
        b"{\"session_key\":\"",
        user.key.as_bytes(),
        b"\",\"word\":\"",
        raw,
        b"\"}",
    ]
    .concat();
    assert_eq!(submit(&app, "application/json; charset=gbk", json).await.0, 1);

    // Bytes that are not text of the encoding are a bad parameter, and no guess.
    let user = app.add_user(11).await;
    for (content_type, word) in [
        (FORM, percent),
        ("application/x-www-form-urlencoded; charset=utf-8", raw),
        ("application/x-www-form-urlencoded; charset=gbk", b"%BF%DA%C1"),
        ("application/x-www-form-urlencoded; charset=gbk", b"%FF%FF"),
        ("application/x-www-form-urlencoded; charset=klingon", b"moon"),
        (FORM, b"%FF%FE"),
    ] {
        for _ in 0..6 {
            assert_eq!(
                submit(&app, content_type, form(&user, word)).await,
                (0, "参数不足".to_owned())
            );
        }
    }
    assert_eq!(tries(&app).await, 0);
    let utf_8 = "口令".as_bytes();
    assert_eq!(submit(&app, FORM, form(&user, utf_8)).await.0, 1, "not locked out");
    app.stop().await;
}

fn utf_16(text: &str, big: bool, mark: bool) -> Vec<u8> {
    let text = if mark {
        format!("\u{feff}{text}")
    } else {
        text.to_owned()
    };
    text.encode_utf16()
        .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_byte_order_mark_is_ignored_and_utf_16_is_named() {
    let app = TestApp::start().await;
    create(&app, &terms(&app, "moon", 50)).await;
    let user = app.add_user(1).await;
    let body = json!({ "session_key": user.key, "word": "moon" }).to_string();
    assert_eq!(submit(&app, JSON, format!("\u{feff}{body}").into_bytes()).await.0, 1);
    let form_with_mark = [b"\xef\xbb\xbf".as_slice(), &form(&user, b"moon")].concat();
    assert_eq!(submit(&app, FORM, form_with_mark).await.0, 205);
    let named = (0, "不支持 UTF-16 编码，请使用 UTF-8".to_owned());
    for (big, mark) in [(false, true), (true, true), (false, false), (true, false)] {
        assert_eq!(submit(&app, JSON, utf_16(&body, big, mark)).await, named);
        let form = format!("session_key={}&word=moon", user.key);
        assert_eq!(submit(&app, FORM, utf_16(&form, big, mark)).await, named);
    }
    assert_eq!(
        submit(&app, "application/json; charset=utf-16le", body.into_bytes()).await,
        named
    );

    let ops = app.api_key("desk", &[Scope::OpsRead]).await;
    for (path, key, query) in [
        ("/graphql", user.key.as_str(), "{ me { id } }"),
        ("/admin/graphql", &ops, "{ rules { item } }"),
    ] {
        let post = async |content_type: &str, body: Vec<u8>| {
            let request = http_client()
                .post(app.url(path))
                .bearer_auth(key)
                .header(CONTENT_TYPE, content_type)
                .body(body);
            let reply = request.send().await.unwrap();
            (reply.status().as_u16(), reply.json::<Value>().await.unwrap())
        };
        let body = json!({ "query": query }).to_string();
        let (status, reply) = post(JSON, format!("\u{feff}{body}").into_bytes()).await;
        assert!(status == 200 && reply["errors"].is_null(), "{reply}");
        let (status, reply) = post(JSON, format!("\u{feff}\u{feff}{body}").into_bytes()).await;
        assert!(
            status == 400 && reply["errors"].is_array(),
            "one mark is ignored: {reply}"
        );
        for (content_type, bytes) in [
            (JSON, utf_16(&body, false, true)),
            (JSON, utf_16(&body, true, true)),
            (JSON, utf_16(&body, false, false)),
            ("application/json; charset=UTF-16", utf_16(&body, true, true)),
        ] {
            let (status, reply) = post(content_type, bytes).await;
            let message = reply["errors"][0]["message"].as_str().unwrap();
            assert!(status == 415 && message.contains("UTF-16"), "{status} {message}");
        }
    }
    app.stop().await;
}

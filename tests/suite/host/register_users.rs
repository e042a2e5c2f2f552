//! Users registered and changed by the host, one or thousands.

use newbee::domain::api_key::Scope;
use serde_json::{Value, json};

use crate::support::app::TestApp;

const REGISTER: &str = "mutation ($users: [UserInput!]!) {
    registerUsers(users: $users) { registered updated unchanged refused { index userId code message } }
}";

async fn register(app: &TestApp, key: &str, users: Value) -> Value {
    app.admin(key, REGISTER, json!({ "users": users })).await["registerUsers"].take()
}

fn counts(payload: &Value) -> (i64, i64, i64, usize) {
    let number = |name: &str| payload[name].as_i64().unwrap();
    (
        number("registered"),
        number("updated"),
        number("unchanged"),
        payload["refused"].as_array().unwrap().len(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn of_ten_thousand_users_the_bad_one_is_named_and_the_rest_are_in() {
    let app = TestApp::start().await;
    let key = app.api_key("chat", &[Scope::Host]).await;
    let users: Vec<Value> = (1..=10_000)
        .map(|id| {
            let name = if id == 7_000 {
                "x".repeat(101)
            } else {
                format!("User {id}")
            };
            json!({ "userId": id, "name": name })
        })
        .collect();
    let first = register(&app, &key, json!(users)).await;
    assert_eq!(counts(&first), (9_999, 0, 0, 1));
    assert_eq!(
        first["refused"],
        json!([{ "index": 6_999, "userId": "7000", "code": "NAME_INVALID",
                 "message": "A name is 1-100 characters without control characters, with at least one visible character." }])
    );
    let again = register(&app, &key, json!(users)).await;
    assert_eq!(counts(&again), (0, 0, 9_999, 1), "the same call again changes nothing");
    let (users, codes, audited): (i64, i64, i64) = sqlx::query_as(
        "select (select count(*) from users), (select count(distinct normalised_code) from invitation_codes),
                (select count(*) from audit_log where action = 'register_user' and actor = 'key:chat' and before is null)",
    )
    .fetch_one(app.pool())
    .await
    .unwrap();
    assert_eq!((users, codes, audited), (9_999, 9_999, 9_999));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_what_is_said_and_nothing_else() {
    let app = TestApp::start().await;
    let key = app.api_key("chat", &[Scope::Host]).await;
    let ann =
        json!([{ "userId": "17", "name": "Ann", "portraitUri": "https://portraits.example/17", "code": "ANN2026" }]);
    assert_eq!(counts(&register(&app, &key, ann.clone()).await), (1, 0, 0, 0));
    assert_eq!(counts(&register(&app, &key, ann).await), (0, 0, 1, 0));
    let renamed = register(&app, &key, json!([{ "userId": 17, "name": "Anne", "class": 1 }])).await;
    assert_eq!(counts(&renamed), (0, 1, 0, 0));
    let bare = register(&app, &key, json!([{ "userId": "17", "portraitUri": null }])).await;
    assert_eq!(counts(&bare), (0, 1, 0, 0));
    let ops = app.api_key("desk", &[Scope::OpsRead]).await;
    let seen = app
        .admin(
            &ops,
            "{ user(id: 17) { name portraitUri invitation { code class } auditLog { action before after } } }",
            json!({}),
        )
        .await;
    insta::assert_compact_json_snapshot!(seen, @r#"
    {
      "user": {
        "auditLog": [
          {
            "action": "update_user",
            "after": {
              "class": 1,
              "name": "Anne",
              "portraitUri": null
            },
            "before": {
              "class": 1,
              "name": "Anne",
              "portraitUri": "https://portraits.example/17"
            }
          },
          {
            "action": "update_user",
            "after": {
              "class": 1,
              "name": "Anne",
              "portraitUri": "https://portraits.example/17"
            },
            "before": {
              "class": 0,
              "name": "Ann",
              "portraitUri": "https://portraits.example/17"
            }
          },
          {
            "action": "register_user",
            "after": {
              "class": 0,
              "code": "ANN2026",
              "name": "Ann",
              "portraitUri": "https://portraits.example/17"
            },
            "before": null
          }
        ],
        "invitation": {
          "class": 1,
          "code": "ANN2026"
        },
        "name": "Anne",
        "portraitUri": null
      }
    }
    "#);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_users_are_named_each_with_its_reason() {
    let app = TestApp::start().await;
    let key = app.api_key("chat", &[Scope::Host]).await;
    register(
        &app,
        &key,
        json!([{ "userId": 1, "code": "TAKEN" }, { "userId": 2, "code": "MINE" }]),
    )
    .await;
    let payload = register(
        &app,
        &key,
        json!([
            { "userId": 0 }, { "userId": "seventeen" }, { "userId": "9223372036854775808" },
            { "userId": 3, "name": "" }, { "userId": 3, "name": "a\u{0}b" }, { "userId": 4, "class": 2 },
            { "userId": 5, "code": "1234567890123" },
            { "userId": 6, "code": "taken" },
            { "userId": 2, "code": "OTHER", "name": "is not changed" },
            { "userId": 7, "name": "Bo" }, { "userId": 7, "name": "Bob" }, { "userId": 7, "name": "Bo" },
            { "userId": 8, "code": "FRESH" }, { "userId": 9, "code": "fresh" },
            { "userId": 10, "portraitUri": "javascript:alert(1)" },
        ]),
    )
    .await;
    insta::assert_compact_json_snapshot!(payload, @r#"
    {
      "refused": [
        {
          "code": "ID_INVALID",
          "index": 0,
          "message": "A user ID is a positive integer assigned by the host application.",
          "userId": "0"
        },
        {
          "code": "ID_INVALID",
          "index": 1,
          "message": "A user ID is a positive integer assigned by the host application.",
          "userId": "seventeen"
        },
        {
          "code": "ID_INVALID",
          "index": 2,
          "message": "A user ID is a positive integer assigned by the host application.",
          "userId": "9223372036854775808"
        },
        {
          "code": "NAME_INVALID",
          "index": 3,
          "message": "A name is 1-100 characters without control characters, with at least one visible character.",
          "userId": "3"
        },
        {
          "code": "NAME_INVALID",
          "index": 4,
          "message": "A name is 1-100 characters without control characters, with at least one visible character.",
          "userId": "3"
        },
        {
          "code": "CLASS_INVALID",
          "index": 5,
          "message": "A class must be 0 or 1.",
          "userId": "4"
        },
        {
          "code": "CODE_INVALID",
          "index": 6,
          "message": "An invitation code is 1-12 visible characters without control characters.",
          "userId": "5"
        },
        {
          "code": "CODE_REFUSED",
          "index": 7,
          "message": "This invitation code is already in use, or the user already has another one, which cannot be changed. Choose another code, or omit it.",
          "userId": "6"
        },
        {
          "code": "CODE_REFUSED",
          "index": 8,
          "message": "This invitation code is already in use, or the user already has another one, which cannot be changed. Choose another code, or omit it.",
          "userId": "2"
        },
        {
          "code": "REPEATED",
          "index": 10,
          "message": "An earlier entry of this call has different data for the same user. Send each user once.",
          "userId": "7"
        },
        {
          "code": "CODE_REFUSED",
          "index": 13,
          "message": "This invitation code is already in use, or the user already has another one, which cannot be changed. Choose another code, or omit it.",
          "userId": "9"
        },
        {
          "code": "PORTRAIT_INVALID",
          "index": 14,
          "message": "A portrait must be an http or https URL without spaces or quotes, at most 2000 characters long.",
          "userId": "10"
        }
      ],
      "registered": 3,
      "unchanged": 0,
      "updated": 0
    }
    "#);
    let users: Vec<(i64, Option<String>)> = sqlx::query_as("select user_id, name from users order by user_id")
        .fetch_all(app.pool())
        .await
        .unwrap();
    assert_eq!(users, [(1, None), (2, None), (7, Some("Bo".into())), (8, None)]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_call_many_times_at_once_registers_everybody_once() {
    let app = TestApp::start().await;
    let key = app.api_key("chat", &[Scope::Host]).await;
    let users: Vec<Value> = (1..=500)
        .map(|id| json!({ "userId": id, "code": format!("C{id}") }))
        .collect();
    let backwards: Vec<Value> = users.iter().rev().cloned().collect();
    let calls = (0..8).map(|number| {
        let users = if number % 2 == 0 { &users } else { &backwards };
        register(&app, &key, json!(users))
    });
    let payloads = futures_util::future::join_all(calls).await;
    let registered: i64 = payloads.iter().map(|payload| counts(payload).0).sum();
    assert_eq!(registered, 500);
    assert!(payloads.iter().all(|payload| counts(payload).3 == 0), "{payloads:?}");
    let audited: i64 = sqlx::query_scalar("select count(*) from audit_log where action = 'register_user'")
        .fetch_one(app.pool())
        .await
        .unwrap();
    assert_eq!(audited, 500);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_users_than_a_call_takes_are_refused_before_any_is_written() {
    let app = TestApp::start().await;
    let key = app.api_key("chat", &[Scope::Host]).await;
    let users: Vec<Value> = (1..=10_001).map(|id| json!({ "userId": id })).collect();
    let (_, reply) = app.admin_reply(Some(&key), REGISTER, json!({ "users": users })).await;
    assert_eq!(reply["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    let users: i64 = sqlx::query_scalar("select count(*) from users")
        .fetch_one(app.pool())
        .await
        .unwrap();
    assert_eq!(users, 0);
    app.stop().await;
}

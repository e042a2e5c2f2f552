//! The query `previewInvitation`: its replies and its limit.

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::app::{TestApp, TestUser};

const BIND: &str = "mutation($code: String!) { setInvitation(parentCode: $code) { userErrors { code } } }";

const PREVIEW: &str = "query($code: String!) { previewInvitation(code: $code) {
    inviter { name portraitUri } canBind isBound
    userErrors { code legacyStatus field ... on TooManyTriesError { retryAt } } } }";

async fn preview(app: &TestApp, user: &TestUser, code: &str) -> Value {
    app.ask_with(user, PREVIEW, json!({ "code": code })).await["previewInvitation"].take()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_says_what_binding_would_say_and_binds_nothing() {
    let app = TestApp::start().await;
    let (parent, user) = (app.add_user(1).await, app.add_user(2).await);
    let (child, grandchild) = (app.add_user(3).await, app.add_user(4).await);
    app.ask_with(&child, BIND, json!({ "code": user.code })).await;
    app.ask_with(&grandchild, BIND, json!({ "code": child.code })).await;

    let possible = preview(&app, &user, &parent.code).await;
    insta::assert_compact_json_snapshot!(possible, @r#"{"canBind": true, "inviter": {"name": "User 1", "portraitUri": null}, "isBound": false, "userErrors": []}"#);
    let spelling = format!(" {} ", parent.code.to_lowercase());
    assert_eq!(
        preview(&app, &user, &spelling).await,
        possible,
        "any spelling, and nothing was bound"
    );
    let unknown = preview(&app, &user, "ZZZZZZZZ").await;
    insta::assert_compact_json_snapshot!(unknown, @r#"
    {
      "canBind": false,
      "inviter": null,
      "isBound": false,
      "userErrors": [
        {
          "code": "INVITATION_CODE_UNKNOWN",
          "field": [
            "code"
          ],
          "legacyStatus": 102
        }
      ]
    }
    "#);
    for code in ["", "1234567890123", "a\u{0}"] {
        assert_eq!(preview(&app, &user, code).await, unknown, "{code}");
    }
    insta::assert_compact_json_snapshot!(preview(&app, &user, &user.code).await, @r#"
    {
      "canBind": false,
      "inviter": {
        "name": "User 2",
        "portraitUri": null
      },
      "isBound": false,
      "userErrors": [
        {
          "code": "INVITATION_CODE_OWN",
          "field": [
            "code"
          ],
          "legacyStatus": 110
        }
      ]
    }
    "#);
    insta::assert_compact_json_snapshot!(preview(&app, &user, &grandchild.code).await, @r#"
    {
      "canBind": false,
      "inviter": {
        "name": "User 4",
        "portraitUri": null
      },
      "isBound": false,
      "userErrors": [
        {
          "code": "INVITATION_CODE_DESCENDANT",
          "field": [
            "code"
          ],
          "legacyStatus": 111
        }
      ]
    }
    "#);

    app.ask_with(&user, BIND, json!({ "code": parent.code })).await;
    insta::assert_compact_json_snapshot!(preview(&app, &user, &parent.code).await, @r#"{"canBind": false, "inviter": {"name": "User 1", "portraitUri": null}, "isBound": true, "userErrors": []}"#);
    let other = app.add_user(5).await;
    insta::assert_compact_json_snapshot!(preview(&app, &user, &other.code).await, @r#"
    {
      "canBind": false,
      "inviter": {
        "name": "User 5",
        "portraitUri": null
      },
      "isBound": false,
      "userErrors": [
        {
          "code": "INVITATION_ALREADY_SET",
          "field": [
            "code"
          ],
          "legacyStatus": 103
        }
      ]
    }
    "#);

    let anonymous = app.reply(None, PREVIEW, json!({ "code": parent.code })).await;
    assert_eq!(anonymous["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    assert_eq!(anonymous["data"], json!({ "previewInvitation": null }));
    app.stop().await;
}

/// Number of previews in a reply that were answered; all are of one known code.
fn answered(reply: &Value) -> usize {
    let previews = reply.as_object().expect("previews by alias").values();
    previews.filter(|preview| preview["inviter"].is_object()).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn aliases_and_replicas_share_one_limit_that_ends_by_the_clock() {
    let app = TestApp::start().await;
    let other = app.replica().await;
    let (parent, user) = (app.add_user(1).await, app.add_user(2).await);
    let look = |number: i32| {
        format!(
            "p{number}: previewInvitation(code: \"{}\") {{ inviter {{ name }} canBind userErrors {{ code ... on TooManyTriesError {{ legacyStatus retryAt message }} }} }}",
            parent.code
        )
    };
    let ten = format!("{{ {} }}", (0..10).map(look).collect::<Vec<_>>().join(" "));
    let replies = join_all([&app, &other, &app, &other].map(|replica| replica.ask(&user, &ten))).await;
    assert_eq!(replies.iter().map(answered).sum::<usize>(), 20, "forty looks at once");

    let one = format!("{{ {} }}", look(0));
    insta::assert_compact_json_snapshot!(other.ask(&user, &one).await, @r#"
    {
      "p0": {
        "canBind": false,
        "inviter": null,
        "userErrors": [
          {
            "code": "TOO_MANY_TRIES",
            "legacyStatus": 206,
            "message": "Too many attempts. Try again in 10 min.",
            "retryAt": "2026-11-20T04:10:00.000Z"
          }
        ]
      }
    }
    "#);
    let guess = preview(&app, &user, "ZZZZZZZZ").await;
    assert_eq!(guess["userErrors"][0]["code"], "TOO_MANY_TRIES", "whatever the code");
    let friend = app.add_user(3).await;
    assert_eq!(answered(&app.ask(&friend, &one).await), 1, "others may look");
    let bind = async || app.ask_with(&user, BIND, json!({ "code": parent.code })).await["setInvitation"].take();
    assert_eq!(
        bind().await["userErrors"][0]["code"],
        "TOO_MANY_TRIES",
        "binding would tell whether the code exists"
    );

    app.clock.advance(TimeDelta::minutes(10));
    assert_eq!(answered(&app.ask(&user, &one).await), 1, "the lock is over");
    assert_eq!(bind().await["userErrors"], json!([]));
    other.stop().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_has_no_room_for_previews_without_end() {
    let app = TestApp::start().await;
    let user = app.add_user(2).await;
    let looks: Vec<_> = (0..25)
        .map(|number| format!("p{number}: previewInvitation(code: \"A\") {{ canBind }}"))
        .collect();
    let reply = app
        .reply(Some(&user.key), &format!("{{ {} }}", looks.join(" ")), json!({}))
        .await;
    assert_eq!(reply["errors"][0]["message"], "Query is too complex.");
    let looked: i64 = sqlx::query_scalar("select count(*) from tries")
        .fetch_one(app.pool())
        .await
        .unwrap();
    assert_eq!(looked, 0);
    app.stop().await;
}

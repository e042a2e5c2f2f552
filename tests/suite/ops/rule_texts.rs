//! Texts of rules: set by operators in two languages, seen by customers in theirs.

use newbee::domain::api_key::Scope;
use newbee::domain::rule_texts::{REFUSED_SCHEMES, RuleTexts};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use crate::support::app::{TestApp, TestUser};
use crate::support::database::TestDatabase;

const SET: &str = "mutation ($input: RuleInput!, $dryRun: Boolean!) { setRule(input: $input, dryRun: $dryRun) { changed
    rule { version texts { titleEn titleZh descriptionEn descriptionZh link } } problems { code message } } }";

/// Input with the terms of the first version, and these texts.
fn input(texts: &Value) -> Value {
    json!({ "item": "join_group", "type": "DAILY", "amount": "10", "coinId": "1", "dailyLimit": 3, "targetRule": "ONCE_A_DAY",
            "texts": texts, "reason": "texts for customers" })
}

async fn set(app: &TestApp, key: &str, texts: Value, dry_run: bool) -> Value {
    let variables = json!({ "input": input(&texts), "dryRun": dry_run });
    app.admin(key, SET, variables).await["setRule"].take()
}

/// Texts of `join_group` that a user sees.
async fn seen(app: &TestApp, user: &TestUser, language: &str) -> Value {
    let query = "{ me { todayTasks { item title description link } } }";
    let request = app.client.post(app.url("/graphql")).bearer_auth(&user.key);
    let request = request
        .header("Accept-Language", language)
        .json(&json!({ "query": query }));
    let reply: Value = request.send().await.unwrap().json().await.unwrap();
    let tasks = reply["data"]["me"]["todayTasks"].as_array().expect("tasks");
    let task = tasks
        .iter()
        .find(|task| task["item"] == "join_group")
        .expect("the task");
    json!([task["title"], task["description"], task["link"]])
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_see_texts_in_their_language_and_no_version_is_added() {
    let app = TestApp::start().await;
    let (ops, user) = (app.api_key("ops", &[Scope::OpsWrite]).await, app.add_user(1).await);
    assert_eq!(seen(&app, &user, "en").await, json!([null, null, null]));

    let texts = json!({ "titleEn": " Join a group ", "titleZh": "加入群组", "descriptionZh": "每天一次", "link": "chatapp://groups" });
    let tried = set(&app, &ops, texts.clone(), true).await;
    assert_eq!(
        (&tried["changed"], &tried["rule"]["texts"]["titleEn"]),
        (&json!(true), &json!("Join a group"))
    );
    assert_eq!(app.count("select count(*) from rule_texts").await, 0, "a dry run");

    let changed = set(&app, &ops, texts.clone(), false).await;
    insta::assert_compact_json_snapshot!(changed, @r#"
    {
      "changed": true,
      "problems": [],
      "rule": {
        "texts": {
          "descriptionEn": null,
          "descriptionZh": "每天一次",
          "link": "chatapp://groups",
          "titleEn": "Join a group",
          "titleZh": "加入群组"
        },
        "version": 1
      }
    }
    "#);
    assert_eq!(set(&app, &ops, texts, false).await["changed"], false);
    let (english, chinese) = (seen(&app, &user, "en").await, seen(&app, &user, "zh-CN,zh;q=0.9").await);
    assert_eq!(english, json!(["Join a group", "每天一次", "chatapp://groups"]));
    assert_eq!(chinese, json!(["加入群组", "每天一次", "chatapp://groups"]));

    // Omitted texts stay, null removes one, and terms change without the texts.
    set(&app, &ops, json!({ "titleZh": null }), false).await;
    assert_eq!(seen(&app, &user, "zh").await[0], "Join a group");
    let mut terms = input(&Value::Null);
    terms["amount"] = json!("11");
    let changed = app.admin(&ops, SET, json!({ "input": terms, "dryRun": false })).await;
    assert_eq!(changed["setRule"]["rule"]["version"], 2);
    assert_eq!(
        seen(&app, &user, "zh").await,
        json!(["Join a group", "每天一次", "chatapp://groups"])
    );

    assert_eq!(
        app.count("select count(*) from audit_log where action = 'set_rule'")
            .await,
        3
    );
    let log = "{ auditLog(first: 3) { reason before after } }";
    let log = app.admin(&ops, log, json!({})).await["auditLog"].take();
    let part = |entry: usize, side: &str| {
        let side = &log[entry][side];
        json!([side["version"], side["amount"], side["texts"]["titleZh"]])
    };
    assert_eq!(
        [part(2, "before"), part(2, "after"), part(1, "after"), part(0, "after")],
        [
            json!([1, "10.0000", null]),
            json!([1, "10.0000", "加入群组"]),
            json!([1, "10.0000", null]),
            json!([2, "11.0000", null]),
        ]
    );
    assert_eq!(log[2]["reason"], "texts for customers");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bonuses_and_offers_have_texts_too() {
    let app = TestApp::start().await;
    let (ops, user) = (app.api_key("ops", &[Scope::OpsWrite]).await, app.add_user(1).await);
    let mutation = "mutation { bonus: setRule(input: { item: \"week\", type: BONUS, amount: \"5\", coinId: \"1\", streakLength: 7,
            texts: { titleEn: \"A whole week\", link: \"https://chat.example/streaks\" }, reason: \"x\" }) { problems { code } }
        offer: setRule(input: { item: \"invite_friend\", type: INVITE, amount: \"20\", coinId: \"1\",
            texts: { titleZh: \"邀请好友\", descriptionEn: \"Share your code\" }, reason: \"x\" }) { problems { code } } }";
    app.admin(&ops, mutation, json!({})).await;
    let shown = "title description link";
    let query = format!("{{ me {{ signIn {{ bonuses {{ {shown} }} }} invitation {{ offers {{ {shown} }} }} }} }}");
    let me = app.ask(&user, &query).await;
    insta::assert_compact_json_snapshot!(me, @r#"
    {
      "me": {
        "invitation": {
          "offers": [
            {
              "description": "Share your code",
              "link": null,
              "title": "邀请好友"
            }
          ]
        },
        "signIn": {
          "bonuses": [
            {
              "description": null,
              "link": "https://chat.example/streaks",
              "title": "A whole week"
            }
          ]
        }
      }
    }
    "#);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_texts_are_refused_or_stored_as_plain_text() {
    let app = TestApp::start().await;
    let (ops, user) = (app.api_key("ops", &[Scope::OpsWrite]).await, app.add_user(1).await);
    let huge = "名".repeat(100_000);
    for (field, text) in [
        ("titleEn", huge.as_str()),
        ("titleZh", " "),
        ("descriptionEn", "two\nlines"),
        ("descriptionZh", "\u{202e}\u{200b}"),
        ("descriptionEn", "bell\u{7}"),
        ("link", "javascript:alert(1)"),
        ("link", "javascript://chat.example/%0aalert(1)"),
        ("link", "data:text/html,<script>alert(1)</script>"),
        ("link", "http://chat.example/"),
        ("link", "https://ann:secret@chat.example/"),
        ("link", "https://chat.example/\u{202e}"),
        ("link", huge.as_str()),
    ] {
        let refused = set(&app, &ops, json!({ field: text }), false).await;
        let code = if field == "link" {
            "LINK_INVALID"
        } else {
            "TEXT_INVALID"
        };
        let problem = &refused["problems"][0];
        assert_eq!(
            (&refused["changed"], &problem["code"]),
            (&json!(false), &json!(code)),
            "{field}"
        );
        let message = problem["message"].as_str().unwrap();
        assert!(
            message.starts_with(&format!("input.texts.{field} must be ")),
            "{message}"
        );

        // The database refuses them too, whatever program writes.
        let column = newbee::domain::transfer::column_name(field);
        let insert = format!("insert into rule_texts (item, {column}) values ('join_group', $1)");
        let inserted = sqlx::query(AssertSqlSafe(insert)).bind(text).execute(app.pool()).await;
        let error = inserted.expect_err(field);
        assert_eq!(error.as_database_error().unwrap().code().unwrap(), "23514", "{error}");
    }
    assert_eq!(app.count("select count(*) from rule_texts").await, 0);
    assert_eq!(
        app.count("select count(*) from audit_log where action = 'set_rule'")
            .await,
        0
    );

    let texts = json!({ "titleEn": "<img src=x onerror=alert(1)> \u{202e}👩‍👩‍👧\u{202c}", "descriptionEn": "Cafe\u{200b}\u{301} \"&amp;\"",
                        "link": "com.example.chat:///groups?from=%22tasks%22#top" });
    assert_eq!(set(&app, &ops, texts, false).await["problems"], json!([]));
    assert_eq!(
        seen(&app, &user, "en").await,
        json!([
            "<img src=x onerror=alert(1)> 👩‍👩‍👧",
            "Café \"&amp;\"",
            "com.example.chat:///groups?from=%22tasks%22#top"
        ])
    );
    app.stop().await;
}

/// Links from all combinations of parts, good and bad ones.
fn links() -> Vec<String> {
    let long = [30, 31].map(|length| "a".repeat(length));
    let schemes = [
        "https",
        "chatapp",
        "com.example.chat",
        "a+b-c",
        "ab",
        "a",
        "1ab",
        "HTTPS",
        "java\tscript",
        "ab c",
        "",
        "é",
    ];
    let schemes = schemes
        .into_iter()
        .chain(REFUSED_SCHEMES)
        .chain(long.iter().map(String::as_str));
    let hosts = [
        "",
        "x",
        "chat.example:8443",
        "x:",
        "x:123456",
        "x:port",
        "-x",
        "x-",
        "x..y",
        "[::1]",
        "a:b@x",
        "x@",
        "例子",
        "x_y",
        "%20",
    ];
    let rests = [
        "", "/", "/@ann", "?a=b@c", "#@", "/a b", "/\"", "/\\", "/{a}", "/`", "/\n", "/\u{7f}", "/é", "\n", " ",
    ];
    schemes
        .flat_map(|scheme| ["://", ":", "//", ":/", ":///"].map(|colon| format!("{scheme}{colon}")))
        .flat_map(|scheme| hosts.map(|host| format!("{scheme}{host}")))
        .flat_map(|start| rests.map(|rest| format!("{start}{rest}")))
        .chain([500, 501].map(|length| format!("{:a<length$}", "https://x/")))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_and_the_database_accept_the_same_links() {
    let database = TestDatabase::create().await;
    let refused = "select array(select m[1] from regexp_matches(pg_get_functiondef('is_app_link'::regproc), '''([a-z-]+)''', 'g') m)";
    let refused: Vec<String> = sqlx::query_scalar(refused).fetch_one(&database.pool()).await.unwrap();
    assert_eq!(refused, REFUSED_SCHEMES);
    let links = links();
    let accepted: Vec<bool> = sqlx::query_scalar(
        "select is_app_link(link) from unnest($1::text[]) with ordinality as l (link, n) order by n",
    )
    .bind(&links)
    .fetch_all(&database.pool())
    .await
    .unwrap();
    let mut good = 0;
    for (link, in_database) in links.into_iter().zip(accepted) {
        let texts = RuleTexts {
            link: Some(link),
            ..RuleTexts::default()
        };
        assert_eq!(texts.problems().is_empty(), in_database, "{:?}", texts.link);
        good += usize::from(in_database);
    }
    assert!(good > 100, "{good} links are good");
}

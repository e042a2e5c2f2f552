//! Names: what is stored of them, and how they are found.

use newbee::domain::api_key::Scope;
use serde_json::{Value, json};

use crate::support::app::TestApp;

async fn register(app: &TestApp, host: &str, users: Value) -> Value {
    let query = "mutation ($users: [UserInput!]!) {
        registerUsers(users: $users) { registered updated unchanged refused { index code } }
    }";
    app.admin(host, query, json!({ "users": users })).await["registerUsers"].take()
}

async fn find(app: &TestApp, desk: &str, text: &str) -> Vec<String> {
    let query = "query ($text: String!) { findUsers(text: $text) { id } }";
    let found = app.admin(desk, query, json!({ "text": text })).await;
    let users = found["findUsers"].as_array().unwrap().iter();
    users.map(|user| user["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_found_by_its_beginning_in_any_spelling() {
    let app = TestApp::start().await;
    let host = app.api_key("chat", &[Scope::Host]).await;
    let desk = app.api_key("desk", &[Scope::OpsRead]).await;
    let names: [(&str, &[&str]); 10] = [
        ("İpek Yılmaz", &["İpek", "ipek", "IPEK", "İPEK YI", "ıpek"]),
        ("ΓΙΩΡΓΟΣ", &["ΓΙΩΡΓΟΣ", "Γιώργος", "γιωργ", "γιώργοσ"]),
        ("Straße", &["STRASSE", "Straße", "stras", "ſtraß"]),
        ("  Zed", &["  Zed", "zed", "Ｚｅｄ"]),
        ("Mo\u{200b}on\u{feff}", &["moon", "mo\u{ad}on"]),
        ("ＡＮＮ", &["ann", "Ann", "ａｎ"]),
        ("Ren\u{65}\u{301}", &["René", "RENÉ", "rene\u{301}"]),
        ("100%_sure\\", &["100%", "100%_", "100%_SURE\\"]),
        ("👨‍👩‍👧 ❤️", &["👨‍👩‍👧", "👨\u{200d}👩\u{200d}👧 ❤"]),
        ("한국", &["한국", "\u{1112}\u{1161}\u{11ab}"]),
    ];
    let users: Vec<Value> = (101..)
        .zip(names)
        .map(|(id, (name, _))| json!({ "userId": id, "name": name }))
        .collect();
    assert_eq!(register(&app, &host, json!(users)).await["registered"], 10);
    for (id, (name, spellings)) in (101..).zip(names) {
        for spelling in spellings {
            assert_eq!(
                find(&app, &desk, spelling).await,
                [id.to_string()],
                "{spelling:?} for {name:?}"
            );
        }
    }
    for nobody in ["ime", "1%", "100_", "sure"] {
        assert_eq!(find(&app, &desk, nobody).await, Vec::<String>::new(), "{nobody}");
    }
    assert_eq!(
        find(&app, &desk, "\u{200e}１０１ ").await,
        ["101"],
        "an id in any width"
    );

    // A new name is found, the old one is not, and the same report again changes nothing.
    let renamed = json!([{ "userId": 101, "name": "Ayşe " }]);
    assert_eq!(register(&app, &host, renamed.clone()).await["updated"], 1);
    assert_eq!(register(&app, &host, renamed).await["unchanged"], 1);
    assert_eq!(find(&app, &desk, "AYŞE").await, ["101"]);
    assert_eq!(find(&app, &desk, "İpek").await, Vec::<String>::new());
    register(&app, &host, json!([{ "userId": 101, "name": null }])).await;
    assert_eq!(find(&app, &desk, "AYŞE").await, Vec::<String>::new());
    // Also where a statement knows nothing of searches.
    sqlx::raw_sql("update users set name = null where user_id = 102")
        .execute(app.pool())
        .await
        .unwrap();
    assert_eq!(find(&app, &desk, "ΓΙΩΡΓΟΣ").await, Vec::<String>::new());
    let (_, blank) = app
        .admin_reply(
            Some(&desk),
            "{ findUsers(text: \"\u{3164} \u{200b}\") { id } }",
            json!({}),
        )
        .await;
    assert_eq!(blank["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_and_codes_need_something_visible_and_keep_their_form() {
    let app = TestApp::start().await;
    let host = app.api_key("chat", &[Scope::Host]).await;
    let refusals = [
        (json!({ "name": "\u{3164}" }), "NAME_INVALID"),
        (json!({ "name": "\u{200b}\u{200d}\u{feff}" }), "NAME_INVALID"),
        (json!({ "name": " \u{2800}\u{115f}" }), "NAME_INVALID"),
        (json!({ "name": "\u{e0061}\u{fe0f}" }), "NAME_INVALID"),
        (json!({ "name": "a\u{0}" }), "NAME_INVALID"),
        (json!({ "name": "名".repeat(101) }), "NAME_INVALID"),
        (json!({ "code": "\u{3164}" }), "CODE_INVALID"),
        (json!({ "code": "\u{200e}\u{200f}" }), "CODE_INVALID"),
        (json!({ "code": "1234567890123" }), "CODE_INVALID"),
    ];
    let users: Vec<Value> = (1..)
        .zip(&refusals)
        .map(|(id, (part, _))| {
            let mut user = part.clone();
            user["userId"] = json!(id);
            user
        })
        .collect();
    let refused = register(&app, &host, json!(users)).await["refused"].take();
    let codes: Vec<&str> = refused
        .as_array()
        .unwrap()
        .iter()
        .map(|refused| refused["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, refusals.iter().map(|(_, code)| *code).collect::<Vec<_>>());

    // Long in bytes, in compatibility characters, and with what is not shown: all are a hundred characters or a dozen.
    let users = json!([
        { "userId": 21, "name": "ﷺ".repeat(100), "code": "１２３４５６７８９０１２" },
        { "userId": 22, "name": format!("{}\u{200b}\u{feff}", "名".repeat(100)), "code": "\u{200e}ABCDEFGHJKMN\u{200e}" },
        { "userId": 23, "name": "Zo\u{65}\u{308} \u{202e}❤️ ", "code": "a\u{ad}b" },
    ]);
    assert_eq!(register(&app, &host, users).await["registered"], 3);
    let stored: Vec<(String, String)> = sqlx::query_as(
        "select name, code from users join invitations using (user_id) where user_id > 20 order by user_id",
    )
    .fetch_all(app.pool())
    .await
    .unwrap();
    let shown = [
        ("ﷺ".repeat(100), "１２３４５６７８９０１２"),
        ("名".repeat(100), "ABCDEFGHJKMN"),
        ("Zoë ❤️".to_owned(), "ab"),
    ];
    assert_eq!(stored, shown.map(|(name, code)| (name, code.to_owned())));
    app.stop().await;
}

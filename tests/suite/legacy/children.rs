//! `get_children` beyond the sample.

use serde_json::{Value, json};

use crate::legacy::wire::success;
use crate::support::app::TestApp;

#[tokio::test]
async fn nobody_invited_is_an_empty_list() {
    let app = TestApp::start().await;
    let user = app.add_user(1).await;
    assert_eq!(
        app.call("get_children", &user).await,
        success(r#"{"children":[],"count":0}"#)
    );
}

#[tokio::test]
async fn the_newest_thousand_are_listed_and_all_are_counted() {
    let app = TestApp::start().await;
    let user = app.add_user(1).await;
    // Of the children 2 to 1101 the higher came later; every second has a name, the last a portrait.
    app.sql(
        "insert into users (user_id, name, portrait_uri, created_at, updated_at)
         select id, case when id % 2 = 0 then 'User ' || id end,
                case when id = 1101 then 'https://chat.example/1101.png' end, at, at
         from generate_series(2, 1101) id cross join (values (timestamptz '2026-11-19Z')) moment (at);
         insert into invitations (user_id, code, parent_id, parent_code, bound_at, class, created_at, updated_at)
         select u.user_id, 'CODE' || u.user_id, parent.user_id, parent.code,
                u.created_at + u.user_id * interval '1 second', 1, u.created_at, u.created_at
         from users u, invitations parent where u.user_id > 1;
         insert into invitation_children select parent_id, bound_at, user_id from invitations where parent_id is not null;
         update users set children_count = 1100 where user_id = 1",
    )
    .await;
    let reply: Value = serde_json::from_str(&app.call("get_children", &user).await).unwrap();
    assert_eq!(reply["data"]["count"], json!(1_100));
    let children = reply["data"]["children"].as_array().unwrap();
    let ids: Vec<_> = children
        .iter()
        .map(|child| child["user_id"].as_str().unwrap())
        .collect();
    let newest: Vec<_> = (102..=1_101).rev().map(|id| id.to_string()).collect();
    assert_eq!(ids, newest);
    assert_eq!(
        children[..2],
        [
            json!({ "user_id": "1101", "user_name": null, "portraitUri": "https://chat.example/1101.png" }),
            json!({ "user_id": "1100", "user_name": "User 1100", "portraitUri": null }),
        ]
    );
}

//! Tasks reported by the host in bulk.

use newbee::domain::api_key::Scope;
use serde_json::{Value, json};

use crate::support::app::TestApp;

async fn record(app: &TestApp, key: &str, tasks: Value) -> Vec<Value> {
    let query = "mutation ($tasks: [TaskInput!]!) {
        recordTasks(tasks: $tasks) { results { index award { id amount status } repeated refused { code message } } }
    }";
    let mut data = app.admin(key, query, json!({ "tasks": tasks })).await;
    let Value::Array(results) = data["recordTasks"]["results"].take() else {
        panic!("no results")
    };
    for (place, result) in results.iter().enumerate() {
        assert_eq!(result["index"], place);
    }
    results
}

fn outcome(result: &Value) -> &str {
    match (&result["refused"]["code"], &result["repeated"]) {
        (Value::String(code), _) => code,
        (_, Value::Bool(true)) => "repeated",
        _ => "recorded",
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_task_of_a_call_has_its_own_result() {
    let app = TestApp::start().await;
    let host = app.api_key("chat", &[Scope::Host]).await;
    app.add_user(17).await;
    let task = |user: i64, item: &str, target: Option<&str>, key: &str| json!({ "userId": user, "item": item, "targetId": target, "idempotencyKey": key });
    let tasks = json!([
        task(17, "set_fomo_id", None, "a"),
        task(17, "join_group", Some("19"), "b"),
        task(17, "join_group", Some("19"), "b"),
        task(17, "join_group", Some("20"), "b"),
        task(17, "join_group", Some("19"), "c"),
        task(17, "join_group", Some("20"), "d"),
        task(17, "join_group", Some("21"), "e"),
        task(17, "join_group", Some("22"), "f"),
        task(18, "join_group", Some("22"), "g"),
        task(17, "fly\0", None, "h"),
        task(17, "sign_in", None, "i"),
        task(17, "join_group", None, "j"),
        task(17, "set_fomo_id", Some("1"), "k"),
        task(17, "set_fomo_id", None, ""),
    ]);
    let expected = [
        "recorded",
        "recorded",
        "repeated",
        "CONFLICT",
        "ALREADY_AWARDED",
        "recorded",
        "recorded",
        "LIMIT_REACHED",
        "USER_UNKNOWN",
        "ITEM_UNKNOWN",
        "ITEM_NOT_A_TASK",
        "TARGET_MISSING",
        "TARGET_NOT_ALLOWED",
        "KEY_INVALID",
    ];
    let first = record(&app, &host, tasks.clone()).await;
    assert_eq!(first.iter().map(outcome).collect::<Vec<_>>(), expected);
    assert_eq!(first[2]["award"], first[1]["award"], "the first answer again");
    // The same call again: what was recorded is repeated, what was refused stays so.
    let again = record(&app, &host, tasks).await;
    let expected = expected.map(|outcome| if outcome == "recorded" { "repeated" } else { outcome });
    assert_eq!(again.iter().map(outcome).collect::<Vec<_>>(), expected);
    let recorded_by: Vec<String> = sqlx::query_scalar("select distinct recorded_by from awards")
        .fetch_all(app.pool())
        .await
        .unwrap();
    assert_eq!(recorded_by, ["key:chat"]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_tasks_of_many_users_are_recorded_in_one_call() {
    let app = TestApp::start().await;
    let host = app.api_key("chat", &[Scope::Host]).await;
    let users: Vec<Value> = (1..=250).map(|id| json!({ "userId": id })).collect();
    let register = "mutation ($users: [UserInput!]!) { registerUsers(users: $users) { registered } }";
    app.admin(&host, register, json!({ "users": users })).await;
    let tasks: Vec<Value> = (0..1_000)
        .map(|number| {
            let (user, group) = (number % 250 + 1, number / 250);
            json!({ "userId": user, "item": "join_group", "targetId": format!("{group}"), "idempotencyKey": format!("{number}") })
        })
        .collect();
    let results = record(&app, &host, json!(tasks)).await;
    let recorded = results.iter().filter(|result| outcome(result) == "recorded").count();
    let over_the_limit = results
        .iter()
        .filter(|result| outcome(result) == "LIMIT_REACHED")
        .count();
    assert_eq!((recorded, over_the_limit), (750, 250), "three a day for each user");
    app.stop().await;
}

//! Entries of the audit log: reads of personal data, reported tasks, and what is pruned.

use newbee::domain::api_key::Scope;
use newbee::domain::audit::Author;
use newbee::store::audit_log;
use serde_json::{Value, json};

use crate::support::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn reads_of_personal_data_and_reported_tasks_are_in_the_audit_log() {
    let app = TestApp::start().await;
    let ops = app.api_key("desk", &[Scope::OpsRead]).await;
    let host = app.api_key("chat", &[Scope::Host]).await;
    app.add_user(17).await;
    app.add_user(18).await;
    app.admin(
        &ops,
        "{ a: user(id: 17) { name auditLog { action } } b: user(id: 17) { name } c: user(id: 99) { name } }",
        json!({}),
    )
    .await;
    let found = app
        .admin(
            &ops,
            "{ findUsers(text: \"User\") { id auditLog { action } } }",
            json!({}),
        )
        .await;
    assert_eq!(found["findUsers"].as_array().unwrap().len(), 2);
    app.admin(&ops, "{ findUsers(text: \"nobody\") { id } }", json!({}))
        .await;
    let tasks = "mutation ($tasks: [TaskInput!]!) { recordTasks(tasks: $tasks) { results { index } } }";
    let task =
        |user: &str, key: &str| json!({ "userId": user, "item": "join_group", "targetId": "9", "idempotencyKey": key });
    let reported = json!([task("17", "a"), task("17", "a"), task("99", "b")]);
    app.admin(&host, tasks, json!({ "tasks": reported })).await;
    app.admin(&host, tasks, json!({ "tasks": [task("18", "c")] })).await;

    /// Actor, action, subject, user and state afterwards.
    type Entry = (String, String, String, Option<i64>, Option<Value>);
    let entries: Vec<Entry> = sqlx::query_as(
        "select actor, action, subject, user_id, after from audit_log where action in ('read_user', 'find_users', 'record_tasks')
         order by audit_id",
    )
    .fetch_all(app.pool())
    .await
    .unwrap();
    let entry = |actor: &str, action: &str, subject: &str, user: Option<i64>, after: Option<Value>| {
        (actor.to_owned(), action.to_owned(), subject.to_owned(), user, after)
    };
    let counts = |recorded: u32, repeated: u32, refused: u32| {
        Some(json!({ "recorded": recorded, "repeated": repeated, "refused": refused, "failed": 0 }))
    };
    assert_eq!(
        entries,
        [
            entry("key:desk", "read_user", "user:17", Some(17), None),
            entry(
                "key:desk",
                "find_users",
                "users",
                None,
                Some(json!({ "userIds": ["17", "18"] }))
            ),
            entry("key:chat", "record_tasks", "tasks", None, counts(1, 1, 1)),
            entry("key:chat", "record_tasks", "tasks", Some(18), counts(1, 0, 0)),
        ],
        "one entry a request for each user or search, and none for what was not found"
    );
    // A user's own list shows changes alone.
    let seen = app
        .admin(&ops, "{ user(id: 17) { auditLog { action } } }", json!({}))
        .await;
    let actions = seen["user"]["auditLog"].as_array().unwrap();
    assert!(
        actions.iter().all(|entry| entry["action"] != "read_user"),
        "{actions:?}"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_reads_are_pruned_and_changes_are_not() {
    let app = TestApp::start().await;
    sqlx::raw_sql(
        "insert into audit_log (at, actor, action, subject)
         select at::timestamptz, 'test', action, 'x' from (values ('2025-01-01Z'), ('2025-10-16T04:00:00Z')) as ages (at),
             unnest(array['read_user', 'find_users', 'record_tasks', 'set_rule']) as action",
    )
    .execute(app.pool())
    .await
    .unwrap();
    let before = Author::at_the_command_line(app.clock.now()).at - chrono::TimeDelta::days(400);
    let mut connection = app.pool().acquire().await.unwrap();
    let (mut after, mut deleted) = (None, 0);
    loop {
        let pruned = audit_log::prune(&mut connection, after, before, 2).await.unwrap();
        deleted += pruned.changed;
        after = pruned.next;
        if after.is_none() {
            break;
        }
    }
    drop(connection);
    let left: Vec<String> = sqlx::query_scalar("select action from audit_log where actor = 'test' order by action, at")
        .fetch_all(app.pool())
        .await
        .unwrap();
    assert_eq!(deleted, 3);
    assert_eq!(
        left,
        ["find_users", "read_user", "record_tasks", "set_rule", "set_rule"]
    );
    app.stop().await;
}

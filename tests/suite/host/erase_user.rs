//! Personal data: erased on request, and every read of it in the audit log.

use newbee::domain::api_key::Scope;
use serde_json::json;

use crate::support::app::TestApp;
use crate::support::program::run;
use crate::support::wait_until;

const ERASE: &str = "mutation ($id: ID!, $reason: String!) { eraseUser(userId: $id, reason: $reason) {
    changed endedSessions redactedEntries refused { code } } }";

/// Everything that the database holds, as text, without the tables of a few fixed rows.
async fn everything(app: &TestApp) -> String {
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'",
    )
    .fetch_all(app.pool())
    .await
    .unwrap();
    let mut text = String::new();
    for table in tables {
        let sql = format!("select coalesce(string_agg(to_jsonb(t)::text, ' '), '') from \"{table}\" t");
        let rows: String = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .fetch_one(app.pool())
            .await
            .unwrap();
        text.push_str(&rows);
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_person_is_gone_from_every_table_and_the_books_stay() {
    let app = TestApp::start().await;
    let (host, ops) = (
        app.api_key("chat", &[Scope::Host]).await,
        app.api_key("desk", &[Scope::OpsRead]).await,
    );
    let user = app.add_user(17).await;
    let other = app.add_user(18).await;
    let register = "mutation ($users: [UserInput!]!) { registerUsers(users: $users) { updated refused { code } } }";
    for name in ["Zacharias", "Zebulon"] {
        let report = json!([{ "userId": 17, "name": name, "portraitUri": "https://portraits.example/zach.png" }]);
        app.admin(&host, register, json!({ "users": report })).await;
    }
    app.ask(&user, "mutation { signInToday { award { id } } }").await;
    let erase = async |reason: &str| {
        let erased = app.admin(&host, ERASE, json!({ "id": "17", "reason": reason })).await;
        erased["eraseUser"].clone()
    };
    insta::assert_compact_json_snapshot!(erase(" ").await, @r#"{"changed": false, "endedSessions": 0, "redactedEntries": 0, "refused": {"code": "REASON_INVALID"}}"#);
    let before = everything(&app).await;
    assert!(before.contains("Zacharias") && before.contains("zach.png"));
    insta::assert_compact_json_snapshot!(erase("request 4711").await, @r#"{"changed": true, "endedSessions": 1, "redactedEntries": 3, "refused": null}"#);
    let after = everything(&app).await;
    for personal in ["Zacharias", "Zebulon", "zach.png", "User 17"] {
        assert!(!after.contains(personal), "{personal} is still stored");
    }
    insta::assert_compact_json_snapshot!(erase("again").await, @r#"{"changed": false, "endedSessions": 0, "redactedEntries": 0, "refused": null}"#);

    // Signed out, not to be registered again, not given keys or tasks, and their code binds nobody.
    let reply = app.reply(Some(&user.key), "{ me { id } }", json!({})).await;
    assert!(reply["data"]["me"].is_null(), "{reply}");
    let again = app
        .admin(
            &host,
            register,
            json!({ "users": [{ "userId": 17, "name": "Zacharias" }] }),
        )
        .await;
    insta::assert_compact_json_snapshot!(again, @r#"{"registerUsers": {"refused": [{"code": "USER_ERASED"}], "updated": 0}}"#);
    let issued = app
        .admin(
            &host,
            "mutation { issueSession(userId: \"17\") { refused { code } } }",
            json!({}),
        )
        .await;
    insta::assert_compact_json_snapshot!(issued, @r#"{"issueSession": {"refused": {"code": "USER_UNKNOWN"}}}"#);
    let bind = "mutation ($code: String!) { setInvitation(parentCode: $code) { userErrors { code } } }";
    let bound = app.ask_with(&other, bind, json!({ "code": user.code })).await;
    insta::assert_compact_json_snapshot!(bound, @r#"{"setInvitation": {"userErrors": [{"code": "INVITATION_CODE_UNKNOWN"}]}}"#);
    // What is kept, kept under the number.
    let seen = app
        .admin(
            &ops,
            "{ user(id: 17) { name portraitUri erasedAt awards { item } } }",
            json!({}),
        )
        .await;
    insta::assert_compact_json_snapshot!(seen, @r#"{"user": {"awards": [{"item": "sign_in"}], "erasedAt": "2026-11-20T04:00:00.000Z", "name": null, "portraitUri": null}}"#);
    let log = app
        .admin(
            &ops,
            "{ auditLog(action: \"erase_user\") { actor userId reason } }",
            json!({}),
        )
        .await;
    insta::assert_compact_json_snapshot!(log, @r#"{"auditLog": [{"actor": "key:chat", "reason": "request 4711", "userId": "17"}]}"#);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_changes_in_no_other_way() {
    let app = TestApp::start().await;
    app.add_user(17).await;
    let (code, said, _) = run(app.database(), &["user", "erase", "17", "--reason", "a test"]).await;
    assert!(code == Some(0) && said.contains("Erased user 17"), "{said}");
    let (code, said, _) = run(app.database(), &["user", "erase", "17", "--reason", "a test"]).await;
    assert!(code == Some(0) && said.contains("Nothing was changed"), "{said}");
    let (code, _, error) = run(app.database(), &["user", "erase", "99", "--reason", "a test"]).await;
    assert!(code == Some(1) && error.contains("There is no user 99"), "{error}");
    for forbidden in [
        "update audit_log set reason = 'other' where user_id = 17",
        "update audit_log set after = '{\"class\": 1}' where user_id = 17",
        "update audit_log set actor = 'nobody'",
        "delete from audit_log",
        "truncate audit_log",
        "update users set name = 'Again' where user_id = 17",
        "update users set erased_at = null where user_id = 17",
        "delete from users where user_id = 17",
    ] {
        assert!(
            sqlx::raw_sql(forbidden).execute(app.pool()).await.is_err(),
            "{forbidden}"
        );
    }
    app.stop().await;
}

/// A report that had found the user before they were erased, and is still at work.
#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_waits_for_reports_about_the_user() {
    const RECORD: &str =
        "mutation ($tasks: [TaskInput!]!) { recordTasks(tasks: $tasks) { results { award { id } refused { code } } } }";
    const ACT: &str =
        "mutation ($acts: [ActInput!]!) { actForUsers(acts: $acts) { results { award { id } refused { code } } } }";
    let app = TestApp::start().await;
    let key = app.api_key("chat", &[Scope::Host, Scope::Act]).await;
    for (id, mutation, variables) in [
        (
            17,
            RECORD,
            json!({ "tasks": [{ "userId": 17, "item": "join_group", "targetId": "secret", "idempotencyKey": "secret" }] }),
        ),
        (
            18,
            ACT,
            json!({ "acts": [{ "signIn": { "userId": 18, "idempotencyKey": "secret" } }] }),
        ),
    ] {
        let user = app.add_user(id).await;
        app.ask(&user, "mutation { signInToday { award { id } } }").await;
        // Awards of the user are made after this transaction.
        let mut other = app.pool().begin().await.unwrap();
        sqlx::query("select from award_feeds where user_id = $1 for update")
            .bind(id)
            .execute(&mut *other)
            .await
            .unwrap();
        let waiting = async |count: i64| {
            let sql = "select count(distinct pid) >= $1 from pg_locks where not granted";
            let waits: bool = sqlx::query_scalar(sql).bind(count).fetch_one(app.pool()).await.unwrap();
            waits
        };
        let report = app.admin(&key, mutation, variables);
        let erasure = async {
            wait_until("the report waits", async || waiting(1).await).await;
            let erased = app.admin(&key, ERASE, json!({ "id": id.to_string(), "reason": "x" }));
            let released = async {
                wait_until("the erasure waits or is done", async || {
                    let done = "select exists (select 1 from users where user_id = $1 and erased_at is not null)";
                    let done: bool = sqlx::query_scalar(done).bind(id).fetch_one(app.pool()).await.unwrap();
                    done || waiting(2).await
                })
                .await;
                other.rollback().await.unwrap();
            };
            tokio::join!(erased, released).0
        };
        let (reported, erased) = tokio::join!(report, erasure);
        assert_eq!(erased["eraseUser"]["changed"], true, "{reported}");
        assert!(!everything(&app).await.contains("secret"), "{reported}");
    }
    app.assert_sound().await;
    app.stop().await;
}

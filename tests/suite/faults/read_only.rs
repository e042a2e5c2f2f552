//! A database that takes no writes: unavailable for them, and said so; newbee recovers when it takes them again.

use std::sync::Arc;

use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use crate::support::app::TestApp;
use crate::support::database::TestDatabase;
use crate::support::http_client;
use crate::support::wait_until;

async fn readiness(app: &TestApp) -> (u16, Value) {
    // What was found is good for a second; here each look must be a new one.
    tokio::time::sleep(std::time::Duration::from_millis(1_050)).await;
    let reply = http_client().get(app.url("/readyz")).send().await.unwrap();
    (reply.status().as_u16(), reply.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_are_unavailable_while_the_database_is_read_only_and_work_again_afterwards() {
    let database =
        Arc::new(TestDatabase::create_direct("a pooler keeps sessions that began under another setting").await);
    let before = TestApp::builder().database(&database).start().await;
    let user = before.add_user(1).await;
    before.stop().await;
    let name = database.options.get_database().unwrap();
    let pool = database.pool();
    let set = async |setting: &str| {
        let sql = format!("alter database {name} {setting}");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&pool).await.unwrap();
    };
    set("set default_transaction_read_only = on").await;
    let app = TestApp::builder().database(&database).start().await;

    let sign_in = "mutation { signInToday { award { id } } }";
    let refused = app.reply(Some(&user.key), sign_in, json!({})).await;
    assert_eq!(
        refused["errors"][0]["extensions"]["code"], "SERVICE_UNAVAILABLE",
        "{refused:#}"
    );
    let bind = "mutation { setInvitation(parentCode: \"AAAAAAAA\") { userErrors { code } } }";
    let reserve = "mutation { submitWord(word: \"none\") { userErrors { code } } }";
    for write in [bind, reserve] {
        let refused = app.reply(Some(&user.key), write, json!({})).await;
        let code = &refused["errors"][0]["extensions"]["code"];
        assert!(code.is_null() || code == "SERVICE_UNAVAILABLE", "{refused:#}");
    }
    let legacy: Value = http_client()
        .post(app.url("/customer/sign_in_today"))
        .json(&json!({ "session_key": user.key }))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(legacy["status"], 5, "{legacy:#}");
    // Reads are served.
    assert!(app.reply(Some(&user.key), "{ me { name } }", json!({})).await["errors"].is_null());
    let (status, found) = readiness(&app).await;
    assert_eq!((status, &found["checks"]["database"]), (503, &json!("ok")), "{found:#}");
    assert_eq!(
        found["checks"]["writes"], "failed",
        "the public is not shown why: {found:#}"
    );

    set("reset default_transaction_read_only").await;
    wait_until("writes work without a restart", async || {
        app.reply(Some(&user.key), sign_in, json!({})).await["errors"].is_null()
    })
    .await;
    assert_eq!(readiness(&app).await.0, 200);
    app.stop().await;
    pool.close().await;
}

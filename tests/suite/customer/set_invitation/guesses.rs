//! Limits of `setInvitation`: codes cannot be found by trying, and one user cannot block others.

use chrono::TimeDelta;
use futures_util::future::join_all;
use newbee::config::AccessSettings;
use serde_json::{Value, json};

use crate::support::app::{TestApp, TestUser};
use crate::support::http_client;
use crate::support::wait_until;

const BIND: &str =
    "mutation ($code: String!) { setInvitation(parentCode: $code) { userErrors { code legacyStatus } } }";

async fn bind(app: &TestApp, user: &TestUser, code: &str) -> i64 {
    let reply = app.ask_with(user, BIND, json!({ "code": code })).await;
    reply["setInvitation"]["userErrors"][0]["legacyStatus"]
        .as_i64()
        .unwrap_or(1)
}

async fn bind_by_legacy(app: &TestApp, user: &TestUser, code: &str) -> i64 {
    let request = http_client()
        .post(app.url("/customer/set_invitation"))
        .form(&[("session_key", user.key.as_str()), ("parent_code", code)]);
    let reply: Value = request.send().await.unwrap().json().await.unwrap();
    reply["status"].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bound_user_learns_nothing_about_codes() {
    let app = TestApp::start().await;
    let (parent, other, user) = (app.add_user(1).await, app.add_user(2).await, app.add_user(3).await);
    let child = app.add_user(4).await;
    assert_eq!(bind(&app, &user, &parent.code).await, 1);
    assert_eq!(bind(&app, &child, &user.code).await, 1);
    for _ in 0..30 {
        for code in [other.code.as_str(), &child.code, "ZZZZZZZZ", "not-a-code-at-all"] {
            assert_eq!(bind(&app, &user, code).await, 103, "{code}");
        }
        assert_eq!(bind_by_legacy(&app, &user, "ZZZZZZZZ").await, 103);
        assert_eq!(bind_by_legacy(&app, &user, &other.code).await, 103);
    }
    assert_eq!(
        bind(&app, &user, &parent.code).await,
        1,
        "the own parent again is no change"
    );
    assert_eq!(bind(&app, &user, &user.code).await, 110, "which the user knows");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_count_at_both_apis_and_on_every_replica_together() {
    let app = TestApp::start().await;
    let replica = app.replica().await;
    let (parent, user, child) = (app.add_user(1).await, app.add_user(2).await, app.add_user(3).await);
    assert_eq!(bind(&app, &child, &user.code).await, 1);
    // Each says whether a code exists: unknown ones, the own one, and that of a friend.
    assert_eq!(bind(&app, &user, &user.code).await, 110);
    assert_eq!(bind_by_legacy(&replica, &user, &child.code).await, 111);
    let look = "query { previewInvitation(code: \"ZZZZZZZZ\") { userErrors { legacyStatus } } }";
    let seen = app.ask(&user, look).await;
    assert_eq!(seen["previewInvitation"]["userErrors"][0]["legacyStatus"], 102);
    let guess = async |number: usize| {
        let code = format!("GUESS{number:03}");
        match number % 3 {
            0 => bind(&app, &user, &code).await,
            1 => bind(&replica, &user, &code).await,
            _ => bind_by_legacy(&replica, &user, &code).await,
        }
    };
    let answers = join_all((0..24).map(guess)).await;
    let count = |status: i64| answers.iter().filter(|answer| **answer == status).count();
    assert_eq!((count(102), count(206)), (17, 7), "{answers:?}");
    // Locked out, also with a code that is right.
    assert_eq!(bind(&app, &user, &parent.code).await, 206);
    assert_eq!(bind_by_legacy(&app, &user, &parent.code).await, 206);
    let seen = app.ask(&user, look).await;
    assert_eq!(seen["previewInvitation"]["userErrors"][0]["legacyStatus"], 206);
    app.clock.advance(TimeDelta::minutes(10));
    assert_eq!(bind(&app, &user, &parent.code).await, 1);
    replica.stop().await;
    app.stop().await;
}

/// Connections of the service that wait for a row.
async fn waiting(app: &TestApp) -> i64 {
    sqlx::query_scalar(
        "select count(*) from pg_stat_activity
         where datname = current_database() and application_name = 'newbee' and wait_event_type = 'Lock'",
    )
    .fetch_one(&app.pools.jobs)
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_writes_of_one_user_hold_few_connections() {
    let app = TestApp::start().await;
    app.database().books_may_be_wrong();
    let (user, other) = (app.add_user(1).await, app.add_user(2).await);
    let pool = app.database().pool();
    sqlx::raw_sql(
        "insert into tries (user_id, action, count, window_began_at, locks)
         select 1, action, 0, now(), 0 from unnest(array['submit_word', 'preview_invitation']) as a (action)",
    )
    .execute(&pool)
    .await
    .unwrap();
    let mut holder = pool.begin().await.unwrap();
    sqlx::query("select from tries for update")
        .fetch_all(&mut *holder)
        .await
        .unwrap();

    let requests = join_all((0..70).map(|number| {
        let query = match number % 3 {
            0 => "mutation { submitWord(word: \"guess\") { userErrors { code } } }",
            1 => "mutation { setInvitation(parentCode: \"ZZZZZZZZ\") { userErrors { code } } }",
            _ => "query { previewInvitation(code: \"ZZZZZZZZ\") { userErrors { code } } }",
        };
        app.reply(Some(&user.key), query, json!({}))
    }));
    let others = async {
        wait_until("writes wait for the row", async || waiting(&app).await >= 3).await;
        let mut most = 0;
        for _ in 0..10 {
            most = most.max(waiting(&app).await);
            // Another user is served at once, by read and by write.
            let served = app
                .ask(&other, "mutation { submitWord(word: \"x\") { userErrors { code } } }")
                .await;
            assert!(served["submitWord"]["userErrors"][0]["code"].is_string());
            app.clock.advance(TimeDelta::minutes(10));
        }
        holder.rollback().await.unwrap();
        most
    };
    let (replies, most) = tokio::join!(requests, others);
    assert_eq!(most, 3, "connections that wait");
    let refused = replies
        .iter()
        .filter(|reply| reply["errors"][0]["extensions"]["code"] == "RATE_LIMITED")
        .count();
    assert!(refused >= 7, "beyond 3 at work and 60 that wait: {refused}");
    assert!(refused < 70, "the others were served in turn");
    pool.close().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_is_locked_out_waits_for_no_row() {
    let app = TestApp::start().await;
    let user = app.add_user(1).await;
    let pool = app.database().pool();
    sqlx::raw_sql(
        "insert into tries (user_id, action, count, window_began_at, locked_until, locks)
         select 1, action, 0, '2026-11-20Z', '2026-11-20T05:00:00Z', 1
         from unnest(array['submit_word', 'preview_invitation']) as a (action)",
    )
    .execute(&pool)
    .await
    .unwrap();
    let mut holder = pool.begin().await.unwrap();
    sqlx::query("select from tries for update")
        .fetch_all(&mut *holder)
        .await
        .unwrap();
    assert_eq!(bind(&app, &user, "ZZZZZZZZ").await, 206);
    let word = app
        .ask(
            &user,
            "mutation { submitWord(word: \"x\") { userErrors { legacyStatus } } }",
        )
        .await;
    assert_eq!(word["submitWord"]["userErrors"][0]["legacyStatus"], 206);
    holder.rollback().await.unwrap();
    pool.close().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_descendants_code_is_refused_without_the_lock_of_all_bindings() {
    let app = TestApp::start().await;
    let (user, child) = (app.add_user(1).await, app.add_user(2).await);
    assert_eq!(bind(&app, &child, &user.code).await, 1);
    let pool = app.database().pool();
    let mut holder = pool.begin().await.unwrap();
    sqlx::query("select from invitation_binding_lock for update")
        .fetch_all(&mut *holder)
        .await
        .unwrap();
    assert_eq!(bind(&app, &user, &child.code).await, 111);
    holder.rollback().await.unwrap();
    pool.close().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mutation_costs_more_of_the_rate_than_a_query() {
    let settings = AccessSettings {
        session_rate: Some("30/1day".parse().expect("a rate")),
        ..AccessSettings::default()
    };
    let app = TestApp::builder().access(settings).start().await;
    let code = |reply: &Value| reply["errors"][0]["extensions"]["code"].as_str().map(str::to_owned);
    let asked = async |user: &TestUser, query: &str| code(&app.reply(Some(&user.key), query, json!({})).await);
    let field =
        |number: usize| format!("a{number}: setInvitation(parentCode: \"ZZZZZZZZ\") {{ userErrors {{ code }} }}");
    let fields = |count: usize| (0..count).map(field).collect::<Vec<_>>().join(" ");

    // One for the request and four for each field: 5, 13, and then 12 are left.
    let user = app.add_user(1).await;
    assert_eq!(asked(&user, &format!("mutation {{ {} }}", fields(1))).await, None);
    let fragment = format!(
        "mutation {{ ...F }} fragment F on Mutation {{ ... {{ {} }} }}",
        fields(3)
    );
    assert_eq!(asked(&user, &fragment).await, None);
    assert_eq!(
        asked(&user, &format!("mutation {{ {} }}", fields(3))).await.as_deref(),
        Some("RATE_LIMITED")
    );
    assert_eq!(asked(&user, "{ me { id } }").await, None, "a query still costs one");
    assert_eq!(bind_by_legacy(&app, &user, "ZZZZZZZZ").await, 102);
    assert_eq!(bind_by_legacy(&app, &user, "ZZZZZZZZ").await, 102);
    assert_eq!(
        bind_by_legacy(&app, &user, "ZZZZZZZZ").await,
        5,
        "by the legacy method as well"
    );
    app.stop().await;
}

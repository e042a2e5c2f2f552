//! Ten thousand awards settled in one batch, with some who follow.

use std::collections::BTreeMap;

use newbee::store::bounded::PgPool;

use super::{Following, settle, text};
use crate::support::app::{NOON, TestApp};
use crate::support::within;

const USERS: i64 = 2_000;

const AWARDS_A_USER: i64 = 5;

const FOLLOWERS: i64 = 8;

async fn make_awards(pool: &PgPool) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "insert into users (user_id, created_at, updated_at) select n, '{NOON}', '{NOON}' from generate_series(1, {USERS}) n
             on conflict do nothing;
         insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id, business_day, settles_at,
                             created_at, updated_at)
             select u, 'import', g::text, 'join_group', 'DAILY', 1, 10, '1', '2026-11-20', '{NOON}', '{NOON}', '{NOON}'
             from generate_series(1, {USERS}) u, generate_series(1, {AWARDS_A_USER}) g"
    )))
    .execute(pool)
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_settled_at_once_flood_nobody() {
    let app = TestApp::start().await;
    let mut followers = Vec::new();
    for id in 1..=FOLLOWERS {
        let user = app.add_user(id).await;
        followers.push(Following::begin(&app.url("/graphql"), &user.key, None).await);
    }
    // A second listener counts the notifications of Postgres.
    let pool = app.database().pool();
    let mut listener = {
        let pool = sqlx::postgres::PgPoolOptions::new().connect_lazy_with(app.database().options.clone());
        sqlx::postgres::PgListener::connect_with(&pool).await.unwrap()
    };
    listener.listen("newbee_awards").await.unwrap();
    make_awards(app.pool()).await;
    settle(&app).await;
    assert_eq!(
        sqlx::query_scalar::<_, i64>("select count(*) from awards where status = 'SETTLED'")
            .fetch_one(&pool)
            .await
            .unwrap(),
        USERS * AWARDS_A_USER
    );
    for following in &mut followers {
        // A change may come as it was before settlement or only as it is after it: what counts is how it ends.
        let mut last = BTreeMap::new();
        while last.values().filter(|status| *status == "SETTLED").count() < AWARDS_A_USER as usize {
            let award = following.award().await;
            last.insert(text(&award, "id").to_owned(), text(&award, "status").to_owned());
        }
        assert_eq!(last.len(), AWARDS_A_USER as usize);
    }
    let usage: f64 = sqlx::query_scalar("select pg_notification_queue_usage()")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert!(usage < 0.001, "the queue of notifications is {usage} full");
    let mut told = 0;
    sqlx::query("select pg_notify('newbee_awards', 'last')")
        .execute(&pool)
        .await
        .unwrap();
    while within("a notification", listener.recv())
        .await
        .unwrap()
        .payload()
        .is_empty()
    {
        told += 1;
    }
    // One for what was made, and one for each batch.
    assert!((2..=60).contains(&told), "{told} notifications");
    drop((listener, followers));
    pool.close().await;
    app.stop().await;
}

//! Very many acts in one call, the same ones in two calls at once, and a call of a program that is killed.

use chrono::TimeDelta;
use newbee::domain::api_key::Scope;
use newbee::domain::audit::Author;
use newbee::service::api_keys::make_api_key;
use newbee::store::bounded::PgPool;
use newbee::store::pools::Pools;
use serde_json::{Value, json};

use super::{ACT, act, bot, outcome, reserve, results, sign_in, submit_word};
use crate::support::app::TestApp;
use crate::support::database::TestDatabase;
use crate::support::program::Program;
use crate::support::{http_client, post_graphql, reservations, wait_until, words};

const USERS: i64 = 1_000;

const REGISTER: &str =
    "insert into users (user_id, created_at, updated_at) select n, now(), now() from generate_series(1, 1000) n";

fn sign_ins(key: &str) -> Value {
    // Not in the order of the users.
    let acts = (0..USERS).map(|place| sign_in(place * 7 % USERS + 1, key));
    json!(acts.collect::<Vec<_>>())
}

fn count(results: &[Value], expected: &str) -> usize {
    results.iter().filter(|result| outcome(result) == expected).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_users_sign_in_by_one_call() {
    let app = TestApp::start().await;
    let key = bot(&app).await;
    app.sql(REGISTER).await;
    let first = act(&app, &key, sign_ins("a")).await;
    assert_eq!(count(&first, "performed"), 1_000);
    let again = act(&app, &key, sign_ins("a")).await;
    assert_eq!(count(&again, "repeated"), 1_000);
    assert!(
        first
            .iter()
            .zip(&again)
            .all(|(first, again)| first["award"] == again["award"])
    );
    let with_other_keys = act(&app, &key, sign_ins("b")).await;
    assert_eq!(count(&with_other_keys, "ALREADY_SIGNED_IN"), 1_000);
    assert_eq!(app.count("select count(distinct user_id) from awards").await, USERS);
    assert_eq!(app.count("select count(*) from awards").await, USERS);
    // The next day continues the streaks.
    app.clock.advance(TimeDelta::days(1));
    assert_eq!(count(&act(&app, &key, sign_ins("c")).await, "performed"), 1_000);
    assert_eq!(
        app.count("select count(*) from award_feeds where streak_length = 2")
            .await,
        USERS
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_acts_in_calls_at_once_are_performed_once() {
    let app = TestApp::start().await;
    let other = app.replica().await;
    let key = bot(&app).await;
    app.sql(REGISTER).await;
    words::create(&app, &words::terms(&app, "moon", 100)).await;
    reservations::create(&app, "alpha", reservations::places(100)).await;
    let single = (1..=100).flat_map(|user| [submit_word(user, "w", "moon"), reserve(user, "r", "alpha")]);
    let mut acts: Vec<Value> = (1..=500).map(|user| sign_in(user, "s")).collect();
    acts.extend(single);
    let acts = json!(acts);
    let calls = [&app, &other, &app, &other].map(|app| act(app, &key, acts.clone()));
    let replies = futures_util::future::join_all(calls).await;
    for place in 0..replies[0].len() {
        let performed = replies.iter().filter(|reply| outcome(&reply[place]) == "performed");
        assert_eq!(performed.count(), 1, "act {place}");
        let repeated = replies.iter().filter(|reply| outcome(&reply[place]) == "repeated");
        assert_eq!(repeated.count(), 3, "act {place}");
        assert!(
            replies
                .iter()
                .all(|reply| reply[place]["award"] == replies[0][place]["award"])
        );
    }
    assert_eq!(app.count("select count(*) from awards").await, 600);
    assert_eq!(
        app.count("select reserved_count::bigint from reservation_campaigns")
            .await,
        100
    );
    other.stop().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_of_one_users_data_does_not_fail_the_others() {
    let app = TestApp::start().await;
    let key = bot(&app).await;
    app.sql(REGISTER).await;
    // The number of the next change does not fit.
    app.sql("insert into award_feeds (user_id, last_change) values (13, 9223372036854775807)")
        .await;
    let acts: Vec<Value> = (1..=20).map(|user| sign_in(user, "a")).collect();
    for (user, result) in (1..=20).zip(act(&app, &key, json!(acts)).await) {
        let expected = if user == 13 { "TRY_AGAIN" } else { "performed" };
        assert_eq!(outcome(&result), expected, "user {user}");
    }
    assert_eq!(app.count("select count(*) from awards").await, 19);
    assert_eq!(app.count("select count(*) from task_requests").await, 19);
    app.stop().await;
}

/// The call of a program that has inserted the awards and waits for the key of the last user, which another transaction
/// uses.
#[tokio::test(flavor = "multi_thread")]
async fn killed_between_the_awards_and_their_keys_it_performs_each_act_once() {
    let database = TestDatabase::create().await;
    let pool: PgPool = Pools::connect_lazily(&database.options, 4).api;
    sqlx::raw_sql(REGISTER).execute(&pool).await.unwrap();
    let author = Author::at_the_command_line(newbee::clock::Clock::machine().now());
    let key = make_api_key(&pool, "bot", &[Scope::Act], &author).await.unwrap();
    let key = key.reveal().to_owned();
    let call = |program: &Program| {
        let url = format!("http://{}/admin/graphql", program.address);
        let key = key.clone();
        async move {
            let request = http_client()
                .post(url)
                .bearer_auth(key)
                .json(&json!({ "query": ACT, "variables": { "acts": sign_ins("a") } }));
            request.send().await
        }
    };
    let program = Program::serve(&database, &[]).await;
    let mut holder = pool.begin().await.unwrap();
    sqlx::query(
        "insert into task_requests (user_id, idempotency_key, content_hash, result, created_at)
         values (1000, 'a', sha256('other'), 'null', now())",
    )
    .execute(&mut *holder)
    .await
    .unwrap();
    let interrupted = tokio::spawn(call(&program));
    wait_until("the call waits for a key", async || {
        let waiting = "select count(*) from pg_stat_activity
             where datname = current_database() and wait_event_type = 'Lock' and query like '%insert into task_requests%'";
        sqlx::query_scalar::<_, i64>(waiting).fetch_one(&pool).await.unwrap() == 1
    })
    .await;
    program.kill().await;
    assert!(interrupted.await.unwrap().is_err(), "no reply");
    holder.rollback().await.unwrap();
    wait_until("the server has noticed", async || {
        let others = "select count(*) from pg_stat_activity where datname = current_database() and state = 'active'
             and pid <> pg_backend_pid()";
        sqlx::query_scalar::<_, i64>(others).fetch_one(&pool).await.unwrap() == 0
    })
    .await;
    let awards = async || -> i64 {
        sqlx::query_scalar("select count(*) from awards")
            .fetch_one(&pool)
            .await
            .unwrap()
    };
    assert_eq!(awards().await, 0, "neither awards nor keys");

    let program = Program::serve(&database, &[]).await;
    let url = format!("http://{}/admin/graphql", program.address);
    let variables = json!({ "acts": sign_ins("a") });
    for expected in ["performed", "repeated"] {
        let (_, mut reply) = post_graphql(&http_client(), &url, Some(&key), ACT, variables.clone()).await;
        assert_eq!(count(&results(reply["data"].take()), expected), 1_000);
    }
    assert_eq!(awards().await, USERS);
    program.terminate().await;
    pool.close().await;
}

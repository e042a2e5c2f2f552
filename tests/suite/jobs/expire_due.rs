//! Ending what is over: nothing sooner, nothing twice, and whatever the job is killed in.

use chrono::TimeDelta;
use newbee::service::jobs::expire_due::ExpireDue;
use newbee::service::jobs::{AnyJob, JobEnd};
use serde_json::{Value, json};
use sqlx::Executor;

use crate::support::app::{TestApp, instant};
use crate::support::wait_until;

/// It is noon of 20 November in Shanghai, 04:00 UTC.
const CAMPAIGNS: &str = "
    insert into reservation_campaigns (campaign_key, state, opens_at, closes_at, launched_at, launched_by, created_by, reason,
                                       created_at, updated_at)
    select key, state::reservation_campaign_state, null, closes_at::timestamptz, launched_at::timestamptz, launched_by, 'test', 'test', '2026-11-01Z', '2026-11-01Z'
    from (values ('over', 'OPEN', '2026-11-20T04:00:00Z', null, null), ('over_long_ago', 'OPEN', '2026-11-02Z', null, null),
                 ('open', 'OPEN', '2026-11-20T04:00:01Z', null, null), ('endless', 'OPEN', null, null, null),
                 ('by_hand', 'CLOSED', '2026-11-02Z', null, null), ('launched', 'LAUNCHED', '2026-11-02Z', '2026-11-03Z', 'test'))
         as campaigns (key, state, closes_at, launched_at, launched_by)";

/// A word whose window is over, and one that is open.
const WORDS: &str = "
    insert into word_campaigns (word, normalised_word, amount, coin_id, max_count, split, opens_at, closes_at, draw_hash, draw_public_key, draw_salt,
                                created_by, reason, created_at, updated_at)
    select word, word, 5, '1', 1, 'FIXED', '2026-11-01Z', closes_at::timestamptz, sha256(''), decode(repeat('00', 96), 'hex'), sha256(''), 'test', 'test',
           '2026-11-01Z', '2026-11-01Z'
    from (values ('over', '2026-11-20T04:00:00Z'), ('open', '2026-11-20T04:00:01Z')) as words (word, closes_at);

    insert into word_shares (campaign_id, share_number) select campaign_id, 1 from word_campaigns";

/// Keys of user 1 by name, when they expire, and when they were revoked. What ended before 21 October 04:00 UTC may go.
const KEYS: &str = "
    insert into users (user_id, created_at, updated_at) values (1, '2026-01-01Z', '2026-01-01Z');

    insert into sessions (key_hash, user_id, origin, created_at, expires_at, revoked_at)
    select sha256(name::bytea), 1, 'issued', '2026-01-01Z', expires_at::timestamptz, revoked_at::timestamptz
    from (values ('good', '2026-12-01Z', null), ('expired', '2026-10-21T04:00:00Z', null), ('old', '2026-10-21T03:59:59Z', null),
                 ('revoked', '2026-12-01Z', '2026-10-22Z'), ('revoked_long_ago', '2026-12-01Z', '2026-10-20Z'))
         as keys (name, expires_at, revoked_at)";

async fn run(app: &TestApp, name: &str, batch_size: u32) -> Value {
    match ExpireDue.run(app.context(name, batch_size).await).await.unwrap() {
        JobEnd::Done(report) => report,
        JobEnd::Interrupted => panic!("nobody asked it to stop"),
    }
}

async fn texts(app: &TestApp, sql: &'static str) -> Vec<String> {
    sqlx::query_scalar(sql).fetch_all(app.pool()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_ends_and_nothing_else_whatever_the_batch() {
    for batch_size in [1, 2, 1000] {
        let app = TestApp::in_process().await;
        app.pool().execute(CAMPAIGNS).await.unwrap();
        app.pool().execute(WORDS).await.unwrap();
        app.pool().execute(KEYS).await.unwrap();
        let report = run(&app, "first", batch_size).await;
        assert_eq!(
            report,
            json!({ "reservation_campaigns": 2, "word_campaigns": 1, "session_keys": 2 })
        );
        assert_eq!(
            texts(&app, "select word || ' ' || state from word_campaigns order by word").await,
            ["open OPEN", "over ENDED"]
        );
        assert_eq!(
            texts(
                &app,
                "select campaign_key || ' ' || state from reservation_campaigns order by campaign_key"
            )
            .await,
            [
                "by_hand CLOSED",
                "endless OPEN",
                "launched LAUNCHED",
                "open OPEN",
                "over CLOSED",
                "over_long_ago CLOSED"
            ]
        );
        let kept =
            "select name from (values ('good'), ('expired'), ('old'), ('revoked'), ('revoked_long_ago')) as keys (name)
                    join sessions on key_hash = sha256(name::bytea) order by name";
        assert_eq!(texts(&app, kept).await, ["expired", "good", "revoked"]);
        assert_eq!(
            run(&app, "again", batch_size).await,
            json!({ "reservation_campaigns": 0, "word_campaigns": 0, "session_keys": 0 })
        );
        app.clock.advance(TimeDelta::seconds(1));
        assert_eq!(
            run(&app, "later", batch_size).await,
            json!({ "reservation_campaigns": 1, "word_campaigns": 1, "session_keys": 1 })
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_of_a_batch_the_next_attempt_goes_on_counting() {
    let app = TestApp::in_process().await;
    app.pool().execute(KEYS).await.unwrap();
    app
        .pool()
        .execute(
            "insert into sessions (key_hash, user_id, origin, created_at, expires_at)
             select sha256(n::text::bytea), 1, 'issued', '2026-01-01Z', timestamptz '2026-02-01Z' + n * interval '1 minute'
             from generate_series(1, 100) n",
        )
        .await
        .unwrap();
    // Who holds the 57th key holds up the batch that deletes it.
    let mut holding = app.pool().begin().await.unwrap();
    holding
        .execute("select from sessions where key_hash = sha256('57') for update")
        .await
        .unwrap();
    let job = app.context("killed", 10).await;
    let mut next_attempt = job.clone();
    let work = tokio::spawn(ExpireDue.run(job));
    let waiting = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                   where datname = current_database() and wait_event_type = 'Lock' and query like 'with chunk as%'";
    wait_until("the batch waits for the key", async || app.count(waiting).await > 0).await;
    work.await.unwrap().expect_err("its session was ended under it");
    holding.rollback().await.unwrap();

    let progress: Value = sqlx::query_scalar("select progress from job_runs where job = 'killed'")
        .fetch_one(app.pool())
        .await
        .unwrap();
    assert_eq!(progress["session_keys"], 50, "whole batches, each with its progress");
    assert_eq!(app.count("select count(*) from sessions").await, 55);
    next_attempt.progress = Some(progress);
    let Ok(JobEnd::Done(report)) = ExpireDue.run(next_attempt).await else {
        panic!("nothing is in its way")
    };
    assert_eq!(report["session_keys"], 102);
    assert_eq!(app.count("select count(*) from sessions").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_that_somebody_holds_is_left_for_the_next_run_and_a_stop_leaves_everything() {
    let app = TestApp::in_process().await;
    app.pool().execute(CAMPAIGNS).await.unwrap();
    let stopped = app.context("stopped", 10).await;
    stopped.stop.cancel();
    assert_eq!(ExpireDue.run(stopped).await.unwrap(), JobEnd::Interrupted);
    let mut holding = app.pool().begin().await.unwrap();
    holding
        .execute("select from reservation_campaigns where campaign_key = 'over' for update")
        .await
        .unwrap();
    assert_eq!(run(&app, "first", 10).await["reservation_campaigns"], 1);
    holding.rollback().await.unwrap();
    assert_eq!(run(&app, "second", 10).await["reservation_campaigns"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_due_every_five_minutes_and_downtime_costs_one_run() {
    let app = TestApp::in_process().await;
    let scheduler = app.real_scheduler();
    scheduler.tick().await.unwrap();
    app.clock.set(instant("2026-11-20T04:58:00Z"));
    scheduler.tick().await.unwrap();
    let runs = app.states("expire_due").await;
    assert_eq!((runs["SUCCEEDED"], runs["SKIPPED"]), (1, 1), "{runs:?}");
    app.clock.set(instant("2026-11-20T05:00:29Z"));
    scheduler.tick().await.unwrap();
    assert_eq!(app.states("expire_due").await["SUCCEEDED"], 1);
    app.clock.advance(TimeDelta::seconds(1));
    scheduler.tick().await.unwrap();
    assert_eq!(app.states("expire_due").await["SUCCEEDED"], 2);
}

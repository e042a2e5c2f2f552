//! Settlement in process: batches, reports, parked awards, and sessions that are ended in a batch.

use std::time::Duration;

use chrono::TimeDelta;
use newbee::scheduler::one_run::Outcome;
use newbee::service::jobs::settle_awards::SettleAwards;
use newbee::service::jobs::{AnyJob, JobEnd};
use serde_json::{Value, json};

use crate::support::app::{TestApp, day};

fn report(end: JobEnd) -> Value {
    match end {
        JobEnd::Done(report) => report,
        JobEnd::Interrupted => panic!("nobody asked it to stop"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_settlers_at_once_settle_each_award_once() {
    let app = TestApp::in_process().await;
    app.make_awards(500, 10, day("2026-11-20")).await;
    let (one, two) = (app.context("one", 7).await, app.context("two", 11).await);
    let (one, two) = tokio::join!(tokio::spawn(SettleAwards.run(one)), tokio::spawn(SettleAwards.run(two)));
    let (one, two) = (report(one.unwrap().unwrap()), report(two.unwrap().unwrap()));
    // What one had locked the other passed by, and it may have come to its end with the other's last batch open.
    assert_eq!(
        one["settled"].as_i64().unwrap() + two["settled"].as_i64().unwrap(),
        5000,
        "{one} {two}"
    );
    assert_eq!(app.count("select count(*) from ledger_entries").await, 5000);
    assert_eq!(app.count("select sum(settled)::bigint from balances").await, 50_000);
    assert_eq!(
        app.count("select count(*) from awards where status <> 'SETTLED'").await,
        0
    );
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scheduled_job_reports_counts_and_sums_by_coin() {
    let app = TestApp::in_process().await;
    let scheduler = app.real_scheduler();
    scheduler.tick().await.unwrap();
    app.make_awards(100, 3, day("2026-11-20")).await;
    sqlx::query(
        "with feed as (update award_feeds set last_change = last_change + 1 where user_id = 7 returning last_change)
         update awards set settles_at = settles_at + interval '3 days', changed_in = last_change from feed where user_id = 7",
    )
    .execute(app.pool())
    .await
    .unwrap();
    app.clock.advance(TimeDelta::minutes(1));
    let outcomes = scheduler.tick().await.unwrap();
    let settlement = outcomes.iter().find(|outcome| outcome.job == "settle_awards");
    let Some(Outcome::Succeeded(report)) = settlement.map(|outcome| &outcome.outcome) else {
        panic!("{outcomes:?}")
    };
    assert_eq!(report["settled"], 297);
    assert_eq!(report["sums"], json!({"1": "990.0000", "2": "1980.0000"}));
    assert_eq!(
        app.count("select count(*) from awards where status = 'PENDING'").await,
        3,
        "held awards wait"
    );
    app.clock.advance(TimeDelta::days(3));
    scheduler.tick().await.unwrap();
    assert_eq!(
        app.count("select count(*) from awards where status = 'PENDING'").await,
        0
    );
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_award_that_cannot_be_paid_is_parked_and_the_rest_is_paid() {
    let app = TestApp::in_process().await;
    app.make_awards(300, 4, day("2026-11-20")).await;
    // User 65 is as rich as a balance can be; one more coin does not fit.
    sqlx::query(
        "insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id,
                             business_day, settles_at, created_at, updated_at)
         values (65, 'import', 'riches', 'join_group', 'DAILY', 1, 9999999999999999.9999, '1', '2026-11-20', $1, $1, $1)",
    )
    .bind(app.clock.now())
    .execute(app.pool())
    .await
    .unwrap();
    let settled = report(SettleAwards.run(app.context("settler", 50).await).await.unwrap());
    // Awards of 10 come first by id; then the riches do not fit on top of them.
    assert_eq!(
        (&settled["settled"], &settled["parked"]),
        (&json!(1200), &json!(1)),
        "{settled}"
    );
    assert_eq!(settled["parked_awards"][0]["user_id"], 65);
    let error: String = sqlx::query_scalar("select settle_error from awards where settle_error is not null")
        .fetch_one(app.pool())
        .await
        .unwrap();
    assert_eq!(error, "the balance would exceed 9,999,999,999,999,999.9999");
    let again = report(SettleAwards.run(app.context("again", 50).await).await.unwrap());
    assert_eq!(
        (&again["settled"], &again["parked"]),
        (&json!(0), &json!(1)),
        "parked awards are passed by, and still counted"
    );
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_of_a_batch_again_and_again_it_settles_each_award_once() {
    let app = TestApp::in_process().await;
    app.make_awards(400, 10, day("2026-11-20")).await;
    for victim in [5_i64, 12, 19, 26, 33, 40, 47, 54] {
        // Who holds a user's feed holds up the batch that pays this user, with half of its work done.
        let mut holding = app.pool().begin().await.unwrap();
        sqlx::query("select from award_feeds where user_id = $1 for update")
            .bind(victim)
            .execute(&mut *holding)
            .await
            .unwrap();
        let work = tokio::spawn(SettleAwards.run(app.context(&format!("victim_{victim}"), 20).await));
        let killed = tokio::time::timeout(Duration::from_secs(30), async {
            let waiting = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                           where datname = current_database() and wait_event_type = 'Lock' and query like '-- Settles one batch%'";
            while app.count(waiting).await == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await; // leaves the machine to what is waited for
            }
        });
        killed.await.expect("the batch waits for the row");
        work.await.unwrap().expect_err("its session was ended under it");
        holding.rollback().await.unwrap();
        assert!(app.count("select count(*) from awards where status = 'PENDING'").await > 0);
        app.assert_sound().await;
    }
    SettleAwards.run(app.context("survivor", 500).await).await.unwrap();
    assert_eq!(
        app.count("select count(*) from awards where status = 'SETTLED'").await,
        4000
    );
    assert_eq!(app.count("select count(*) from ledger_entries").await, 4000);
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_amount_that_is_no_number_is_parked_and_the_rest_is_paid() {
    let app = TestApp::in_process().await;
    app.make_awards(40, 2, day("2026-11-20")).await;
    // Old data, from before the constraints of today.
    sqlx::raw_sql(
        "do $$ declare each text; begin
             for each in select conname from pg_constraint where conrelid = 'awards'::regclass and contype = 'c' loop
                 execute format('alter table awards drop constraint %I', each);
             end loop;
         end $$;
         insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id, business_day,
                             settles_at, created_at, updated_at)
         values (7, 'import', 'nan', 'join_group', 'DAILY', 1, 'NaN', '1', '2026-11-20', '2026-11-20Z', '2026-11-20Z', '2026-11-20Z'),
                (8, 'import', 'always', 'join_group', 'DAILY', 1, 5, '1', '2026-11-20', '-infinity', '2026-11-20Z', '2026-11-20Z')",
    )
    .execute(app.pool())
    .await
    .unwrap();
    app.database().books_may_be_wrong();
    let scheduler = app.real_scheduler();
    let overview = scheduler
        .overview(scheduler.job("settle_awards").unwrap(), app.pool())
        .await
        .unwrap();
    assert!(overview.lag > TimeDelta::zero());
    let JobEnd::Done(report) = SettleAwards.run(app.context("settler", 50).await).await.unwrap() else {
        panic!("nobody asked it to stop")
    };
    assert_eq!(
        (&report["settled"], &report["parked"]),
        (&json!(81), &json!(1)),
        "{report}"
    );
    assert_eq!(report["parked_awards"][0]["user_id"], 7);
    let wrong = "select count(*) from balances where settled = 'NaN'";
    assert_eq!(app.count(wrong).await, 0);
}

//! Launches: each place is paid once, also when processes are killed in between.

use chrono::TimeDelta;
use newbee::domain::id::UserId;
use newbee::domain::reservation::{ReservationCampaign, ReservationTerms};
use newbee::scheduler::one_run::Outcome;
use newbee::service::Applied;
use newbee::service::cancel_reservation::cancel_reservation;
use newbee::service::create_reservation_campaign::create_reservation_campaign;
use newbee::service::jobs::pay_reservations::PayReservations;
use newbee::service::jobs::{AnyJob, JobEnd};
use newbee::service::launch_reservations::launch_reservations;
use newbee::service::reserve::reserve;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::reservations::{CANCEL, RESERVE, act, assert_sound, author, count, create, reward};
use crate::support::wait_until;

const PAID: &str = "select count(*) from awards where source = 'reservation'";

fn rewarding(amount: i64) -> ReservationTerms {
    ReservationTerms {
        reward: reward(amount),
        ..ReservationTerms::default()
    }
}

async fn launch(app: &TestApp, key: &str) -> Applied<ReservationCampaign> {
    launch_reservations(app.pool(), key, "a test", &author(app.now()))
        .await
        .unwrap()
}

/// A minute later: the payment of launches, then settlement.
async fn a_minute_later(app: &TestApp) -> Value {
    app.clock.advance(TimeDelta::seconds(55));
    let outcomes = app.run_due_jobs().await;
    app.clock.advance(TimeDelta::seconds(5));
    app.run_due_jobs().await;
    let paid = outcomes.into_iter().find(|outcome| outcome.job == "pay_reservations");
    match paid.map(|outcome| outcome.outcome) {
        Some(Outcome::Succeeded(report)) => report,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_launch_pays_each_place_once_and_settlement_makes_it_a_balance() {
    let app = TestApp::start().await;
    app.run_due_jobs().await; // the jobs are known from now on
    let (user, friend, leaver) = (app.add_user(1).await, app.add_user(2).await, app.add_user(3).await);
    create(&app, "paid", rewarding(12)).await;
    create(&app, "unpaid", ReservationTerms::default()).await;
    create(&app, "waiting", rewarding(99)).await;
    for key in ["paid", "unpaid", "waiting"] {
        for user in [&user, &friend, &leaver] {
            act(&app, user, RESERVE, key).await;
        }
    }
    act(&app, &leaver, CANCEL, "paid").await;
    let nothing = json!({ "paid": 0, "batches": 0, "campaigns": 0, "sums": {} });
    assert_eq!(a_minute_later(&app).await, nothing);

    let Applied {
        state: launched,
        changed: true,
    } = launch(&app, " Paid ").await
    else {
        panic!("the first launch launches")
    };
    assert_eq!(
        (launched.reserved_count, launched.launched_at),
        (2, Some(app.clock.now()))
    );
    launch(&app, "unpaid").await;
    app.clock.advance(TimeDelta::seconds(1));
    assert_eq!(
        launch(&app, "paid").await,
        Applied {
            state: launched.clone(),
            changed: false
        }
    );
    app.clock.advance(TimeDelta::seconds(-1));
    let both = json!({ "paid": 2, "batches": 1, "campaigns": 1, "sums": { "7": "24.0000" } });
    assert_eq!(a_minute_later(&app).await, both);
    assert_eq!(a_minute_later(&app).await, nothing, "paid it is");
    let Applied {
        state: paid,
        changed: false,
    } = launch(&app, "paid").await
    else {
        panic!("a second launch changes nothing")
    };
    assert!(paid.rewards_paid_at.is_some());
    assert_eq!(paid.launched_at, launched.launched_at);

    let query =
        "{ me { balances { coinId settled pending } awards { nodes { item type amount coinId targetId status } } } }";
    let award = json!({
        "item": "reservation", "type": "RESERVATION", "amount": "12.0000", "coinId": "7", "targetId": "paid", "status": "SETTLED",
    });
    let rich = json!({ "me": {
        "balances": [{ "coinId": "7", "settled": "12.0000", "pending": "0.0000" }], "awards": { "nodes": [award] },
    } });
    assert_eq!(app.ask(&user, query).await, rich);
    assert_eq!(app.ask(&friend, query).await, rich);
    let poor = json!({ "me": { "balances": [], "awards": { "nodes": [] } } });
    assert_eq!(app.ask(&leaver, query).await, poor);
    assert_sound(app.pool()).await;
    app.stop().await;
}

/// A launched campaign with that many places; every tenth user cancelled before the launch.
async fn launched(app: &TestApp, users: i64) -> ReservationCampaign {
    sqlx::query("insert into users (user_id, created_at, updated_at) select n, $2, $2 from generate_series(1, $1) n")
        .bind(users)
        .bind(app.clock.now())
        .execute(app.pool())
        .await
        .unwrap();
    let now = app.calendar.moment(app.clock.now());
    create_reservation_campaign(app.pool(), "party", &rewarding(3), "a test", &author(now))
        .await
        .unwrap();
    for user in (1..=users).map(UserId) {
        reserve(app.pool(), user, "party", now).await.unwrap();
        if user.0 % 10 == 0 {
            cancel_reservation(app.pool(), user, "party", now).await.unwrap();
        }
    }
    let launched = launch_reservations(app.pool(), "party", "a test", &author(now))
        .await
        .unwrap();
    assert!(launched.changed);
    launched.state
}

/// Each place has one award, cancelled ones none, and the campaign is marked.
async fn assert_paid(app: &TestApp, places: i64) {
    assert_eq!(count(app.pool(), PAID).await, places);
    let cancelled = "select count(*) from awards where user_id % 10 = 0";
    assert_eq!(count(app.pool(), cancelled).await, 0);
    let paid = "select count(*) from reservation_campaigns where rewards_paid_at is not null";
    assert_eq!(count(app.pool(), paid).await, 1);
    assert_sound(app.pool()).await;
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn aborted_anywhere_it_goes_on_by_its_progress_and_pays_each_place_once() {
    let app = TestApp::in_process().await;
    assert_eq!(launched(&app, 200).await.reserved_count, 180);
    let mut job = app.context("payer", 7).await;
    let run_id = job.lease.run_id;
    for some in [20, 60, 100] {
        let work = tokio::spawn(PayReservations.run(job.clone()));
        wait_until("some are paid", async || count(app.pool(), PAID).await >= some).await;
        work.abort();
        let _ = work.await;
        // Waits for a commit that was on its way when the work was dropped.
        job.progress = sqlx::query_scalar("select progress from job_runs where run_id = $1 for update")
            .bind(run_id)
            .fetch_one(app.pool())
            .await
            .unwrap();
        assert_sound(app.pool()).await;
    }
    let JobEnd::Done(report) = PayReservations.run(job).await.unwrap() else {
        panic!("nobody asked it to stop")
    };
    let whole = json!({ "paid": 180, "batches": 26, "campaigns": 1, "sums": { "7": "540.0000" } });
    assert_eq!(report, whole, "counted across the attempts");
    assert_paid(&app, 180).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_of_a_batch_the_next_run_pays_what_is_left() {
    let app = TestApp::in_process().await;
    launched(&app, 100).await;
    for victim in [15_i64, 47, 88] {
        // Who holds a user's feed holds up the batch that pays this user, with half of its work done.
        let mut holding = app.pool().begin().await.unwrap();
        sqlx::query("insert into award_feeds (user_id, last_change) values ($1, 0)")
            .bind(victim)
            .execute(&mut *holding)
            .await
            .unwrap();
        let work = tokio::spawn(PayReservations.run(app.context(&format!("victim_{victim}"), 10).await));
        let waiting = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                       where datname = current_database() and wait_event_type = 'Lock' and query like 'with places as%'";
        wait_until("the batch waits for the row", async || {
            count(app.pool(), waiting).await > 0
        })
        .await;
        work.await.unwrap().expect_err("its session was ended under it");
        holding.rollback().await.unwrap();
        assert!(count(app.pool(), PAID).await < victim);
        assert_sound(app.pool()).await;
    }
    PayReservations.run(app.context("survivor", 1000).await).await.unwrap();
    assert_paid(&app, 90).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_payers_at_once_pay_each_place_once_and_a_stop_leaves_the_rest() {
    let app = TestApp::in_process().await;
    launched(&app, 300).await;
    let stopped = app.context("stopped", 10).await;
    stopped.stop.cancel();
    assert_eq!(PayReservations.run(stopped).await.unwrap(), JobEnd::Interrupted);
    assert_eq!(count(app.pool(), PAID).await, 0);
    let (one, two) = (app.context("one", 7).await, app.context("two", 11).await);
    let both = tokio::join!(
        tokio::spawn(PayReservations.run(one)),
        tokio::spawn(PayReservations.run(two))
    );
    let paid = [both.0, both.1].map(|end| match end.unwrap().unwrap() {
        JobEnd::Done(report) => report["paid"].as_i64().unwrap(),
        JobEnd::Interrupted => panic!("nobody asked it to stop"),
    });
    assert_eq!(paid.iter().sum::<i64>(), 270);
    assert_paid(&app, 270).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reward_may_be_held_back() {
    let app = TestApp::start().await;
    app.run_due_jobs().await; // the jobs are known from now on
    let user = app.add_user(1).await;
    let mut terms = rewarding(12);
    terms.reward.as_mut().expect("a reward").hold = TimeDelta::hours(2);
    create(&app, "held", terms).await;
    act(&app, &user, RESERVE, "held").await;
    launch(&app, "held").await;
    let balances = async || app.ask(&user, "{ me { balances { settled pending } } }").await["me"]["balances"].take();
    a_minute_later(&app).await;
    assert_eq!(balances().await, json!([{ "settled": "0.0000", "pending": "12.0000" }]));
    app.clock.advance(TimeDelta::hours(2));
    app.run_due_jobs().await;
    assert_eq!(balances().await, json!([{ "settled": "12.0000", "pending": "0.0000" }]));
    app.stop().await;
}

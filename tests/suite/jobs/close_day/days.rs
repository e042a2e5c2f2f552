//! Days under wrong clocks, gaps of the clocks, huge amounts and busy recorders.

use chrono::TimeDelta;
use newbee::domain::language::Language;
use newbee::domain::rejection::change::ChangeRejection;
use newbee::domain::rejection::job::JobRejection;
use newbee::scheduler::on_request::Request;
use newbee::scheduler::{Scheduler, attention};
use newbee::service::Failure;
use newbee::service::reopen_days::reopen_days;
use newbee::store::business_days;

use crate::support::app::{TestApp, day, instant};
use crate::support::{decided, wait_until};

/// Advances the clock minute by minute, with a tick after each.
async fn live(app: &TestApp, scheduler: &Scheduler, minutes: usize) {
    for _ in 0..minutes {
        app.clock.advance(TimeDelta::minutes(1));
        scheduler.tick().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_clocks_jump_over_midnight_the_day_is_closed_within_the_hour() {
    for (zone, over, midnight) in [
        ("Africa/Cairo", "2026-04-23", "2026-04-23T22:00:00Z"),
        ("Asia/Beirut", "2026-03-28", "2026-03-28T22:00:00Z"),
        ("America/Sao_Paulo", "2018-11-03", "2018-11-04T03:00:00Z"),
    ] {
        let app = TestApp::builder().zone(zone).in_process().await;
        let scheduler = app.real_scheduler();
        app.clock.set(instant(midnight) - TimeDelta::hours(3));
        scheduler.tick().await.unwrap();
        app.make_awards(2, 1, day(over)).await;
        app.clock.set(instant(midnight) - TimeDelta::minutes(2));
        live(&app, &scheduler, 10).await;
        let closed = "select count(*) from business_days where state = 'CLOSED'";
        assert_eq!(app.count(closed).await, 1, "{zone}");
        let failed = "select count(*) from job_runs where state = 'FAILED'";
        assert_eq!(app.count(failed).await, 0, "{zone}");
        app.assert_sound().await;
    }
}

async fn closed_days(app: &TestApp) -> Vec<String> {
    sqlx::query_scalar("select day::text from business_days where state = 'CLOSED' order by day")
        .fetch_all(app.pool())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_far_ahead_closes_few_days_and_they_can_be_reopened() {
    for days_ahead in [400, 20] {
        let app = TestApp::in_process().await;
        let scheduler = app.real_scheduler();
        app.make_awards(3, 1, day("2026-11-19")).await;
        scheduler.tick().await.unwrap();
        let right = app.clock.now();
        app.clock.advance(TimeDelta::days(days_ahead));
        scheduler.tick().await.unwrap();
        let closed = closed_days(&app).await;
        assert_eq!(closed.first().unwrap(), "2026-11-19");
        assert!(closed.len() <= 9, "{days_ahead}: {closed:?}");
        let error: String =
            sqlx::query_scalar("select min(error) from job_runs where job = 'close_day' and state = 'FAILED'")
                .fetch_one(app.pool())
                .await
                .unwrap();
        assert!(
            error.contains("the clock may be wrong") && error.contains("newbee jobs backfill close_day"),
            "{error}"
        );

        // Set right: people see it, and the days are given back.
        app.clock.set(right + TimeDelta::minutes(1));
        scheduler.tick().await.unwrap();
        let overview = scheduler
            .overview(scheduler.job("close_day").unwrap(), app.pool())
            .await
            .unwrap();
        let said = attention::text(&overview.attention, Language::English).unwrap();
        assert!(
            said.contains("starting with 2026-11-20: closed before their end"),
            "{said}"
        );
        let author = app.author("ann");
        let refused = decided(reopen_days(app.pool(), day("2026-11-19"), "the clock", &author).await);
        assert_eq!(refused, Err(JobRejection::DayHoldsAwards { day: day("2026-11-19") }));
        let refused = decided(reopen_days(app.pool(), day("2026-11-20"), " ", &author).await);
        assert_eq!(refused, Err(ChangeRejection::ReasonInvalid.into()));
        let reopened = reopen_days(app.pool(), day("2026-11-20"), "the clock", &author)
            .await
            .unwrap();
        assert_eq!(reopened.len(), closed.len() - 1);
        assert_eq!(closed_days(&app).await, ["2026-11-19"]);
        let audited = "select count(*) from audit_log where action = 'reopen_days' and reason = 'the clock'";
        assert_eq!(app.count(audited).await, 1);
        let by_hand = sqlx::query("update business_days set state = 'OPEN', closed_at = null where day = '2026-11-19'")
            .execute(app.pool())
            .await;
        assert!(by_hand.is_err(), "the database guards a day that holds awards");

        // The next night is closed as ever.
        app.make_awards(2, 1, day("2026-11-20")).await;
        app.clock.set(instant("2026-11-20T16:06:00Z"));
        scheduler.tick().await.unwrap();
        assert_eq!(closed_days(&app).await, ["2026-11-19", "2026-11-20"]);
        app.assert_sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn days_that_did_pass_are_closed_by_a_back_fill() {
    let app = TestApp::in_process().await;
    let scheduler = app.real_scheduler();
    app.make_awards(1, 1, day("2026-11-19")).await;
    scheduler.tick().await.unwrap();
    app.clock.advance(TimeDelta::days(20));
    scheduler.tick().await.unwrap();
    let next = day("2026-11-28");
    let job = scheduler.job("close_day").unwrap();
    scheduler
        .request_backfill(
            job,
            next..=day("2026-12-09"),
            Some("it was down"),
            &app.author("ann"),
            app.pool(),
        )
        .await
        .unwrap();
    scheduler.tick().await.unwrap();
    assert_eq!(closed_days(&app).await.last().unwrap(), "2026-12-09");
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_impossible_day_is_refused_before_it_is_queued() {
    let app = TestApp::in_process().await;
    let scheduler = app.real_scheduler();
    for job in ["close_day", "audit_books"] {
        let job = scheduler.job(job).unwrap();
        for dry_run in [false, true] {
            for of in [
                "2026-11-20",
                "2026-11-21",
                "2999-01-01",
                "9999-12-31",
                "1900-01-01",
                "2019-12-31",
            ] {
                let request = Request {
                    day: Some(day(of)),
                    dry_run,
                    author: app.author("ann"),
                    reason: None,
                };
                let refused = scheduler.request(job, &request, app.pool()).await.unwrap_err();
                let expected = matches!(
                    refused,
                    Failure::Rejected(JobRejection::DayNotOver { .. } | JobRejection::DayTooEarly { .. })
                );
                assert!(expected, "{of}: {refused:?}");
            }
        }
        let author = app.author("ann");
        for range in [
            day("1900-01-01")..=day("1900-01-02"),
            day("2026-11-19")..=day("2026-11-20"),
        ] {
            let refused = scheduler.request_backfill(job, range, None, &author, app.pool()).await;
            assert!(refused.is_err());
        }
    }
    assert_eq!(app.count("select count(*) from job_runs").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn totals_have_room_for_the_largest_amounts() {
    let app = TestApp::in_process().await;
    let scheduler = app.real_scheduler();
    scheduler.tick().await.unwrap();
    app.make_awards(1, 1, day("2026-11-20")).await;
    sqlx::query(
        "insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id, business_day,
                             settles_at, created_at, updated_at)
         select 1, 'import', 'rich ' || n, 'join_group', 'DAILY', 1, 9999999999999999.9999, '9', '2026-11-20', $1, $1, $1
         from generate_series(1, 10100) n",
    )
    .bind(app.clock.now() + TimeDelta::days(300))
    .execute(app.pool())
    .await
    .unwrap();
    app.clock.set(instant("2026-11-20T16:06:00Z"));
    scheduler.tick().await.unwrap();
    assert_eq!(closed_days(&app).await, ["2026-11-20"]);
    let total: String = sqlx::query_scalar("select amount::text from business_day_totals where coin_id = '9'")
        .fetch_one(app.pool())
        .await
        .unwrap();
    assert_eq!(total, "100999999999999999998.9900");
    app.database().books_may_be_wrong();
    let differences = business_days::differences(app.pool(), day("2026-11-20")).await.unwrap();
    assert!(differences.is_empty(), "{differences:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn recorders_that_never_end_cannot_keep_a_day_from_being_closed() {
    let app = TestApp::in_process().await;
    let yesterday = day("2026-11-19");
    let mut first = app.pool().begin().await.unwrap();
    assert!(business_days::hold_open(&mut first, yesterday).await.unwrap());
    let mut closing = app.pools.jobs.begin().await.unwrap();
    let closing = tokio::spawn(async move {
        let was_closed = business_days::lock_for_closing(&mut closing, yesterday).await;
        (closing, was_closed)
    });
    let waiting = "select count(*) from pg_locks where not granted";
    wait_until("the closing waits", async || app.count(waiting).await == 1).await;
    // A recorder that comes while the closing waits is behind it.
    let pool = app.pools.admin.clone();
    let second = tokio::spawn(async move {
        let mut second = pool.begin().await.unwrap();
        business_days::hold_open(&mut second, yesterday).await
    });
    wait_until("the second recorder waits", async || app.count(waiting).await == 2).await;
    first.rollback().await.unwrap();
    let (closing, was_closed) = closing.await.unwrap();
    assert!(
        !was_closed.unwrap(),
        "the closing has its lock before the second recorder"
    );
    assert!(!second.is_finished());
    closing.rollback().await.unwrap();
    assert!(second.await.unwrap().unwrap());
}

//! Closing days: oldest first after downtime, once each, and a second closing only compares.

use chrono::TimeDelta;
use newbee::domain::audit::Author;
use newbee::domain::rejection::job::JobRejection;
use newbee::scheduler::Scheduler;
use newbee::scheduler::on_request::Request;
use newbee::service::Failure;
use newbee::store::job_runs::listing::RunRow;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::support::app::{TestApp, day, instant};

async fn close(scheduler: &Scheduler, of: &str) -> RunRow {
    request(scheduler, of).await.unwrap()
}

async fn request(scheduler: &Scheduler, of: &str) -> Result<RunRow, Failure<JobRejection>> {
    let job = scheduler.job("close_day").unwrap();
    let request = Request {
        day: Some(day(of)),
        dry_run: false,
        author: Author {
            name: "a test".to_owned(),
            request_id: None,
            at: scheduler.ledger.clock.now(),
        },
        reason: None,
    };
    let run_id = scheduler.request(job, &request, &scheduler.ledger.pools.jobs).await?;
    let run = scheduler
        .run_to_completion(job, run_id, &CancellationToken::new(), |_| {})
        .await;
    Ok(run.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn after_downtime_every_day_is_closed_once_oldest_first() {
    let app = TestApp::in_process().await;
    let scheduler = app.real_scheduler();
    scheduler.tick().await.unwrap();
    for date in ["2026-11-17", "2026-11-18", "2026-11-20"] {
        app.make_awards(20, 3, day(date)).await;
    }
    // Three midnights pass while nothing runs.
    app.clock.set(instant("2026-11-22T17:00:00Z"));
    scheduler.tick().await.unwrap();

    let days: Vec<(String, Option<i64>)> = sqlx::query_as(
        "select format('%s %s', day, state), (select sum(award_count)::bigint from business_day_totals t where t.day = d.day)
         from business_days d order by day",
    )
    .fetch_all(app.pool())
    .await
    .unwrap();
    let closed = |date: &str, awards| (format!("{date} CLOSED"), awards);
    assert_eq!(
        days,
        [
            closed("2026-11-17", Some(60)),
            closed("2026-11-18", Some(60)),
            closed("2026-11-19", None),
            closed("2026-11-20", Some(60)),
            closed("2026-11-21", None),
            closed("2026-11-22", None),
        ]
    );
    let reports: Vec<(String, serde_json::Value)> = sqlx::query_as(
        "select business_day::text, report->'closed_days' from job_runs where job = 'close_day' order by run_id",
    )
    .fetch_all(app.pool())
    .await
    .unwrap();
    assert_eq!(
        reports,
        [
            (
                "2026-11-20".to_owned(),
                json!(["2026-11-17", "2026-11-18", "2026-11-19", "2026-11-20"])
            ),
            ("2026-11-21".to_owned(), json!(["2026-11-21"])),
            ("2026-11-22".to_owned(), json!(["2026-11-22"])),
        ]
    );
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_again_compares_and_changes_nothing() {
    let app = TestApp::in_process().await;
    app.database().books_may_be_wrong();
    let scheduler = app.real_scheduler();
    app.make_awards(10, 2, day("2026-11-19")).await;
    let first = close(&scheduler, "2026-11-19").await;
    assert_eq!(first.report.unwrap()["awards"], 20);
    let again = close(&scheduler, "2026-11-19").await.report.unwrap();
    assert_eq!(
        (&again["closed"], &again["checked"]["differences"]),
        (&json!(0), &json!([])),
        "{again}"
    );

    // An award slips into the closed day, past everything that guards it.
    app.make_awards(1, 3, day("2026-11-19")).await;
    let differing = close(&scheduler, "2026-11-19").await.report.unwrap();
    assert_eq!(
        differing["checked"]["differences"],
        json!([
            {"item": "join_group", "coin_id": "1", "recorded_count": 10, "recorded_amount": "100.0000",
             "counted_count": 11, "counted_amount": "110.0000"},
            {"item": "join_group", "coin_id": "2", "recorded_count": 10, "recorded_amount": "100.0000",
             "counted_count": 12, "counted_amount": "120.0000"},
        ])
    );
    assert_eq!(
        app.count("select sum(award_count)::bigint from business_day_totals")
            .await,
        20
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_is_not_over_is_refused() {
    let app = TestApp::in_process().await;
    let scheduler = app.real_scheduler();
    app.clock.set(instant("2026-11-20T16:04:59Z"));
    let early = request(&scheduler, "2026-11-20").await.unwrap_err();
    assert_eq!(
        early.rejection().unwrap().to_string(),
        "The business day 2026-11-20 is not over. The job can process it from 2026-11-21 00:05:00 Asia/Shanghai."
    );
    assert_eq!(app.count("select count(*) from job_runs").await, 0, "nothing is queued");
    app.clock.advance(TimeDelta::seconds(1));
    assert_eq!(close(&scheduler, "2026-11-20").await.state, "SUCCEEDED");
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_counters_go_in_batches_and_recent_ones_stay() {
    let app = TestApp::in_process().await;
    let mut scheduler = app.real_scheduler();
    let mut jobs = scheduler.jobs.as_ref().clone();
    let job = jobs.iter_mut().find(|job| job.name() == "close_day");
    job.unwrap().manifest.batch_size = 10;
    scheduler.jobs = jobs.into();
    // Awards a week apart: more days in a row on which nothing happened would not be closed.
    for with_awards in ["2026-11-01", "2026-11-08", "2026-11-15"] {
        app.make_awards(25, 1, day(with_awards)).await;
    }
    sqlx::query(
        "insert into daily_counters select user_id, d, 'join_group', 1
         from users, unnest(array['2026-11-01', '2026-11-11', '2026-11-12', '2026-11-19']::date[]) d",
    )
    .execute(app.pool())
    .await
    .unwrap();
    // The first day with an award is the first that is closed, so all of these are closed by then.
    let run = close(&scheduler, "2026-11-19").await;
    assert_eq!(run.report.unwrap()["pruned_counters"], 50);
    assert_eq!(app.count("select count(*) from daily_counters").await, 50);
    assert_eq!(
        app.count("select count(*) from daily_counters where business_day < '2026-11-12'")
            .await,
        0
    );
    app.assert_sound().await;
}

//! Back-fills: a run a day, oldest first, cancelled half-way, resumed, and never a day twice.

use std::sync::{Arc, Mutex};

use chrono::NaiveDate;
use newbee::domain::rejection::job::JobRejection;
use newbee::scheduler::Scheduler;
use newbee::service::Failure;
use newbee::service::backfill_job::Backfill;
use newbee::service::cancel_run::{CancelExtent, CancelOutcome, cancel_run};
use newbee::service::jobs::{JobContext, JobEnd};
use serde_json::json;

use crate::support::app::{TestApp, TestJob, day, every_minute};
use crate::support::database::TestDatabase;
use crate::support::jobs_command::{jobs, json as json_of, text};

type Days = Arc<Mutex<Vec<NaiveDate>>>;

/// A scheduler of one day job that keeps the days it was run for.
fn scheduler(app: &TestApp) -> (Scheduler, Days) {
    let days = Days::default();
    let seen = Arc::clone(&days);
    let job = TestJob::of_day("daily", move |job: JobContext| {
        let seen = Arc::clone(&seen);
        async move {
            seen.lock().unwrap().extend(job.business_day);
            Ok(JobEnd::Done(json!({})))
        }
    });
    (app.scheduler(vec![every_minute(job)]), days)
}

async fn backfill(
    app: &TestApp,
    scheduler: &Scheduler,
    from: &str,
    to: &str,
) -> Result<Backfill, Failure<JobRejection>> {
    let range = day(from)..=day(to);
    let author = app.author("ops");
    scheduler
        .request_backfill(&scheduler.jobs[0], range, Some("a test"), &author, app.pool())
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_day_is_run_once_oldest_first_however_often_it_is_asked_for() {
    let app = TestApp::in_process().await;
    let (scheduler, days) = scheduler(&app);
    let first = backfill(&app, &scheduler, "2026-11-10", "2026-11-14").await.unwrap();
    assert_eq!((first.queued, first.runs.len()), (5, 5));
    let asked_meanwhile = backfill(&app, &scheduler, "2026-11-10", "2026-11-14").await.unwrap();
    assert_eq!(asked_meanwhile.queued, 0, "its days are queued");
    scheduler.tick().await.unwrap();
    let expected: Vec<_> = (10..=14).map(|n| day(&format!("2026-11-{n}"))).collect();
    assert_eq!(*days.lock().unwrap(), expected);
    let again = backfill(&app, &scheduler, "2026-11-10", "2026-11-14").await.unwrap();
    assert_eq!(again.queued, 0, "its days are done");
    assert!(
        again
            .runs
            .iter()
            .all(|run| run.state == "SUCCEEDED" && run.origin == "BACKFILL")
    );
    // Another range is another back-fill.
    assert_eq!(
        backfill(&app, &scheduler, "2026-11-14", "2026-11-15")
            .await
            .unwrap()
            .queued,
        2
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelled_half_way_it_goes_on_with_the_days_that_are_left() {
    let app = TestApp::in_process().await;
    let (scheduler, days) = scheduler(&app);
    let asked = backfill(&app, &scheduler, "2026-11-01", "2026-11-10").await.unwrap();
    for run in &asked.runs[..4] {
        let stop = tokio_util::sync::CancellationToken::new();
        scheduler
            .run_to_completion(&scheduler.jobs[0], run.run_id, &stop, |_| {})
            .await
            .unwrap();
    }
    // Any run of it names the back-fill, also one that is over.
    let author = app.author("ann");
    let named = asked.runs[0].run_id;
    let cancel = || cancel_run(app.pool(), named, CancelExtent::WholeBackfill, Some("enough"), &author);
    assert_eq!(cancel().await.unwrap(), CancelOutcome::Cancelled { runs: 6 });
    let again = cancel().await.unwrap_err().rejection().unwrap();
    assert_eq!(
        again,
        JobRejection::RunOver {
            state: "SUCCEEDED".to_owned()
        }
    );
    scheduler.tick().await.unwrap();
    assert_eq!(days.lock().unwrap().len(), 4, "nothing more is run");

    let resumed = backfill(&app, &scheduler, "2026-11-01", "2026-11-10").await.unwrap();
    assert_eq!(resumed.queued, 6);
    scheduler.tick().await.unwrap();
    let expected: Vec<_> = (1..=10).map(|n| day(&format!("2026-11-{n:02}"))).collect();
    assert_eq!(*days.lock().unwrap(), expected, "each day once");
    let states = app.states("daily").await;
    assert_eq!((states["SUCCEEDED"], states["CANCELLED"]), (10, 6));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_that_makes_no_sense_is_refused() {
    let app = TestApp::in_process().await;
    let (scheduler, _) = scheduler(&app);
    let refusal = |from: &'static str, to: &'static str| {
        let (app, scheduler) = (&app, &scheduler);
        async move {
            match backfill(app, scheduler, from, to).await {
                Err(Failure::Rejected(refusal)) => refusal,
                other => panic!("{other:?}"),
            }
        }
    };
    assert_eq!(refusal("2026-11-05", "2026-11-04").await, JobRejection::RangeBackwards);
    assert_eq!(
        refusal("2025-11-01", "2026-11-04").await,
        JobRejection::RangeTooLong { days: 369 }
    );
    let last_over = day("2026-11-19");
    assert_eq!(
        refusal("2026-11-01", "2026-11-20").await,
        JobRejection::RangeNotOver { day: last_over }
    );
    assert_eq!(app.count("select count(*) from job_runs").await, 0);
}

#[tokio::test]
async fn the_command_shows_every_day() {
    let database = TestDatabase::create().await;
    let range = [
        "--from",
        "2026-11-01",
        "--to",
        "2026-11-03",
        "--reason",
        "after the restore",
    ];
    let output = jobs(&database, &[&["backfill", "audit_books"][..], &range].concat());
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said} {}", text(&output.stderr));
    assert!(said.contains("3 days queued."), "{said}");
    assert!(said.contains("2026-11-02") && said.contains("SUCCEEDED"), "{said}");
    let again = json_of(&database, &[&["backfill", "audit_books"][..], &range].concat());
    assert_eq!(again.as_array().unwrap().len(), 3);
    assert_eq!(again[0]["reason"], "after the restore");

    for (arguments, told) in [
        (
            ["settle_awards", "2026-11-01", "2026-11-02"],
            "does not take a business day",
        ),
        (["close_day", "2026-11-02", "2026-11-01"], "Give the earlier day first"),
        (["close_day", "2026-11-02", "2999-01-01"], "the maximum is 366"),
        (
            ["close_day", "2999-01-01", "2999-01-01"],
            "is the last completed business day",
        ),
    ] {
        let [job, from, to] = arguments;
        let refused = jobs(&database, &["backfill", job, "--from", from, "--to", to]);
        assert_eq!(refused.status.code(), Some(1), "{arguments:?}");
        assert!(
            text(&refused.stderr).contains(told),
            "{arguments:?}: {}",
            text(&refused.stderr)
        );
    }
}

//! Cancelling runs: queued ones at once, running ones between two batches, those of dead processes when they are found.

use std::sync::Arc;

use newbee::domain::rejection::job::JobRejection;
use newbee::scheduler::on_request::Request;
use newbee::scheduler::one_run::Outcome;
use newbee::service::cancel_run::{CancelExtent, CancelOutcome, cancel_run};
use newbee::service::jobs::{AnyJob, JobContext, JobEnd};
use serde_json::json;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::support::app::{TestApp, TestJob, every_minute};
use crate::support::database::TestDatabase;
use crate::support::jobs_command::{jobs, json as json_of, text};
use crate::support::within;

/// A job of many batches, which says when the first is committed and waits before the second.
fn long_job(first_done: Arc<Notify>, go_on: Arc<Notify>) -> &'static dyn AnyJob {
    TestJob::sweep("long", move |job: JobContext| {
        let (first_done, go_on) = (Arc::clone(&first_done), Arc::clone(&go_on));
        async move {
            for batch in 1..=100 {
                if job.is_stopping() {
                    return Ok(JobEnd::Interrupted);
                }
                let transaction = job.begin_batch().await?;
                job.commit_batch(transaction, &json!({ "batches": batch })).await?;
                if batch == 1 {
                    first_done.notify_one();
                    go_on.notified().await;
                }
            }
            Ok(JobEnd::Done(json!({ "batches": 100 })))
        }
    })
}

async fn cancel(app: &TestApp, run_id: i64, name: &str) -> Result<CancelOutcome, JobRejection> {
    let author = app.author(name);
    cancel_run(
        app.pool(),
        run_id,
        CancelExtent::ThisRun,
        Some("the wrong day"),
        &author,
    )
    .await
    .map_err(|failure| failure.rejection().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_one_ends_after_its_batch_and_keeps_what_it_did() {
    let app = TestApp::in_process().await;
    let (first_done, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let scheduler = app.scheduler(vec![every_minute(long_job(
        Arc::clone(&first_done),
        Arc::clone(&go_on),
    ))]);
    let request = Request {
        day: None,
        dry_run: false,
        author: app.author("ops"),
        reason: None,
    };
    let run_id = scheduler
        .request(&scheduler.jobs[0], &request, app.pool())
        .await
        .unwrap();
    let working = tokio::spawn({
        let scheduler = scheduler.clone();
        async move { scheduler.tick().await.unwrap() }
    });
    within("the first batch is done", first_done.notified()).await;
    assert_eq!(
        cancel(&app, run_id, "ann").await,
        Ok(CancelOutcome::Requested { runs: 1 })
    );
    assert_eq!(
        cancel(&app, run_id, "bob").await,
        Ok(CancelOutcome::AlreadyRequested { by: "ann".to_owned() })
    );
    go_on.notify_one();
    assert_eq!(working.await.unwrap()[0].outcome, Outcome::Cancelled);
    let (state, progress, by): (String, serde_json::Value, String) =
        sqlx::query_as("select state::text, progress, cancel_requested_by from job_runs where run_id = $1")
            .bind(run_id)
            .fetch_one(app.pool())
            .await
            .unwrap();
    assert_eq!((state.as_str(), by.as_str()), ("CANCELLED", "ann"));
    assert!(
        progress["batches"].as_i64().unwrap() <= 2,
        "it learns of it at the next batch at the latest: {progress}"
    );
    assert_eq!(
        cancel(&app, run_id, "bob").await,
        Err(JobRejection::RunOver {
            state: "CANCELLED".to_owned()
        })
    );
    assert_eq!(scheduler.tick().await.unwrap(), [], "nobody takes it up again");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_whose_process_died_is_not_begun_again() {
    let app = TestApp::in_process().await;
    let scheduler = app.scheduler(vec![every_minute(TestJob::sweep("idle", |_| async {
        Ok(JobEnd::Done(json!({})))
    }))]);
    let request = Request {
        day: None,
        dry_run: false,
        author: app.author("ops"),
        reason: None,
    };
    let run_id = scheduler
        .request(&scheduler.jobs[0], &request, app.pool())
        .await
        .unwrap();
    let claimed = scheduler
        .ledger
        .claim(&scheduler.jobs[0], Some(run_id))
        .await
        .unwrap()
        .unwrap();
    let author = app.author("ann");
    let outcome = cancel_run(app.pool(), run_id, CancelExtent::ThisRun, None, &author)
        .await
        .unwrap();
    assert_eq!(outcome, CancelOutcome::Requested { runs: 1 });
    sqlx::query("update job_runs set lease_expires_at = clock_timestamp() where run_id = $1")
        .bind(claimed.lease.run_id)
        .execute(app.pool())
        .await
        .unwrap();
    assert_eq!(scheduler.tick().await.unwrap(), []);
    assert_eq!(app.states("idle").await["CANCELLED"], 1);
    let stop = CancellationToken::new();
    let run = scheduler
        .run_to_completion(&scheduler.jobs[0], run_id, &stop, |_| {})
        .await
        .unwrap();
    assert_eq!(run.state, "CANCELLED");
}

#[tokio::test]
async fn the_command_tells_what_became_of_it() {
    let database = TestDatabase::create().await;
    assert_eq!(jobs(&database, &["run", "settle_awards"]).status.code(), Some(0));
    let over = jobs(&database, &["cancel", "1"]);
    assert_eq!(over.status.code(), Some(1));
    assert!(
        text(&over.stderr).contains("Run 1 is already over: SUCCEEDED. Nothing was changed"),
        "{}",
        text(&over.stderr)
    );
    let unknown = jobs(&database, &["cancel", "4711"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(text(&unknown.stderr).contains("There is no run 4711"));
    sqlx::query(
        "insert into job_runs (job, run_key, origin, scheduled_for, requested_by, created_at)
         values ('settle_awards', 'test', 'MANUAL', '2026-11-20Z', 'test', '2026-11-20Z')",
    )
    .execute(&database.pool())
    .await
    .unwrap();
    let cancelled = json_of(&database, &["cancel", "2", "--reason", "not needed"]);
    assert_eq!(
        (&cancelled["run"]["state"], &cancelled["cancelled"]),
        (&json!("CANCELLED"), &json!(1))
    );
    let shown = text(&jobs(&database, &["show", "2"]).stdout);
    assert!(
        shown.contains("cancelled by") && shown.contains("command line:ann"),
        "{shown}"
    );
}

//! The level at which runs are logged: scheduled runs without effect leave nothing at info.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::TimeDelta;
use newbee::service::jobs::JobEnd;
use serde_json::{Value, json};

use crate::support::app::{TestApp, TestJob, every_minute};
use crate::support::log::CapturedLog;

const TARGET: &str = "newbee::scheduler::one_run";

/// The level and message of each line about a run.
fn lines_about_runs(log: &CapturedLog) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let lines = log.lines();
    let about_runs = lines.iter().filter(|line| line["target"] == TARGET);
    about_runs
        .map(|line| (text(&line["level"]), text(&line["fields"]["message"])))
        .collect()
}

#[tokio::test]
async fn a_scheduled_run_is_logged_at_info_only_when_it_had_an_effect() {
    let app = TestApp::in_process().await;
    let settled = Arc::new(AtomicI64::new(0));
    let count = Arc::clone(&settled);
    let job = every_minute(TestJob::sweep("settling", move |_| {
        let report = json!({ "settled": count.load(Ordering::SeqCst), "batches": 1, "sums": {} });
        async move { Ok(JobEnd::Done(report)) }
    }));
    let scheduler = app.scheduler(vec![job]);
    scheduler.tick().await.unwrap();

    let quiet = CapturedLog::start();
    app.clock.advance(TimeDelta::minutes(1));
    scheduler.tick().await.unwrap();
    let lines = lines_about_runs(&quiet);
    assert!(
        lines.contains(&("DEBUG".to_owned(), "run succeeded without effect".to_owned())),
        "{lines:?}"
    );
    assert!(lines.iter().all(|(level, _)| level == "DEBUG"), "{lines:?}");
    drop(quiet);

    settled.store(3, Ordering::SeqCst);
    let log = CapturedLog::start();
    app.clock.advance(TimeDelta::minutes(1));
    scheduler.tick().await.unwrap();
    let lines = lines_about_runs(&log);
    assert!(
        lines.contains(&("INFO".to_owned(), "run succeeded".to_owned())),
        "{lines:?}"
    );
}

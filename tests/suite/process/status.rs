//! `newbee status`, `books` and `jobs history` by the real program.

use serde_json::Value;

use crate::support::commands::{json, said, user_with_award};
use crate::support::database::TestDatabase;
use crate::support::program::{Program, run};

#[tokio::test(flavor = "multi_thread")]
async fn status_is_one_screen_and_its_exit_code_says_whether_something_needs_a_look() {
    let database = TestDatabase::create().await;
    said(&database, &["jobs", "run", "audit_books"]).await;
    let (code, idle, _) = run(&database, &["status"]).await;
    assert!(
        code == Some(1) && idle.contains("Needs attention: no process is serving."),
        "{idle}"
    );
    assert!(idle.contains("Asia/Shanghai, stored at the first start"), "{idle}");
    let program = Program::serve(&database, &[]).await;
    let fine = said(&database, &["status"]).await;
    assert!(fine.contains("Asia/Shanghai, stored 2"), "{fine}");
    assert!(
        fine.contains("none in the last 7 days") && fine.contains("none awaits its public randomness"),
        "{fine}"
    );
    assert!(
        fine.contains("the books balance") && fine.contains("Nothing needs attention."),
        "{fine}"
    );
    assert!(fine.contains("alive"), "{fine}");
    assert!(
        fine.lines().count() <= 24 && fine.lines().all(|line| line.chars().count() <= 80),
        "{fine}"
    );
    let books = said(&database, &["books"]).await;
    assert!(books.contains("the books balance ("), "{books}");

    said(&database, &["jobs", "pause", "close_day", "--reason", "a test"]).await;
    let (code, paused, _) = run(&database, &["status"]).await;
    assert!(
        code == Some(1) && paused.contains("Needs attention: close_day is paused."),
        "{paused}"
    );
    let (code, text, _) = run(&database, &["status", "--json"]).await;
    let status: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(
        (code, &status["attention"][0]),
        (Some(1), &"close_day is paused".into())
    );
    program.terminate().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn status_shows_days_that_were_reopened_and_by_whom() {
    let database = TestDatabase::create().await;
    sqlx::query(
        "insert into business_days (day, state, closed_at) values ('2099-01-01', 'CLOSED', now()), ('2099-01-02', 'CLOSED', now())",
    )
    .execute(&database.pool())
    .await
    .expect("two days");
    let reopened = said(
        &database,
        &["jobs", "reopen-days", "2099-01-01", "--reason", "the clock was ahead"],
    )
    .await;
    assert_eq!(reopened, "Reopened 2 business days, 2099-01-01 to 2099-01-02.\n");
    let (_, status, _) = run(&database, &["status"]).await;
    let line = status
        .lines()
        .find(|line| line.starts_with("reopened days"))
        .expect("its line");
    assert!(
        line.contains("2099-01-01 to 2099-01-02, ") && status.contains("the clock was ahead"),
        "{status}"
    );
    let (_, status, _) = run(&database, &["status", "--json"]).await;
    let status: Value = serde_json::from_str(&status).expect("JSON");
    assert_eq!(status["reopenedDays"][0]["reason"], "the clock was ahead");
    assert_eq!(status["timeZone"]["timeZone"], Value::Null, "nothing stored one yet");
}

#[tokio::test(flavor = "multi_thread")]
async fn history_shows_what_was_done_and_leaves_out_runs_that_did_nothing() {
    let database = TestDatabase::create().await;
    user_with_award(&database).await;
    let pool = database.pool();
    sqlx::query("insert into jobs (job, scheduled_through, created_at) values ('settle_awards', now(), now())")
        .execute(&pool)
        .await
        .expect("the job");
    sqlx::query(
        "insert into job_runs (job, run_key, origin, scheduled_for, state, requested_by, created_at, started_at, ended_at,
                               report, error, attempt)
         select 'settle_awards', 'test ' || n, 'SCHEDULE', '2026-11-20Z', state::run_state, 'schedule', '2026-11-20Z', '2026-11-20Z',
                '2026-11-20 00:00:00.012Z', report, error, 1
         from (values (1, 'SUCCEEDED', '{\"settled\": 0, \"parked\": 0, \"batches\": 0, \"sums\": {}}'::jsonb, null),
                      (2, 'FAILED', null, 'the disk is full'),
                      (3, 'SUCCEEDED', '{\"settled\": 0, \"parked\": 0, \"batches\": 0, \"sums\": {}}'::jsonb, null))
              as runs (n, state, report, error)",
    )
    .execute(&pool)
    .await
    .expect("three runs");
    // The newest run has the highest number, as in use.
    said(&database, &["jobs", "run", "settle_awards", "--reason", "by hand"]).await;
    let history = said(&database, &["jobs", "history"]).await;
    assert!(
        history.contains("settled 1 award: ") && history.contains("(by hand)"),
        "{history}"
    );
    assert!(history.contains("FAILED: the disk is full [12 ms]"), "{history}");
    assert!(
        history.contains("2 runs found nothing to do and are not shown"),
        "{history}"
    );
    let all = said(&database, &["jobs", "history", "--all"]).await;
    assert_eq!(all.matches("nothing to do").count(), 2, "{all}");
    let failed = json(&database, &["jobs", "history", "--failed"]).await;
    assert_eq!(
        (failed.as_array().map(Vec::len), &failed[0]["error"]),
        (Some(1), &"the disk is full".into())
    );
    let recent = json(&database, &["jobs", "history", "--since", "1h"]).await;
    assert_eq!(recent.as_array().map(Vec::len), Some(1), "{recent}");
}

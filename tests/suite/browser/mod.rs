//! The pages in headless Chromium, through Playwright, against the demo: `tests/browser` has what is done there.
//!
//! A demo of its own for each width: what one browser signs in for, another could not sign in for again.

use tokio::process::Command;

use crate::support::database::TestDatabase;
use crate::support::program::{Program, newbee};
use crate::support::wait_until;

/// Runs specs at one width; `at_least` tests must have passed, so that an empty run does not.
async fn passes(specs: &[&str], project: &str, at_least: u32) {
    let database = TestDatabase::create().await;
    let mut demo = newbee();
    demo.arg("demo").envs(database.environment());
    let program = Program::start(demo).await;
    park_two_awards(&database).await;
    add_idle_run(&database).await;
    let results = tempfile::tempdir().expect("a temporary folder");
    let ran = Command::new("node")
        .args(["node_modules/@playwright/test/cli.js", "test"])
        .args(specs)
        .args(["--project", project])
        .arg("--output")
        .arg(results.path())
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser"))
        .env("NEWBEE_TEST_URL", format!("http://{}", program.address))
        .kill_on_drop(true)
        .output()
        .await
        .expect("Node is installed, and tests/run installed the packages");
    let told = String::from_utf8_lossy(&ran.stdout).into_owned();
    let passed = told
        .lines()
        .filter_map(|line| line.trim().strip_suffix(')')?.split_once(" passed ("))
        .filter_map(|(count, _)| count.parse::<u32>().ok())
        .next_back()
        .unwrap_or(0);
    assert!(
        ran.status.success() && passed >= at_least,
        "{passed} passed: {told}{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    program.terminate().await;
}

/// Two awards that could not be paid, for the ops page to show.
async fn park_two_awards(database: &TestDatabase) {
    sqlx::query(
        "insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id, business_day,
                             settles_at, created_at, updated_at, settle_error)
         select 17, 'import', 'parked ' || number, 'join_group', 'DAILY', 1, 5, '1', day, at, at, at,
                'the balance would exceed 9,999,999,999,999,999.9999'
         from generate_series(1, 2) number,
              (select now() - interval '2 minutes' as at, (now() at time zone 'Asia/Shanghai')::date as day) times",
    )
    .execute(&database.pool())
    .await
    .expect("the demo has its users and rules");
}

/// A scheduled run that changed nothing. The demo has none before its jobs have run twice.
async fn add_idle_run(database: &TestDatabase) {
    let pool = database.pool();
    wait_until("the demo has registered its jobs", async || {
        let registered = sqlx::query_scalar("select exists (select 1 from jobs where job = 'expire_due')");
        registered.fetch_one(&pool).await.expect("the table of jobs")
    })
    .await;
    sqlx::query(
        "insert into job_runs (job, run_key, origin, scheduled_for, state, attempt, requested_by, report, had_effect,
                               created_at, started_at, ended_at)
         select 'expire_due', 'schedule:test', 'SCHEDULE', at, 'SUCCEEDED', 1, 'schedule', '{}', false, at, at, at
         from (select now() - interval '2 minutes' as at) times",
    )
    .execute(&pool)
    .await
    .expect("a run is inserted");
}

#[tokio::test]
async fn the_pages_of_the_tests_notice_complaints_and_foreign_requests() {
    passes(&["browser/harness"], "desktop", 4).await;
}

#[tokio::test]
async fn the_ops_page_at_a_desk() {
    passes(&["browser/ops"], "desktop", 23).await;
}

#[tokio::test]
async fn the_playground_works_on_a_desk() {
    passes(&["browser/playground.spec"], "desktop", 9).await;
}

#[tokio::test]
async fn the_start_page_and_the_details_of_the_playground_work_on_a_desk() {
    passes(&["browser/home", "browser/playground-use"], "desktop", 14).await;
}

#[tokio::test]
async fn all_pages_fit_a_phone_and_obey_touch() {
    passes(&["browser/"], "phone", 17).await;
}

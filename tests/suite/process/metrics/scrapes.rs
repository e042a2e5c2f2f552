//! Scrapes of the real program: what it did, what the database knows, and a database that is away.

use newbee::version::{COMMIT, VERSION};
use serde_json::json;

use super::{Measured, value};
use crate::support::database::TestDatabase;
use crate::support::http_client;
use crate::support::jobs_command::jobs;
use crate::support::wait_until;

#[tokio::test(flavor = "multi_thread")]
async fn requests_runs_and_the_books_are_told() {
    let database = TestDatabase::create().await;
    let pool = database.pool();
    sqlx::raw_sql(
        "insert into users (user_id, created_at, updated_at) select n, '2026-01-01Z', '2026-01-01Z' from generate_series(1, 9) n;
         insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id, business_day, settles_at,
                             created_at, updated_at)
         select n, 'import', n::text, 'join_group', 'DAILY', 1, 10, '1', '2026-01-01', '2026-01-01Z', '2026-01-01Z', '2026-01-01Z'
         from generate_series(1, 9) n;
         insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id, business_day, settles_at,
                             created_at, updated_at, settle_error)
         values (1, 'import', 'parked', 'join_group', 'DAILY', 1, 10, '1', '2026-01-01', '2026-01-01Z', '2026-01-01Z', '2026-01-01Z', 'x');
         insert into jobs (job, scheduled_through, paused_at, paused_by, pause_reason, created_at)
         values ('settle_awards', '2026-01-01Z', '2026-01-02Z', 'ann', 'a test', '2026-01-01Z')",
    )
    .execute(&pool)
    .await
    .unwrap();
    let measured = Measured::start(&database, &[]).await;
    measured.program.ask(None, "{ me { name } }").await;
    measured.program.ask(None, "{ nothing }").await;

    let text = measured.scrape().await;
    let expect = |line: &str, expected: f64| assert_eq!(value(&text, line), Some(expected), "{line} in {text}");
    expect("newbee_database_up", 1.0);
    let build = format!("newbee_build_info{{version=\"{VERSION}\",commit=\"{COMMIT}\"}}");
    expect(&build, 1.0);
    expect("newbee_requests_total{kind=\"query\",outcome=\"ok\"}", 1.0);
    expect("newbee_requests_total{kind=\"query\",outcome=\"refused\"}", 1.0);
    expect("newbee_settlement_due", 9.0);
    expect("newbee_settlement_parked", 1.0);
    expect("newbee_job_paused{job=\"settle_awards\"}", 1.0);
    // Awards have been due for months behind the pause.
    assert!(value(&text, "newbee_job_lag_seconds{job=\"settle_awards\"}").unwrap() > 1e6);
    expect("newbee_job_period_seconds{job=\"close_day\"}", 86_400.0);
    expect("newbee_audit_last_timestamp_seconds", 0.0);
    assert!(value(&text, "newbee_settlement_oldest_due_seconds").unwrap() > 1e6);
    assert!(value(&text, "process_resident_memory_bytes").unwrap() > 1e6, "{text}");

    // The job is resumed: the scheduled run of this process is counted.
    assert_eq!(
        jobs(&database, &["resume", "settle_awards", "--reason", "go"])
            .status
            .code(),
        Some(0)
    );
    wait_until("the awards are settled and told", async || {
        measured.value("newbee_settlement_awards_total").await == Some(9.0)
    })
    .await;
    let runs = "newbee_job_runs_total{job=\"settle_awards\",state=\"succeeded\",origin=\"schedule\"}";
    wait_until("its run is told", async || measured.value(runs).await == Some(1.0)).await;
    let missed = measured.value("newbee_job_missed_total{job=\"settle_awards\"}").await;
    assert!(missed.unwrap() >= 1.0, "months of due times were not made up for");
    assert!(
        measured
            .value("newbee_scheduler_last_tick_timestamp_seconds")
            .await
            .unwrap()
            > 1e9
    );

    // A violation that an audit found, and a run that failed.
    sqlx::raw_sql("update users set name = name; insert into ledger_entries (user_id, award_id, kind, coin_id, amount, run_id, posted_at)
                   values (2, 4711, 'SETTLE', '1', 5, 1, '2026-01-01Z')")
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!(jobs(&database, &["run", "audit_books"]).status.code(), Some(1));
    assert_eq!(
        jobs(&database, &["run", "close_day", "--day", "2999-01-01"])
            .status
            .code(),
        Some(1)
    );
    sqlx::raw_sql(
        "insert into job_runs (job, run_key, origin, scheduled_for, state, requested_by, created_at, started_at, ended_at,
                               error, attempt)
         values ('close_day', 'test', 'SCHEDULE', now(), 'FAILED', 'schedule', now(), now(), now(), 'a test', 1)",
    )
    .execute(&pool)
    .await
    .unwrap();
    wait_until("the violation is told", async || {
        measured.value("newbee_ledger_invariant_violations").await.unwrap() >= 1.0
    })
    .await;
    assert_eq!(
        measured
            .value("newbee_job_consecutive_failures{job=\"close_day\"}")
            .await,
        Some(1.0)
    );
    sqlx::raw_sql(
        "alter table ledger_entries disable trigger user; delete from ledger_entries where award_id = 4711;
                   alter table ledger_entries enable trigger user",
    )
    .execute(&pool)
    .await
    .unwrap();
    measured.program.terminate().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_tells_metrics_and_nothing_else() {
    let database = TestDatabase::create().await;
    let measured = Measured::start(&database, &["--scheduler", "off"]).await;
    let client = http_client();
    let posted = client.post(&measured.url).json(&json!({})).send().await.unwrap();
    assert_eq!(posted.status(), 405);
    assert!(posted.headers()["allow"].to_str().unwrap().contains("GET"));
    let elsewhere = measured.url.replace("/metrics", "/graphql");
    assert_eq!(client.get(&elsewhere).send().await.unwrap().status(), 404);
    let api = format!("http://{}/metrics", measured.program.address);
    assert_eq!(
        client.get(&api).send().await.unwrap().status(),
        404,
        "the world sees no metrics"
    );
    let taken = measured.url.split('/').nth(2).unwrap().to_owned();
    let second = crate::support::program::serve(&database, &["--listen", "127.0.0.1:0", "--metrics-listen", &taken])
        .output()
        .await
        .unwrap();
    assert_eq!(second.status.code(), Some(1));
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(said.contains("NEWBEE_METRICS_LISTEN"), "{said}");
    measured.program.terminate().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_does_not_answer_is_told_as_such() {
    let database = TestDatabase::create().await;
    let measured = Measured::start(&database, &["--scheduler", "off"]).await;
    assert_eq!(measured.value("newbee_database_up").await, Some(1.0));
    // The query for the books waits for this lock, as for a database that hangs.
    let mut holding = database.pool().begin().await.unwrap();
    sqlx::query("lock table jobs in access exclusive mode")
        .execute(&mut *holding)
        .await
        .unwrap();
    wait_until("it is noticed", async || {
        measured.value("newbee_database_up").await == Some(0.0)
    })
    .await;
    holding.rollback().await.unwrap();
    wait_until("it is back", async || {
        measured.value("newbee_database_up").await == Some(1.0)
    })
    .await;
    measured.program.terminate().await;
}

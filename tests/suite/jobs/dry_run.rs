//! Dry runs: they change nothing but their own row, and tell exactly what the run after them does.

use chrono::TimeDelta;
use newbee::scheduler::Scheduler;
use newbee::scheduler::on_request::Request;
use newbee::store::job_runs::listing::RunRow;
use serde_json::{Value, json};
use sqlx::Executor;
use tokio_util::sync::CancellationToken;

use crate::support::app::{TestApp, day};
use crate::support::database::TestDatabase;
use crate::support::jobs_command::{jobs, json as json_of, text};

/// Every table by name and hash of all its rows; of the run ledger only a job that is not run here.
async fn everything(app: &TestApp) -> Vec<(String, String)> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.tables
         where table_schema = 'public' and table_type = 'BASE TABLE' and table_name not in ('job_runs', 'jobs', 'audit_log')
         order by 1",
    )
    .fetch_all(app.pool())
    .await
    .unwrap();
    assert!(tables.len() > 20, "the tables are found: {tables:?}");
    let forgotten =
        "select coalesce(md5(string_agg(t::text, '|' order by t::text)), '') from job_runs t where job = 'forgotten'";
    let runs: String = sqlx::query_scalar(forgotten).fetch_one(app.pool()).await.unwrap();
    let mut hashes = vec![("job_runs".to_owned(), runs)];
    for table in tables {
        // The name comes from the catalogue.
        let sql = format!("select coalesce(md5(string_agg(t::text, '|' order by t::text)), '') from {table} t");
        let hash: String = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .fetch_one(app.pool())
            .await
            .unwrap();
        hashes.push((table, hash));
    }
    hashes
}

async fn run(scheduler: &Scheduler, job: &str, dry_run: bool) -> RunRow {
    let job = scheduler.job(job).unwrap();
    let request = Request {
        day: job.job.takes_day().then(|| day("2026-11-19")),
        dry_run,
        author: newbee::domain::audit::Author {
            name: "a test".to_owned(),
            request_id: None,
            at: scheduler.ledger.clock.now(),
        },
        reason: None,
    };
    let pool = &scheduler.ledger.pools.jobs;
    let run_id = scheduler.request(job, &request, pool).await.unwrap();
    let stop = CancellationToken::new();
    scheduler.run_to_completion(job, run_id, &stop, |_| {}).await.unwrap()
}

/// Something to do for every job: due awards in three coins of which one cannot be paid, an open day with awards, counters and
/// runs that are old, campaigns and keys that are over, a launched campaign with unpaid places.
async fn make_work(app: &TestApp) {
    // User 7 is as rich as a balance can be: no coin more fits.
    app.make_awards(7, 0, day("2026-11-18")).await;
    app
        .pool()
        .execute(
            "insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id, business_day,
                                 settles_at, created_at, updated_at)
             values (7, 'import', 'riches', 'join_group', 'DAILY', 1, 9999999999999999.9999, '1', '2026-11-18', '2026-11-18Z',
                     '2026-11-18Z', '2026-11-18Z')",
        )
        .await
        .unwrap();
    run(&app.real_scheduler(), "settle_awards", false).await;
    app.make_awards(150, 3, day("2026-11-19")).await;
    app
        .pool()
        .execute(
            "insert into daily_counters (user_id, business_day, item, count)
             select n, '2026-11-01', 'join_group', 1 from generate_series(1, 40) n;
             insert into sessions (key_hash, user_id, origin, created_at, expires_at)
             select sha256(n::text::bytea), n, 'issued', '2026-01-01Z', '2026-02-01Z' from generate_series(1, 30) n;
             insert into jobs (job, scheduled_through, created_at) values ('forgotten', '2026-01-01Z', '2026-01-01Z');
             insert into job_runs (job, run_key, origin, scheduled_for, state, requested_by, created_at, ended_at)
             select 'forgotten', n::text, 'SCHEDULE', '2026-01-01Z', 'SUCCEEDED', 'schedule', '2026-01-01Z', '2026-01-01Z'
             from generate_series(1, 250) n;
             insert into reservation_campaigns (campaign_key, state, reserved_count, reward_amount, reward_coin_id,
                                                created_by, reason, created_at, updated_at)
             values ('libra', 'OPEN', 25, 2.5, '9', 'test', 'test', '2026-11-01Z', '2026-11-01Z');
             insert into reservations (campaign_id, user_id, reserved_at)
             select campaign_id, n, '2026-11-18Z' from reservation_campaigns, generate_series(1, 25) n;
             update reservation_campaigns set state = 'LAUNCHED', launched_at = '2026-11-19Z', launched_by = 'test'",
        )
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn each_job_foretells_its_run_and_changes_nothing() {
    let app = TestApp::in_process().await;
    make_work(&app).await;
    let mut scheduler = app.real_scheduler();
    for job in std::sync::Arc::get_mut(&mut scheduler.jobs).unwrap() {
        job.manifest.batch_size = 20;
    }
    // The books are checked last: what the others did is in them.
    let jobs = [
        "settle_awards",
        "pay_reservations",
        "expire_due",
        "prune_history",
        "close_day",
        "audit_books",
    ];
    for job in jobs {
        let before = everything(&app).await;
        let foretold = run(&scheduler, job, true).await;
        assert_eq!(
            (foretold.state.as_str(), foretold.dry_run),
            ("SUCCEEDED", true),
            "{job}: {foretold:?}"
        );
        assert_eq!(everything(&app).await, before, "{job}: a dry run changes nothing");
        let done = run(&scheduler, job, false).await;
        assert_eq!(done.state, "SUCCEEDED", "{job}: {done:?}");
        assert_ne!(everything(&app).await, before, "{job}: there was something to do");
        assert_eq!(without_batches(foretold.report), without_batches(done.report), "{job}");
        // Nothing is left: what waits for a later moment is not due.
        app.clock.advance(TimeDelta::milliseconds(1));
    }
    let parked = "select count(*) from awards where settle_error is not null";
    assert_eq!(app.count(parked).await, 1, "the dry run foretold this too");
    let settled = app.count("select count(*) from awards where status = 'SETTLED'").await;
    assert!(settled > 400, "{settled}");
    app.assert_sound().await;
}

/// Batches follow the time that each takes, and so may differ.
fn without_batches(report: Option<Value>) -> Option<Value> {
    report.map(|mut report| {
        report.as_object_mut().expect("reports are objects").remove("batches");
        report
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_that_is_begun_again_counts_nothing_twice() {
    let app = TestApp::in_process().await;
    app.make_awards(10, 2, day("2026-11-19")).await;
    let scheduler = app.real_scheduler();
    let job = scheduler.job("settle_awards").unwrap();
    let request = Request {
        day: None,
        dry_run: true,
        author: app.author("a test"),
        reason: None,
    };
    let run_id = scheduler.request(job, &request, app.pool()).await.unwrap();
    // As an attempt leaves it whose process died.
    sqlx::query("update job_runs set progress = $2, attempt = 1 where run_id = $1")
        .bind(run_id)
        .bind(json!({ "settled": 15, "parked": 0, "batches": 1, "sums": { "1": "75.0000" } }))
        .execute(app.pool())
        .await
        .unwrap();
    let stop = CancellationToken::new();
    let run = scheduler.run_to_completion(job, run_id, &stop, |_| {}).await.unwrap();
    assert_eq!(run.report.unwrap()["settled"], 20);
    assert_eq!(app.count("select count(*) from ledger_entries").await, 0);
}

#[tokio::test]
async fn the_command_says_that_nothing_was_changed() {
    let database = TestDatabase::create().await;
    let output = jobs(&database, &["run", "settle_awards", "--dry-run"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    assert!(said.contains("Dry run 1 of settle_awards: SUCCEEDED"), "{said}");
    assert!(said.contains("Nothing was changed."), "{said}");
    let list = json_of(&database, &["list"]);
    let settle = list
        .as_array()
        .unwrap()
        .iter()
        .find(|job| job["name"] == "settle_awards");
    assert_eq!(
        settle.unwrap()["lastRun"],
        Value::Null,
        "a dry run is no result of the job"
    );
    assert_eq!(json_of(&database, &["show", "1"])["dryRun"], true);
}

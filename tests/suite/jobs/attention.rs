//! Conditions that need attention although no run failed: they are in reports, in the admin API, in exit codes and lists.

use chrono::TimeDelta;
use newbee::domain::api_key::Scope;
use newbee::domain::language::Language;
use newbee::scheduler::Scheduler;
use newbee::scheduler::attention::{of_report, text as sentences};
use newbee::scheduler::on_request::Request;
use newbee::service::pause_job::pause_job;
use newbee::store::job_runs::listing::RunRow;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::support::app::{TestApp, day};
use crate::support::database::TestDatabase;
use crate::support::jobs_command::{jobs, text};

/// Two awards of one user, of which only one fits into a balance.
const RICHES: &str = "
    insert into users (user_id, created_at, updated_at) values (1, '2026-01-01Z', '2026-01-01Z');

    insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id, business_day, settles_at,
                        created_at, updated_at)
    select 1, 'import', n::text, 'join_group', 'DAILY', 1, 9999999999999999.9999, '1', '2026-11-20', '2026-11-20Z', '2026-11-20Z',
           '2026-11-20Z'
    from generate_series(1, 2) n";

async fn settle(app: &TestApp, scheduler: &Scheduler, dry_run: bool) -> RunRow {
    let job = scheduler.job("settle_awards").unwrap();
    let request = Request {
        day: None,
        dry_run,
        author: app.author("a test"),
        reason: None,
    };
    let pool = &scheduler.ledger.pools.jobs;
    let run_id = scheduler.request(job, &request, pool).await.unwrap();
    scheduler
        .run_to_completion(job, run_id, &CancellationToken::new(), |_| {})
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn parked_awards_are_in_every_later_report_also_of_a_dry_run() {
    let app = TestApp::in_process().await;
    let scheduler = app.real_scheduler();
    sqlx::raw_sql(RICHES).execute(app.pool()).await.unwrap();
    let counts = |run: &RunRow| {
        let report = run.report.as_ref().unwrap();
        (
            report["settled"].clone(),
            report["parked"].clone(),
            report["newly_parked"].clone(),
        )
    };
    let first = settle(&app, &scheduler, false).await;
    assert_eq!(counts(&first), (json!(1), json!(1), json!(1)));
    for dry_run in [true, false] {
        let later = settle(&app, &scheduler, dry_run).await;
        assert_eq!(counts(&later), (json!(0), json!(1), json!(0)), "{dry_run}");
        assert_eq!(later.report.as_ref().unwrap()["parked_awards"][0]["user_id"], 1);
        let finding = of_report("settle_awards", later.report.as_ref().unwrap());
        let said = sentences(&finding, Language::English).unwrap();
        assert!(said.starts_with("1 award is parked: "), "{said}");
    }
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_admin_api_says_what_needs_attention_and_since_when() {
    let app = TestApp::start().await;
    let key = app.api_key("ops", &[Scope::OpsWrite]).await;
    let ask = async || {
        let query = "{ parkedAwardCount jobs { name attention lagSeconds lastRun { finding } } }";
        app.admin(&key, query, json!({})).await
    };
    let of = |seen: &serde_json::Value, name: &str| {
        let jobs = seen["jobs"].as_array().unwrap();
        jobs.iter().find(|job| job["name"] == name).unwrap().clone()
    };
    app.run_due_jobs().await;
    let calm = of(&ask().await, "settle_awards");
    assert_eq!((&calm["attention"], &calm["lagSeconds"]), (&json!(null), &json!(0)));

    // Awards wait behind a pause.
    let author = newbee::domain::audit::Author::at_the_command_line(app.clock.now());
    pause_job(app.pool(), "settle_awards", "a test", &author).await.unwrap();
    sqlx::raw_sql(RICHES).execute(app.pool()).await.unwrap();
    app.clock.advance(TimeDelta::hours(2));
    app.run_due_jobs().await;
    let paused = of(&ask().await, "settle_awards");
    assert!(paused["lagSeconds"].as_i64().unwrap() >= 7_000, "{paused}");
    let said = paused["attention"].as_str().unwrap();
    assert!(said.contains("Paused by") && said.contains("2 awards"), "{said}");

    // One of them cannot be paid.
    newbee::service::pause_job::resume_job(app.pool(), "settle_awards", "a test", &author)
        .await
        .unwrap();
    app.run_due_jobs().await;
    let seen = ask().await;
    assert_eq!(seen["parkedAwardCount"], 1);
    let parked = of(&seen, "settle_awards");
    assert!(
        parked["attention"].as_str().unwrap().starts_with("1 award is parked: "),
        "{parked}"
    );
    assert!(
        parked["lastRun"]["finding"]
            .as_str()
            .unwrap()
            .starts_with("1 award is parked: ")
    );
    assert_eq!(parked["lagSeconds"], 0, "a parked award is no delay");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_of_older_days_does_not_move_the_books_back() {
    let app = TestApp::start().await;
    app.database().books_may_be_wrong();
    let key = app.api_key("ops", &[Scope::OpsWrite]).await;
    let books = async || {
        let query = "{ books { balanced auditedThrough violations } bookAudits(first: 1) { businessDay }
                       jobs { name attention } }";
        app.admin(&key, query, json!({})).await
    };
    assert_eq!(books().await["books"], json!(null));
    let audit = async |of: &'static str| {
        let job = app.app.jobs.job("audit_books").unwrap();
        let request = Request {
            day: Some(day(of)),
            dry_run: false,
            author: newbee::domain::audit::Author::at_the_command_line(app.clock.now()),
            reason: None,
        };
        let run = app.app.jobs.request(job, &request, app.pool()).await.unwrap();
        app.app
            .jobs
            .run_to_completion(job, run, &CancellationToken::new(), |_| {})
            .await
            .unwrap();
        app.clock.advance(TimeDelta::seconds(1));
    };
    audit("2026-11-19").await;
    audit("2026-11-17").await;
    let seen = books().await;
    assert_eq!(
        seen["books"],
        json!({ "balanced": true, "auditedThrough": "2026-11-19", "violations": 0 })
    );
    assert_eq!(seen["bookAudits"][0]["businessDay"], "2026-11-19");

    // An audit of an older day that finds something is not hidden by a newer day that was sound.
    sqlx::raw_sql(
        "insert into users (user_id, created_at, updated_at) values (1, '2026-01-01Z', '2026-01-01Z');
         insert into balances values (1, '1', 5, '2026-11-19Z')",
    )
    .execute(app.pool())
    .await
    .unwrap();
    audit("2026-11-18").await;
    let seen = books().await;
    assert_eq!(seen["books"]["balanced"], false);
    assert_eq!(seen["books"]["auditedThrough"], "2026-11-19");
    let jobs = seen["jobs"].as_array().unwrap();
    let attention = jobs.iter().find(|job| job["name"] == "audit_books").unwrap()["attention"].clone();
    assert!(
        attention.as_str().unwrap().starts_with("The books do not balance: "),
        "{attention}"
    );
    app.stop().await;
}

#[tokio::test]
async fn the_command_line_exits_1_and_its_last_line_says_why() {
    let database = TestDatabase::create().await;
    database.books_may_be_wrong();
    sqlx::raw_sql(RICHES).execute(&database.pool()).await.unwrap();
    sqlx::raw_sql("insert into balances values (1, '7', 5, '2026-11-19Z')")
        .execute(&database.pool())
        .await
        .unwrap();
    for (arguments, sentence) in [
        (&["run", "settle_awards"][..], "1 award is parked: "),
        (&["run", "settle_awards", "--dry-run"], "1 award is parked: "),
        (&["run", "audit_books", "--json"], "The books do not balance: "),
    ] {
        let output = jobs(&database, arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        let last = said.lines().last().unwrap();
        assert!(last.starts_with(sentence), "{arguments:?}: {said}");
        assert!(text(&output.stdout).contains("SUCCEEDED"), "{arguments:?}");
    }
    let list = text(&jobs(&database, &["list"]).stdout);
    assert!(
        list.contains("The books do not balance: ") && list.contains("1 award is parked: "),
        "{list}"
    );
}

//! Deleting history: what is old goes, what still means something stays, and the books are out of its reach.

use newbee::service::jobs::prune_history::PruneHistory;
use newbee::service::jobs::{AnyJob, JobEnd};
use newbee::store::job_runs::prune::prune;
use serde_json::{Value, json};
use sqlx::Executor;

use crate::support::app::{TestApp, day, instant};
use crate::support::wait_until;

/// Runs of every minute before noon of 22 August in Shanghai, 90 days before the clock's time, and some after it; and of
/// a job that ran only fifty times, long ago.
const RUNS: &str = "
    insert into jobs (job, scheduled_through, created_at) values ('often', '2026-11-20Z', '2026-01-01Z'), ('seldom', '2026-11-20Z', '2026-01-01Z');

    insert into job_runs (job, run_key, origin, scheduled_for, state, requested_by, created_at, ended_at)
    select 'often', n::text, 'SCHEDULE', at, 'SUCCEEDED', 'schedule', at, at
    from generate_series(-250, 149) n, lateral (select timestamptz '2026-08-22T04:00:00Z' + n * interval '1 minute' as at) due;

    insert into job_runs (job, run_key, origin, scheduled_for, state, requested_by, created_at, ended_at)
    select 'seldom', n::text, 'MANUAL', '2026-01-01Z', 'FAILED', 'test', '2026-01-01Z', '2026-01-01Z' from generate_series(1, 50) n;

    insert into job_runs (job, run_key, origin, scheduled_for, state, requested_by, created_at)
    values ('often', 'waits', 'MANUAL', '2026-01-01Z', 'QUEUED', 'test', '2026-01-01Z')";

/// 400 days before the clock's time is 16 October 2025; 30 days are 21 October 2026.
const REPORTS_AND_TRIES: &str = "
    insert into users (user_id, created_at, updated_at) select n, '2025-01-01Z', '2025-01-01Z' from generate_series(1, 60) n;

    insert into task_requests (user_id, idempotency_key, content_hash, result, created_at)
    select n, key, sha256('x'), '{}', at::timestamptz from generate_series(1, 10) n,
           (values ('old', '2025-10-16T03:59:59Z'), ('older', '2025-03-01Z'), ('kept', '2025-10-16T04:00:00Z')) as ages (key, at);

    insert into tries (user_id, action, count, window_began_at, locked_until, locks)
    select n, action, 1, began::timestamptz, locked::timestamptz, 1 from generate_series(1, 10) n,
           (values ('submit_word', '2026-10-21T03:59:59Z', null), ('preview_invitation', '2026-10-01Z', '2026-10-21T04:00:00Z'))
               as tried (action, began, locked);

    insert into tries (user_id, action, count, window_began_at, locks) values (11, 'submit_word', 1, '2026-10-21T04:00:00Z', 0)";

async fn run(app: &TestApp, name: &str, batch_size: u32) -> Value {
    match PruneHistory.run(app.context(name, batch_size).await).await.unwrap() {
        JobEnd::Done(report) => report,
        JobEnd::Interrupted => panic!("nobody asked it to stop"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_old_goes_and_nothing_else_whatever_the_batch() {
    for batch_size in [7, 5000] {
        let app = TestApp::in_process().await;
        app.pool().execute(RUNS).await.unwrap();
        app.pool().execute(REPORTS_AND_TRIES).await.unwrap();
        let report = run(&app, "first", batch_size).await;
        assert_eq!(
            report,
            json!({ "job_runs": 250, "task_requests": 20, "tries": 10, "audit_log": 0, "host_events": 0 })
        );
        assert_eq!(
            app.count("select count(*) from job_runs where job = 'often' and ended_at >= '2026-08-22T04:00:00Z'")
                .await,
            150
        );
        for (kept, how_many) in [
            ("select count(*) from job_runs where job = 'often'", 151),
            ("select count(*) from job_runs where job = 'seldom'", 50),
            ("select count(*) from task_requests where idempotency_key = 'kept'", 10),
            ("select count(*) from task_requests", 10),
            ("select count(*) from tries where action = 'preview_invitation'", 10),
            ("select count(*) from tries", 11),
        ] {
            assert_eq!(app.count(kept).await, how_many, "{kept}");
        }
        assert_eq!(
            run(&app, "again", batch_size).await,
            json!({ "job_runs": 0, "task_requests": 0, "tries": 0, "audit_log": 0, "host_events": 0 })
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_hundred_runs_of_a_job_stay_however_old() {
    let app = TestApp::in_process().await;
    app.pool().execute(RUNS).await.unwrap();
    app.clock.set(instant("2036-01-01T00:00:00Z"));
    assert_eq!(run(&app, "first", 30).await["job_runs"], 301);
    assert_eq!(
        app.count("select count(*) from job_runs where job = 'often'").await,
        100
    );
    assert_eq!(
        app.count("select count(*) from job_runs where job = 'often' and state = 'QUEUED'")
            .await,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_walk_through_runs_ends_where_younger_ones_begin() {
    let app = TestApp::in_process().await;
    app.pool().execute(RUNS).await.unwrap();
    let mut connection = app.pool().acquire().await.unwrap();
    let before = instant("2026-08-22T04:00:00Z");
    let first = prune(&mut connection, "often", None, before, 1, 240).await.unwrap();
    assert_eq!(first.changed, 240);
    let second = prune(&mut connection, "often", first.next, before, 1, 60)
        .await
        .unwrap();
    assert_eq!(
        (second.changed, second.next),
        (10, None),
        "a hundred younger runs are not looked at"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_of_a_batch_the_next_attempt_goes_on_counting() {
    let app = TestApp::in_process().await;
    app.pool().execute(REPORTS_AND_TRIES).await.unwrap();
    // Ten older reports go in two batches, then five old ones; the next batch waits.
    let mut holding = app.pool().begin().await.unwrap();
    holding
        .execute("select from task_requests where idempotency_key = 'old' and user_id = 7 for update")
        .await
        .unwrap();
    let job = app.context("killed", 5).await;
    let mut next_attempt = job.clone();
    let work = tokio::spawn(PruneHistory.run(job));
    let waiting = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                   where datname = current_database() and wait_event_type = 'Lock' and query like 'with chunk as%'";
    wait_until("the batch waits for the row", async || app.count(waiting).await > 0).await;
    work.await.unwrap().expect_err("its session was ended under it");
    holding.rollback().await.unwrap();
    let progress: Value = sqlx::query_scalar("select progress from job_runs where job = 'killed'")
        .fetch_one(app.pool())
        .await
        .unwrap();
    assert_eq!(progress, json!({ "job_runs": 0, "task_requests": 15 }));
    next_attempt.progress = Some(progress);
    let Ok(JobEnd::Done(report)) = PruneHistory.run(next_attempt).await else {
        panic!("nothing is in its way")
    };
    assert_eq!(
        report,
        json!({ "job_runs": 0, "task_requests": 20, "tries": 10, "audit_log": 0, "host_events": 0 })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_books_are_kept_for_ever() {
    let app = TestApp::in_process().await;
    let scheduler = app.real_scheduler();
    scheduler.tick().await.unwrap();
    app.make_awards(20, 3, day("2026-11-20")).await;
    app.clock.set(instant("2026-11-21T17:00:00Z"));
    scheduler.tick().await.unwrap();
    let books = "select (select count(*) from awards) + (select count(*) from ledger_entries)
                        + (select count(*) from business_day_totals) + (select count(*) from balances)";
    let before = app.count(books).await;
    assert!(before > 120, "settled and closed: {before}");
    app.clock.set(instant("2036-01-01T00:00:00Z"));
    run(&app, "ten_years_later", 1000).await;
    assert_eq!(app.count(books).await, before);
    app.assert_sound().await;
}

//! Runs while a clock is wrong.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use newbee::scheduler::Scheduler;
use newbee::scheduler::due_times::CatchUp;
use newbee::service::jobs::JobEnd;
use serde_json::json;

use crate::support::app::{TestApp, TestJob, every_minute};

/// Advances the clock minute by minute, with a tick after each.
async fn live(app: &TestApp, scheduler: &Scheduler, minutes: usize) {
    for _ in 0..minutes {
        app.clock.advance(TimeDelta::minutes(1));
        scheduler.tick().await.unwrap();
    }
}

async fn succeeded_since(app: &TestApp, since: DateTime<Utc>) -> i64 {
    sqlx::query_scalar(
        "select count(*) from job_runs where state = 'SUCCEEDED' and created_at >= $1 and created_at < $2",
    )
    .bind(since)
    .bind(app.clock.now() + TimeDelta::seconds(1))
    .fetch_one(app.pool())
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schedule_goes_on_after_the_clock_jumped_ahead_and_back() {
    for catch_up in [CatchUp::Latest, CatchUp::All, CatchUp::Skip] {
        let app = TestApp::in_process().await;
        let mut job = every_minute(TestJob::sweep("minutely", |_| async { Ok(JobEnd::Done(json!({}))) }));
        job.manifest.catch_up = catch_up;
        job.manifest.catch_up_window = Duration::from_secs(24 * 3600);
        let scheduler = app.scheduler(vec![job]);
        scheduler.tick().await.unwrap();
        live(&app, &scheduler, 2).await;
        let right = app.clock.now();
        app.clock.advance(TimeDelta::hours(2));
        scheduler.tick().await.unwrap();
        let ahead = app
            .count("select count(*) from job_runs where state = 'SUCCEEDED'")
            .await;
        assert!(ahead > 2, "{catch_up:?}: it goes on ahead");

        // Set right: within two looks it goes on, and a lag can be seen again.
        app.clock.set(right + TimeDelta::seconds(30));
        scheduler.tick().await.unwrap();
        live(&app, &scheduler, 3).await;
        if catch_up != CatchUp::All {
            assert!(succeeded_since(&app, right).await >= 3, "{catch_up:?}: it goes on");
        }
        live(&app, &scheduler, 125).await;
        let twice = "select count(*) - count(distinct run_key) from job_runs";
        assert_eq!(app.count(twice).await, 0, "{catch_up:?}");
        let open = "select count(*) from job_runs where state not in ('SUCCEEDED', 'SKIPPED')";
        assert_eq!(app.count(open).await, 0, "{catch_up:?}");
        let attempts = "select max(attempt)::bigint from job_runs";
        assert_eq!(app.count(attempts).await, 1, "{catch_up:?}: nothing ran twice");
        // Past the old point it goes on as ever.
        let newest: DateTime<Utc> =
            sqlx::query_scalar("select max(scheduled_for) from job_runs where state = 'SUCCEEDED'")
                .fetch_one(app.pool())
                .await
                .unwrap();
        assert!(
            app.clock.now() - newest < TimeDelta::minutes(1),
            "{catch_up:?}: {newest}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_left_by_a_process_of_the_future_is_taken_over() {
    let app = TestApp::in_process().await;
    let scheduler = app.scheduler(vec![every_minute(TestJob::sweep("minutely", |_| async {
        Ok(JobEnd::Done(json!({})))
    }))]);
    scheduler.tick().await.unwrap();
    sqlx::raw_sql(
        "insert into job_runs (job, run_key, origin, scheduled_for, state, attempt, lease_owner, lease_token, lease_expires_at,
                               heartbeat_at, requested_by, created_at)
         values ('minutely', 'left', 'MANUAL', '2026-11-20Z', 'RUNNING', 1, 'gone:1', gen_random_uuid(),
                 clock_timestamp() + interval '2 hours 30 s', clock_timestamp() + interval '2 hours', 'a test', '2026-11-20Z')",
    )
    .execute(app.pool())
    .await
    .unwrap();
    scheduler.tick().await.unwrap();
    assert_eq!(app.states("minutely").await, [("SUCCEEDED".to_owned(), 1)].into());
}

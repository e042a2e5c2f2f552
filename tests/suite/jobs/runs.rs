//! How runs end: panics, hangs, downtime, pauses, and a process that is asked to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use newbee::clock::Clock;
use newbee::scheduler::due_times::CatchUp;
use newbee::scheduler::on_request::Request;
use newbee::scheduler::one_run::Outcome;
use newbee::service::jobs::JobEnd;
use newbee::store::job_runs::listing::RunRow;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::support::app::{TestApp, TestJob, every_minute};

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_and_a_hang_are_failed_runs_and_harm_nobody_else() {
    let app = TestApp::in_process().await;
    let well = Arc::new(AtomicBool::new(false));
    let is_well = well.clone();
    let panicking = every_minute(TestJob::sweep("panicking", move |_| {
        let is_well = is_well.clone();
        async move {
            assert!(is_well.load(Ordering::SeqCst), "out of cheese");
            Ok(JobEnd::Done(json!({})))
        }
    }));
    let mut hanging = every_minute(TestJob::sweep("hanging", {
        let well = well.clone();
        move |_| {
            let well = well.clone();
            async move {
                if !well.load(Ordering::SeqCst) {
                    std::future::pending::<()>().await;
                }
                Ok(JobEnd::Done(json!({})))
            }
        }
    }));
    hanging.manifest.timeout = Duration::from_millis(300);
    let fine = every_minute(TestJob::sweep("fine", |_| async {
        Ok(JobEnd::Done(json!({"fine": true})))
    }));
    let refusing = every_minute(TestJob::sweep("refusing", |_| async { anyhow::bail!("not today") }));
    let scheduler = app.scheduler(vec![panicking, hanging, fine, refusing]);
    scheduler.tick().await.unwrap();

    app.clock.advance(TimeDelta::minutes(1));
    scheduler.tick().await.unwrap();
    let (panicked, hung) = (&app.runs("panicking").await[0], &app.runs("hanging").await[0]);
    assert_eq!(
        (panicked.0.as_str(), panicked.2.as_str()),
        ("FAILED", "panicked: out of cheese")
    );
    assert_eq!(hung.0, "FAILED");
    assert!(hung.2.contains("timed out after 300ms"), "{}", hung.2);
    assert_eq!(app.runs("fine").await[0].0, "SUCCEEDED");
    assert_eq!(app.runs("refusing").await[0].2, "not today");

    well.store(true, Ordering::SeqCst);
    app.clock.advance(TimeDelta::minutes(1));
    scheduler.tick().await.unwrap();
    for job in ["panicking", "hanging", "fine"] {
        assert_eq!(
            app.runs(job).await[1].0,
            "SUCCEEDED",
            "{job} runs again at its next due time"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_times_out_within_a_batch_leaves_nothing_of_it() {
    let app = TestApp::in_process().await;
    sqlx::query("create table effects (run_id bigint)")
        .execute(app.pool())
        .await
        .unwrap();
    let mut job = every_minute(TestJob::sweep("stuck", |job| async move {
        let mut batch = job.begin_batch().await?;
        sqlx::query("insert into effects values ($1)")
            .bind(job.lease.run_id)
            .execute(&mut *batch)
            .await?;
        sqlx::query("select pg_sleep(1)").execute(&mut *batch).await?;
        job.commit_batch(batch, &json!({})).await?;
        Ok(JobEnd::Done(json!({})))
    }));
    job.manifest.timeout = Duration::from_millis(200);
    let scheduler = app.scheduler(vec![job]);
    scheduler.tick().await.unwrap();
    app.clock.advance(TimeDelta::minutes(1));
    // The end of the run waits for the dropped batch, whose statement still holds the run's row.
    scheduler.tick().await.unwrap();
    assert_eq!(app.runs("stuck").await[0].0, "FAILED");
    assert_eq!(app.count("select count(*) from effects").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_policy_makes_up_for_downtime_in_its_way() {
    let app = TestApp::in_process().await;
    let job = |name, catch_up| {
        let mut job = every_minute(TestJob::sweep(name, |_| async { Ok(JobEnd::Done(json!({}))) }));
        job.manifest.catch_up = catch_up;
        job
    };
    let jobs = vec![
        job("all", CatchUp::All),
        job("latest", CatchUp::Latest),
        job("skip", CatchUp::Skip),
    ];
    let scheduler = app.scheduler(jobs);
    scheduler.tick().await.unwrap();
    app.clock.advance(TimeDelta::hours(3));
    scheduler.tick().await.unwrap();

    let done = |succeeded: usize, skipped: usize| {
        [("SUCCEEDED".to_owned(), succeeded), ("SKIPPED".to_owned(), skipped)].into()
    };
    // Within the window of an hour, both ends included; what is older is one row.
    assert_eq!(app.states("all").await, done(61, 1));
    assert!(
        app.runs("all").await[0].2.starts_with("119 due times"),
        "{:?}",
        app.runs("all").await[0]
    );
    assert_eq!(app.states("latest").await, done(1, 2));
    assert!(app.runs("latest").await[1].2.starts_with("60 due times"));
    // The last one is punctual.
    assert_eq!(app.states("skip").await, done(1, 2));

    scheduler.tick().await.unwrap();
    assert_eq!(app.states("all").await, done(61, 1), "looking again changes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_pile_up_behind_a_long_one_are_skipped_but_for_the_last() {
    let app = TestApp::in_process().await;
    let mut job = every_minute(TestJob::sweep("long", |_| async { Ok(JobEnd::Done(json!({}))) }));
    job.manifest.catch_up = CatchUp::Latest;
    let (busy, idle) = (app.scheduler(vec![job.clone()]), app.scheduler(vec![job]));
    busy.tick().await.unwrap();
    app.clock.advance(TimeDelta::minutes(1));
    busy.ledger.enqueue_due(&busy.jobs[0]).await.unwrap();
    let claimed = busy.ledger.claim(&busy.jobs[0], None).await.unwrap().unwrap();
    for _ in 0..3 {
        app.clock.advance(TimeDelta::minutes(1));
        assert_eq!(idle.tick().await.unwrap(), [], "a run is going on elsewhere");
    }
    assert_eq!(app.states("long").await["QUEUED"], 1);
    assert_eq!(app.states("long").await["SKIPPED"], 2);
    let done = newbee::store::job_runs::lease::RunEnd::Succeeded {
        report: json!({}),
        had_effect: false,
    };
    assert!(busy.ledger.end(&claimed.lease, &done).await.is_some());
    assert_eq!(idle.tick().await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_job_waits_and_then_follows_its_policy() {
    let app = TestApp::in_process().await;
    let mut job = every_minute(TestJob::sweep("paused", |_| async { Ok(JobEnd::Done(json!({}))) }));
    job.manifest.catch_up = CatchUp::Latest;
    let scheduler = app.scheduler(vec![job]);
    scheduler.tick().await.unwrap();
    sqlx::query("update jobs set paused_at = $1, paused_by = 'ops', pause_reason = 'testing'")
        .bind(app.clock.now())
        .execute(app.pool())
        .await
        .unwrap();
    app.clock.advance(TimeDelta::minutes(10));
    assert_eq!(scheduler.tick().await.unwrap(), []);
    let request = Request {
        day: None,
        dry_run: false,
        author: app.author("ops"),
        reason: Some("to see what it does".to_owned()),
    };
    scheduler
        .request(&scheduler.jobs[0], &request, &scheduler.ledger.pools.jobs)
        .await
        .unwrap();
    assert_eq!(
        scheduler.tick().await.unwrap().len(),
        1,
        "what a person asks for is run all the same"
    );
    sqlx::query("update jobs set paused_at = null, paused_by = null, pause_reason = null")
        .execute(app.pool())
        .await
        .unwrap();
    assert_eq!(scheduler.tick().await.unwrap().len(), 1);
    assert_eq!(app.states("paused").await["SKIPPED"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_to_stop_a_run_finishes_its_batch_and_another_process_the_rest() {
    let app = TestApp::in_process().await;
    sqlx::query("create table effects (batch bigint primary key)")
        .execute(app.pool())
        .await
        .unwrap();
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    // Five batches; asked to stop in the middle of the second.
    let job = every_minute(TestJob::sweep("batches", move |job| {
        let stopping = stopping.clone();
        async move {
            let done = job
                .progress
                .as_ref()
                .and_then(|progress| progress["batches"].as_i64())
                .unwrap_or(0);
            for batch_number in done + 1..=5 {
                if job.is_stopping() {
                    return Ok(JobEnd::Interrupted);
                }
                let mut batch = job.begin_batch().await?;
                if batch_number == 2 {
                    stopping.cancel();
                }
                sqlx::query("insert into effects values ($1)")
                    .bind(batch_number)
                    .execute(&mut *batch)
                    .await?;
                job.commit_batch(batch, &json!({"batches": batch_number})).await?;
            }
            Ok(JobEnd::Done(json!({"batches": 5})))
        }
    }));
    let (ending, other) = (app.scheduler(vec![job.clone()]), app.scheduler(vec![job]));
    ending.tick().await.unwrap();
    app.clock.advance(TimeDelta::minutes(1));
    let outcomes = ending.tick_until(&stop).await.unwrap();
    assert_eq!(outcomes[0].outcome, Outcome::Requeued);
    assert_eq!(app.count("select count(*) from effects").await, 2);
    let runs = app.runs("batches").await;
    assert_eq!(
        (runs[0].0.as_str(), runs[0].1),
        ("QUEUED", 0),
        "stopped in peace: the attempt does not count"
    );

    let outcomes = other.tick().await.unwrap();
    assert_eq!(outcomes[0].outcome, Outcome::Succeeded(json!({"batches": 5})));
    assert_eq!(app.count("select count(*) from effects").await, 5);
    assert_eq!(app.runs("batches").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_alarm_clock_drives_it_and_shutdown_ends_it() {
    let app = TestApp::builder().clock(Clock::machine()).in_process().await;
    let mut job = every_minute(TestJob::sweep("alarmed", |_| async { Ok(JobEnd::Done(json!({}))) }));
    job.manifest.schedule =
        newbee::scheduler::due_times::Schedule::parse("* * * * * *", chrono_tz::Asia::Shanghai).unwrap();
    let scheduler = app.scheduler(vec![job]);
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(scheduler.run(shutdown.clone()));
    tokio::time::timeout(Duration::from_secs(60), async {
        while !app.states("alarmed").await.contains_key("SUCCEEDED") {
            tokio::time::sleep(Duration::from_millis(50)).await; // leaves the machine to what is waited for
        }
    })
    .await
    .expect("the job runs within seconds");
    shutdown.cancel();
    tokio::time::timeout(Duration::from_secs(10), running)
        .await
        .expect("it ends when asked")
        .unwrap();
    assert_eq!(app.states("alarmed").await.get("RUNNING"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_requested_run_waits_for_the_one_that_is_going_on() {
    let app = TestApp::in_process().await;
    let job = every_minute(TestJob::sweep("busy", |_| async { Ok(JobEnd::Done(json!({}))) }));
    let (serving, asking) = (app.scheduler(vec![job.clone()]), app.scheduler(vec![job]));
    serving.tick().await.unwrap();
    app.clock.advance(TimeDelta::minutes(1));
    serving.ledger.enqueue_due(&serving.jobs[0]).await.unwrap();
    let claimed = serving.ledger.claim(&serving.jobs[0], None).await.unwrap().unwrap();

    let request = Request {
        day: None,
        dry_run: false,
        author: app.author("ops"),
        reason: None,
    };
    let run_id = asking
        .request(&asking.jobs[0], &request, &asking.ledger.pools.jobs)
        .await
        .unwrap();
    let (told, waits) = tokio::sync::oneshot::channel();
    let seen = tokio::spawn(async move {
        let mut told = Some(told);
        let waiting = |running: &RunRow| {
            told.take()
                .unwrap()
                .send(running.run_id)
                .expect("the test waits for it");
        };
        asking
            .run_to_completion(&asking.jobs[0], run_id, &CancellationToken::new(), waiting)
            .await
    });
    assert_eq!(waits.await.unwrap(), claimed.lease.run_id);
    let done = newbee::store::job_runs::lease::RunEnd::Succeeded {
        report: json!({}),
        had_effect: false,
    };
    assert!(serving.ledger.end(&claimed.lease, &done).await.is_some());
    assert_eq!(seen.await.unwrap().unwrap().state, "SUCCEEDED");
}

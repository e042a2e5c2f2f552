//! Several schedulers on one database: one run per due time, and no commit after the lease has expired.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use newbee::scheduler::clock_skew::{clock_skew, is_tolerable};
use newbee::scheduler::one_run::Outcome;
use newbee::service::jobs::JobEnd;
use serde_json::json;
use tokio::sync::{Notify, oneshot};

use crate::support::app::{TestApp, TestJob, every_minute};
use crate::support::within;

#[tokio::test(flavor = "multi_thread")]
async fn three_schedulers_make_one_run_per_due_time() {
    let app = TestApp::in_process().await;
    let (begun, at_once) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let most_at_once = Arc::new(AtomicUsize::new(0));
    let counting = || {
        let (begun, at_once, most) = (begun.clone(), at_once.clone(), most_at_once.clone());
        every_minute(TestJob::sweep("counting", move |_| {
            let (begun, at_once, most) = (begun.clone(), at_once.clone(), most.clone());
            async move {
                begun.fetch_add(1, Ordering::SeqCst);
                most.fetch_max(at_once.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                at_once.fetch_sub(1, Ordering::SeqCst);
                Ok(JobEnd::Done(json!({})))
            }
        }))
    };
    let replicas = [counting(), counting(), counting()].map(|job| app.scheduler(vec![job]));
    replicas[0].tick().await.unwrap(); // makes the job known
    for _ in 0..10 {
        app.clock.advance(TimeDelta::minutes(2));
        let looks = futures_util::future::join_all(replicas.iter().map(|replica| replica.tick())).await;
        looks.into_iter().for_each(|look| drop(look.unwrap()));
    }
    // What one replica queued while the others had just looked is found by the next look.
    replicas[1].tick().await.unwrap();
    assert_eq!(app.states("counting").await, [("SUCCEEDED".to_owned(), 20)].into());
    assert_eq!(begun.load(Ordering::SeqCst), 20);
    assert_eq!(most_at_once.load(Ordering::SeqCst), 1, "runs of one job never overlap");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_slept_past_the_lease_commits_nothing_and_another_goes_on() {
    let app = TestApp::in_process().await;
    sqlx::query("create table effects (run_id bigint, who text)")
        .execute(app.pool())
        .await
        .unwrap();
    let (asleep, wake) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (woke, outcome) = oneshot::channel();
    let woke = Arc::new(std::sync::Mutex::new(Some(woke)));

    let (asleep_there, wake_there) = (asleep.clone(), wake.clone());
    let sleeper = every_minute(TestJob::sweep("effects", move |job| {
        let (asleep, wake, woke) = (asleep_there.clone(), wake_there.clone(), woke.clone());
        async move {
            let batch = job.begin_batch().await?;
            job.commit_batch(batch, &json!({"done": "by the sleeper"})).await?;
            asleep.notify_one();
            // A task of its own, as a frozen machine would not notice that its run was dropped.
            tokio::spawn(async move {
                wake.notified().await;
                let fenced = job.begin_batch().await.map(drop);
                let teller = woke.lock().unwrap().take().expect("it wakes once");
                let _ = teller.send(fenced);
            })
            .await?;
            Ok(JobEnd::Done(json!({})))
        }
    }));
    let worker = every_minute(TestJob::sweep("effects", |job| async move {
        assert_eq!(job.progress, Some(json!({"done": "by the sleeper"})));
        let mut batch = job.begin_batch().await?;
        sqlx::query("insert into effects values ($1, 'worker')")
            .bind(job.lease.run_id)
            .execute(&mut *batch)
            .await?;
        job.commit_batch(batch, &json!({})).await?;
        Ok(JobEnd::Done(json!({"by": "worker"})))
    }));
    let (sleeping, awake) = (app.scheduler(vec![sleeper]), app.scheduler(vec![worker]));
    awake.tick().await.unwrap();
    app.clock.advance(TimeDelta::minutes(1));

    let slept = tokio::spawn(async move { sleeping.tick().await });
    within("the run begins", asleep.notified()).await;
    sqlx::query(
        "update job_runs set lease_expires_at = clock_timestamp() - interval '1 second' where state = 'RUNNING'",
    )
    .execute(app.pool())
    .await
    .unwrap();
    let outcomes = awake.tick().await.unwrap();
    assert_eq!(outcomes[0].outcome, Outcome::Succeeded(json!({"by": "worker"})));

    wake.notify_one();
    let error = outcome.await.unwrap().unwrap_err();
    assert!(error.to_string().contains("expired or was taken over"), "{error}");
    assert_eq!(slept.await.unwrap().unwrap()[0].outcome, Outcome::Lost);
    assert_eq!(app.runs("effects").await.len(), 1);
    assert_eq!(app.runs("effects").await[0].1, 2, "the second attempt");
    assert_eq!(app.count("select count(*) from effects").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_lease_commits_nothing_even_if_nobody_took_it() {
    let app = TestApp::in_process().await;
    let expired = Arc::new(Notify::new());
    let (begun, there) = (Arc::new(Notify::new()), expired.clone());
    let begun_there = begun.clone();
    let job = every_minute(TestJob::sweep("late", move |job| {
        let (begun, expired) = (begun_there.clone(), there.clone());
        async move {
            begun.notify_one();
            expired.notified().await;
            let batch = job.begin_batch().await?;
            job.commit_batch(batch, &json!({"never": "saved"})).await?;
            Ok(JobEnd::Done(json!({})))
        }
    }));
    let scheduler = app.scheduler(vec![job]);
    scheduler.tick().await.unwrap();
    app.clock.advance(TimeDelta::minutes(1));
    let ticking = tokio::spawn({
        let scheduler = scheduler.clone();
        async move { scheduler.tick().await }
    });
    within("the run begins", begun.notified()).await;
    sqlx::query("update job_runs set lease_expires_at = clock_timestamp() where state = 'RUNNING'")
        .execute(app.pool())
        .await
        .unwrap();
    expired.notify_one();
    assert_eq!(ticking.await.unwrap().unwrap()[0].outcome, Outcome::Lost);
    assert_eq!(
        app.count("select count(*) from job_runs where progress is not null")
            .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sleeps_past_the_lease_in_the_middle_of_a_batch_commits_nothing_of_it() {
    let app = TestApp::in_process().await;
    let mut job = every_minute(TestJob::sweep("sleeper", |job| async move {
        let mut batch = job.begin_batch().await?;
        sqlx::query("insert into users (user_id, created_at, updated_at) values (1, $1, $1)")
            .bind(job.clock.now())
            .execute(&mut *batch)
            .await?;
        // Asleep, until the database says that the lease is over.
        while !sqlx::query_scalar::<_, bool>(
            "select lease_expires_at < clock_timestamp() from job_runs where run_id = $1",
        )
        .bind(job.lease.run_id)
        .fetch_one(&mut *batch)
        .await?
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        job.commit_batch(batch, &json!({"never": "saved"})).await?;
        Ok(JobEnd::Done(json!({})))
    }));
    job.manifest.lease = Duration::from_secs(1);
    job.manifest.heartbeat_every = Duration::from_millis(400);
    let scheduler = app.scheduler(vec![job]);
    scheduler.tick().await.unwrap();
    app.clock.advance(TimeDelta::minutes(1));
    let outcomes = scheduler.tick().await.unwrap();
    assert!(
        !matches!(outcomes[0].outcome, Outcome::Succeeded(..)),
        "{:?}",
        outcomes[0].outcome
    );
    assert_eq!(app.count("select count(*) from users").await, 0);
    assert_eq!(
        app.count("select count(*) from job_runs where progress is not null")
            .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_processes_keep_dying_fails_in_the_end() {
    let app = TestApp::in_process().await;
    let job = every_minute(TestJob::sweep("deadly", |_| async { Ok(JobEnd::Done(json!({}))) }));
    let scheduler = app.scheduler(vec![job]);
    scheduler.tick().await.unwrap();
    app.clock.advance(TimeDelta::minutes(1));
    let job = &scheduler.jobs[0];
    scheduler.ledger.enqueue_due(job).await.unwrap();
    for attempt in 1..=5 {
        let claimed = scheduler
            .ledger
            .claim(job, None)
            .await
            .unwrap()
            .expect("claimed again after each death");
        assert_eq!(claimed.attempt, attempt);
        assert!(
            scheduler.ledger.claim(job, None).await.unwrap().is_none(),
            "the lease holds"
        );
        sqlx::query("update job_runs set lease_expires_at = clock_timestamp() where state = 'RUNNING'")
            .execute(app.pool())
            .await
            .unwrap();
    }
    assert!(scheduler.ledger.claim(job, None).await.unwrap().is_none());
    let runs = app.runs("deadly").await;
    assert_eq!((runs[0].0.as_str(), runs[0].1), ("FAILED", 5));
    assert!(runs[0].2.contains("fell silent"), "{}", runs[0].2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_off_is_measured_and_refused() {
    let app = TestApp::in_process().await;
    let machine = newbee::clock::Clock::machine();
    let right = clock_skew(app.pool(), &machine).await.unwrap();
    assert!(is_tolerable(right), "the same machine's clocks agree: {right}");
    let fast = newbee::clock::Clock::manual(machine.now() + TimeDelta::minutes(10));
    let off = clock_skew(app.pool(), &fast).await.unwrap();
    assert!(off > TimeDelta::minutes(9), "{off}");
    assert!(!is_tolerable(off) && !is_tolerable(-off));
}

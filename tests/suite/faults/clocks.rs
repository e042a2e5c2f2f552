//! Replicas whose clocks are apart, by libfaketime: within two seconds they agree on every due time; beyond, the one that is off
//! starts nothing.

use std::fs;
use std::path::PathBuf;

use newbee::store::bounded::PgPool;
use tokio::process::Command;

use crate::support::database::TestDatabase;
use crate::support::http_client;
use crate::support::program::{Program, serve};
use crate::support::settlement::quick_manifests;
use crate::support::wait_until;

/// The library that is loaded before all others and answers for the clock.
fn libfaketime() -> PathBuf {
    let folders = ["/usr/lib", "/usr/lib64", "/usr/local/lib"]
        .map(PathBuf::from)
        .into_iter();
    let found = folders
        .clone()
        .chain(folders.flat_map(|folder| {
            fs::read_dir(folder)
                .into_iter()
                .flatten()
                .flatten()
                .map(|entry| entry.path())
        }))
        .map(|folder| folder.join("faketime/libfaketime.so.1"))
        .find(|library| library.exists());
    found.expect("libfaketime: install it by apt-get install -y faketime (tests/run does so on Debian)")
}

/// `newbee serve` whose clock is off by what a file says, `+0.8` seconds for instance, read anew each time it looks.
fn with_clock(database: &TestDatabase, file: &std::path::Path, arguments: &[&str]) -> Command {
    let mut command = serve(database, arguments);
    command
        .env("LD_PRELOAD", libfaketime())
        .env("FAKETIME_TIMESTAMP_FILE", file)
        .env("FAKETIME_NO_CACHE", "1")
        // Timeouts and the alarm clock's waiting go by the monotonic clock, which no administrator sets.
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .env("DONT_FAKE_MONOTONIC", "1");
    command
}

async fn due_times(pool: &PgPool) -> (i64, i64, i64) {
    sqlx::query_as(
        "select count(*), count(distinct scheduled_for), count(*) filter (where state not in ('SUCCEEDED', 'SKIPPED'))
         from job_runs where job = 'settle_awards' and origin = 'SCHEDULE'",
    )
    .fetch_one(pool)
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_due_time_is_run_once_and_a_clock_that_is_off_starts_nothing() {
    let database = TestDatabase::create().await;
    let pool = database.pool();
    let manifests = quick_manifests();
    let arguments = ["--jobs-dir", manifests.path().to_str().unwrap()];
    let folder = tempfile::tempdir().unwrap();
    let clock = |name: &str, offset: &str| {
        let file = folder.path().join(name);
        fs::write(&file, offset).unwrap();
        file
    };
    let (ahead, behind) = (clock("ahead", "+0.8"), clock("behind", "-0.8"));
    let fast = Program::start(with_clock(&database, &ahead, &arguments)).await;
    let slow = Program::start(with_clock(&database, &behind, &arguments)).await;
    let right = Program::serve(&database, &arguments).await;
    wait_until("a dozen due times are over", async || due_times(&pool).await.0 >= 12).await;
    let (rows, times, _) = due_times(&pool).await;
    assert_eq!(rows, times, "a due time has one row, whoever wrote it down");

    // An administrator sets the clock of one two minutes ahead.
    fs::write(&ahead, "+120").unwrap();
    wait_until("it notices", async || fast.log().contains("no job is started here")).await;
    let ready = http_client()
        .get(format!("http://{}/readyz", fast.address))
        .send()
        .await
        .unwrap();
    assert_eq!(ready.status(), 503, "its days would end too early");
    let before = due_times(&pool).await.0;
    wait_until("the others go on", async || due_times(&pool).await.0 > before + 2).await;
    let from_the_future: i64 = sqlx::query_scalar(
        "select count(*) from job_runs where scheduled_for > clock_timestamp() + interval '3 seconds'",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(from_the_future, 0);

    // Set right again, it is of use again.
    fs::write(&ahead, "+0").unwrap();
    wait_until("it is ready again", async || {
        let ready = http_client()
            .get(format!("http://{}/readyz", fast.address))
            .send()
            .await;
        ready.is_ok_and(|reply| reply.status().is_success())
    })
    .await;
    fast.terminate().await;
    slow.terminate().await;
    right.terminate().await;
    let (rows, times, others) = due_times(&pool).await;
    assert_eq!((rows, others), (times, 0), "each due time was run or skipped once");
    pool.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_clock_that_is_off_it_does_not_begin() {
    let database = TestDatabase::create().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("clock");
    fs::write(&file, "-120").unwrap();
    let output = with_clock(&database, &file, &["--listen", "127.0.0.1:0"])
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("off the database's") && said.contains("NTP"), "{said}");
}

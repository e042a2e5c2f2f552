//! Runs started by the command line: interrupted and resumed, and predicted by a dry run.

use std::process::Stdio;

use newbee::store::bounded::PgPool;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::database::TestDatabase;
use crate::support::program::{newbee, run};
use crate::support::settlement::{AWARDS, make_awards, settled};
use crate::support::{wait_until, within};

const BACKFILL: [&str; 8] = [
    "jobs",
    "backfill",
    "audit_books",
    "--from",
    "2026-10-01",
    "--to",
    "2026-11-09",
    "--json",
];

async fn days(pool: &PgPool, state: &'static str) -> i64 {
    sqlx::query_scalar("select count(*) from job_runs where origin = 'BACKFILL' and state::text = $1")
        .bind(state)
        .fetch_one(pool)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_job_that_is_interrupted_and_cancelled_half_way_is_taken_up_again() {
    let database = TestDatabase::create().await;
    let pool = database.pool();
    // Something that is older than the range.
    make_awards(&pool, 1).await;
    let mut interrupted = newbee()
        .args(BACKFILL)
        .envs(database.environment())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_until("some days are done", async || days(&pool, "SUCCEEDED").await >= 2).await;
    let pid = Pid::from_raw(interrupted.id().expect("it runs") as i32).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    let status = within("the interrupted command ends", interrupted.wait())
        .await
        .unwrap();
    assert_eq!(status.code(), Some(2), "days are left in the queue");
    let (done, left) = (days(&pool, "SUCCEEDED").await, days(&pool, "QUEUED").await);
    assert_eq!(done + left, 40);
    assert!(left > 0, "it was interrupted half-way");

    let first: i64 = sqlx::query_scalar("select min(run_id) from job_runs where origin = 'BACKFILL'")
        .fetch_one(&pool)
        .await
        .unwrap();
    let (code, said, _) = run(&database, &["jobs", "cancel", &first.to_string(), "--backfill"]).await;
    assert_eq!(code, Some(0));
    assert!(said.contains(&format!("{left} day")), "{said}");
    assert_eq!(days(&pool, "CANCELLED").await, left);

    let (code, _, said) = run(&database, &BACKFILL).await;
    // The users of this test have no invitation codes, so every audit finds violations.
    assert_eq!(code, Some(1), "{said}");
    let twice: i64 = sqlx::query_scalar(
        "select count(*) from (select business_day from job_runs where origin = 'BACKFILL' and state = 'SUCCEEDED'
                               group by business_day having count(*) > 1) days",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!((days(&pool, "SUCCEEDED").await, twice), (40, 0), "each day once");
    pool.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_of_settle_awards_predicts_its_run() {
    let database = TestDatabase::create().await;
    let pool = database.pool();
    make_awards(&pool, AWARDS).await;
    let report = async |arguments: &[&str]| {
        let (code, said, error) = run(
            &database,
            &[&["jobs", "run", "settle_awards", "--json"], arguments].concat(),
        )
        .await;
        assert_eq!(code, Some(0), "{error}");
        let run: Value = serde_json::from_str(&said).expect("it is JSON");
        let report = &run["report"];
        (
            report["settled"].clone(),
            report["parked"].clone(),
            report["sums"].clone(),
        )
    };
    let foretold = report(&["--dry-run"]).await;
    assert_eq!(settled(&pool).await, 0, "nothing was changed");
    assert_eq!(foretold.0, AWARDS);
    assert_eq!(report(&[]).await, foretold);
    assert_eq!(settled(&pool).await, AWARDS);
    pool.close().await;
}

//! Settlement by processes that are killed or stopped: each award is settled once.

use crate::support::database::TestDatabase;
use crate::support::program::Program;
use crate::support::settlement::{AWARDS, all_are_settled, make_awards, quick_manifests, scale, settled};
use crate::support::wait_until;

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_and_inside_batches_it_settles_each_award_once() {
    let database = TestDatabase::create().await;
    let pool = database.pool();
    let awards = AWARDS * scale();
    make_awards(&pool, awards).await;
    let manifests = quick_manifests();
    let arguments = ["--jobs-dir", manifests.path().to_str().unwrap()];

    for kill in 0..6 {
        let before = settled(&pool).await;
        let program = Program::serve(&database, &arguments).await;
        if kill % 2 == 0 {
            // Between batches, or wherever it happens to be.
            wait_until("some are settled", async || settled(&pool).await > before).await;
            program.kill().await;
        } else {
            // Inside one: balances are locked, so the statement of the batch waits, its awards and entries written.
            let mut lock = pool.begin().await.unwrap();
            sqlx::query("lock table balances in share mode")
                .execute(&mut *lock)
                .await
                .unwrap();
            wait_until("a batch waits for balances", async || {
                sqlx::query_scalar::<_, i64>(
                    "select count(*) from pg_locks where not granted and relation = 'balances'::regclass",
                )
                .fetch_one(&pool)
                .await
                .unwrap()
                    > 0
            })
            .await;
            program.kill().await;
            lock.rollback().await.unwrap();
        }
    }
    let program = Program::serve(&database, &arguments).await;
    all_are_settled(&pool).await;
    assert_eq!(settled(&pool).await, awards);
    program.terminate().await;

    let entries: (i64, i64) = sqlx::query_as("select count(*), sum(amount)::bigint from ledger_entries")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(entries, (awards, awards * 10));
    let balances: i64 = sqlx::query_scalar("select sum(settled)::bigint from balances")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(balances, awards * 10);
    let taken_over: i64 = sqlx::query_scalar("select count(*) from job_runs where attempt > 1")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert!(taken_over > 0, "no run was taken over from a killed process");
    pool.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_in_the_middle_leaves_no_lease_no_failure_and_the_rest_to_others() {
    let database = TestDatabase::create().await;
    let pool = database.pool();
    make_awards(&pool, AWARDS).await;
    let manifests = quick_manifests();
    let arguments = ["--jobs-dir", manifests.path().to_str().unwrap()];
    let program = Program::serve(&database, &arguments).await;
    wait_until("some are settled", async || settled(&pool).await > 0).await;
    program.terminate().await;
    let left: Vec<String> = sqlx::query_scalar("select state::text from job_runs where state = 'RUNNING'")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert!(left.is_empty(), "a run was left with a lease");
    let other = Program::serve(&database, &arguments).await;
    wait_until("all are settled", async || settled(&pool).await == AWARDS).await;
    other.terminate().await;
    let failed: i64 = sqlx::query_scalar("select count(*) from job_runs where state = 'FAILED'")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(failed, 0);
    pool.close().await;
}

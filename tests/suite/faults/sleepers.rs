//! A process that is stopped in the middle of a run, and continued after another has taken the run over.

use newbee::store::bounded::PgPool;
use rustix::process::Signal;

use crate::support::database::TestDatabase;
use crate::support::program::Program;
use crate::support::settlement::{AWARDS, make_awards, quick_manifests, settled};
use crate::support::wait_until;

async fn one<T>(pool: &PgPool, sql: &'static str) -> T
where
    T: Send + Unpin + for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn settle_awards_of_a_process_that_slept_past_its_lease_commits_nothing_more() {
    let database = TestDatabase::create().await;

    let pool = database.pool();

    make_awards(&pool, AWARDS).await;

    let manifests = quick_manifests();

    let arguments = ["--jobs-dir", manifests.path().to_str().unwrap()];

    let sleeper = Program::serve(&database, &arguments).await;

    // Held in the middle of a batch, so that it surely has a run when it is stopped.
    let mut lock = pool.begin().await.unwrap();

    sqlx::query("lock table balances in share mode")
        .execute(&mut *lock)
        .await
        .unwrap();

    let waiting = "select count(*) from pg_locks where not granted and relation = 'balances'::regclass";

    wait_until("a batch waits for balances", async || {
        one::<i64>(&pool, waiting).await > 0
    })
    .await;
    sleeper.signal(Signal::STOP);
    let (run, before): (i64, i64) = (
        one(
            &pool,
            "select run_id from job_runs where job = 'settle_awards' and state = 'RUNNING'",
        )
        .await,
        settled(&pool).await,
    );
    lock.rollback().await.unwrap();

    let other = Program::serve(&database, &arguments).await;
    wait_until("all are settled", async || settled(&pool).await == AWARDS).await;
    assert!(before < AWARDS, "it was stopped in the middle");
    sleeper.signal(Signal::CONT);
    wait_until("the sleeper finds its lease lost", async || {
        sleeper
            .log()
            .lines()
            .any(|line| line.contains("lease lost") && line.contains(&format!("\"run_id\":{run},")))
    })
    .await;
    let attempts: i32 = sqlx::query_scalar("select attempt from job_runs where run_id = $1")
        .bind(run)
        .fetch_one(&pool)
        .await
        .unwrap();
    assert!(attempts > 1, "another process took the run over");
    // It is well again, and goes on with the other.
    let (status, _) = sleeper.ask(None, "{ clock { businessDay } }").await;
    assert_eq!(status, 200);
    sleeper.terminate().await;
    other.terminate().await;
    assert_eq!(one::<i64>(&pool, "select count(*) from ledger_entries").await, AWARDS);
    assert_eq!(
        one::<i64>(&pool, "select sum(settled)::bigint from balances").await,
        AWARDS * 10
    );
    pool.close().await;
}

//! Connections of a pool, which are kept from one statement to the next.

use std::time::Duration;

use futures_util::future::join_all;
use newbee::store::bounded::{Database, PgPool};
use newbee::store::pools::Pools;

use crate::support::database::{TestDatabase, patient_pool};
use crate::support::within;

/// The number of the server process that answers a statement.
async fn backend(pool: &PgPool) -> i32 {
    let statement = sqlx::query_scalar("select pg_backend_pid() from generate_series(1, 3)");
    statement.fetch_all(pool).await.unwrap()[0]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_connection_keeps_out_nobody() {
    let database = TestDatabase::create().await;
    let pool = patient_pool(&database.options, 1);
    let only = backend(&pool).await;
    let statements = async {
        for _ in 0..20 {
            let found = join_all((0..5).map(|_| backend(&pool))).await;
            assert!(
                found.iter().all(|found| *found == only),
                "one connection is used by all"
            );
        }
    };
    let transactions = async {
        for _ in 0..20 {
            let transaction = pool.begin().await.unwrap();
            transaction.commit().await.unwrap();
        }
    };
    within("both to share a connection", async {
        tokio::join!(statements, transactions)
    })
    .await;
    assert_eq!(pool.size(), 1);
    within("the pool to close", pool.close()).await;
    assert_eq!((pool.size(), pool.num_idle()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_ended_while_it_was_kept_is_replaced() {
    let database = TestDatabase::create().await;
    let pool = patient_pool(&database.options, 2);
    let first = backend(&pool).await;
    let other = patient_pool(&database.options, 1);
    sqlx::query("select pg_terminate_backend($1)")
        .bind(first)
        .execute(&other)
        .await
        .unwrap();
    // Longer than a connection is used without a ping.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_ne!(backend(&pool).await, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_wait_for_replicas_exactly_if_there_are_any() {
    let database = TestDatabase::create().await;
    let plain = Database::from(&database.options);
    let replicated = plain.clone().with_replicas(vec![database.options.clone()]);
    for (database, is_expected) in [(plain, false), (replicated, true)] {
        let pools = Pools::connect_lazily(&database, 1);
        for pool in [&pools.api, &pools.admin, &pools.jobs, &pools.heartbeat, &pools.live] {
            let setting = sqlx::query_scalar("select current_setting('synchronous_commit')");
            let setting: String = setting.fetch_one(pool).await.unwrap();
            assert_eq!(setting == "remote_apply", is_expected, "{setting}");
        }
        pools.close().await;
    }
}

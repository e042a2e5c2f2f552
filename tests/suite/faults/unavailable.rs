//! Errors that Postgres itself reports: each is classified once, and answered and retried accordingly.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use newbee::scheduler::Scheduler;
use newbee::scheduler::one_run::Outcome;
use newbee::service::jobs::JobEnd;
use newbee::store::bounded::{Bounds, PgPool};
use newbee::store::pools::{PoolBounds, Pools};
use newbee::store::unavailable::{Unavailable, breaks_the_connection, lost_in_flight, unavailable};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use crate::support::app::{TestApp, TestJob, every_minute};
use crate::support::database::TestDatabase;
use crate::support::{http_client, wait_until};

/// Statements end after a moment, long before a lock does.
fn impatient(bounds: Bounds) -> Bounds {
    Bounds {
        statement: Duration::from_secs(1),
        lock: Duration::from_secs(30),
        ..bounds
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_error_code_has_its_class() {
    use Unavailable::{Away, Busy};
    // (SQLSTATE, class, whether idempotent work is repeated at once on another connection)
    let table = [
        ("57014", Some(Busy), false), // query_canceled: it took too long, and would again
        ("55P03", Some(Busy), false), // lock_not_available
        ("40001", Some(Busy), false), // serialization_failure
        ("40P01", Some(Busy), false), // deadlock_detected
        ("53000", Some(Busy), false), // insufficient_resources
        ("53100", Some(Busy), false), // disk_full
        ("53200", Some(Busy), false), // out_of_memory
        ("53300", Some(Busy), false), // too_many_connections
        ("53400", None, false),       // configuration_limit_exceeded
        ("08000", Some(Away), true),  // connection_exception
        ("08006", Some(Away), true),  // connection_failure
        ("08P01", Some(Away), true),  // protocol_violation; of PgBouncer: its server was lost
        ("25006", Some(Away), false), // read_only_sql_transaction
        ("25P02", None, false),       // in_failed_sql_transaction
        ("25P03", Some(Away), true),  // idle_in_transaction_session_timeout
        ("25P04", Some(Away), false), // transaction_timeout
        ("28000", Some(Away), false), // invalid_authorization_specification
        ("3D000", Some(Away), false), // invalid_catalog_name
        ("40003", Some(Away), true),  // statement_completion_unknown
        ("57P01", Some(Away), true),  // admin_shutdown
        ("57P02", Some(Away), true),  // crash_shutdown
        ("57P03", Some(Away), false), // cannot_connect_now
        ("57P04", Some(Away), false), // database_dropped
        ("57P05", Some(Away), true),  // idle_session_timeout
        ("58000", Some(Away), false), // system_error
        ("58030", Some(Away), false), // io_error
        ("22003", None, false),       // numeric_value_out_of_range
        ("23505", None, false),       // unique_violation
        ("42601", None, false),       // syntax_error
        ("XX001", None, false),       // data_corrupted
    ];
    let database = TestDatabase::create().await;
    let pool = database.pool();
    for (code, class, repeated) in table {
        let sql = format!("do $$ begin raise sqlstate '{code}'; end $$");
        let error = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&pool).await.unwrap_err();
        assert_eq!(unavailable(&error), class, "{code}");
        assert_eq!(breaks_the_connection(&error), class == Some(Away), "{code}");
        assert_eq!(lost_in_flight(&error), repeated, "{code}");
    }
    pool.close().await;
}

/// Locks a table until the transaction ends.
async fn hold(pool: &PgPool, table: &'static str) -> newbee::store::bounded::PgTransaction<'static> {
    let mut holding = pool.begin().await.unwrap();
    let sql = format!("lock table {table} in access exclusive mode");
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *holding).await.unwrap();
    holding
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_takes_too_long_is_answered_as_unavailable_and_can_be_repeated() {
    let database = TestDatabase::create().await;
    let standard = PoolBounds::standard(8);
    let bounds = PoolBounds {
        api: impatient(standard.api),
        admin: impatient(standard.admin),
        ..standard
    };
    let app = TestApp::builder()
        .pools(Pools::with_bounds(&database.options, bounds))
        .start()
        .await;
    let user = app.add_user(1).await;
    let pool = database.pool();
    let requests = [
        ("mutation { signInToday { award { id } } }", "awards"),
        ("mutation { submitWord(word: \"x\") { userErrors { code } } }", "tries"),
        ("{ me { name newbeeAwards { id } } }", "awards"),
    ];
    for (request, table) in requests {
        let holding = hold(&pool, table).await;
        let reply = app.reply(Some(&user.key), request, json!({})).await;
        let extensions = &reply["errors"][0]["extensions"];
        assert_eq!(extensions["code"], "SERVICE_UNAVAILABLE", "{request}: {reply:#}");
        assert!(extensions["retryAfterSeconds"].is_number(), "{request}: {reply:#}");
        if table == "awards" {
            let legacy: Value = http_client()
                .post(app.url("/customer/sign_in_today"))
                .json(&json!({ "session_key": user.key }))
                .send()
                .await
                .unwrap()
                .json()
                .await
                .unwrap();
            assert_eq!(legacy["status"], 5, "{legacy:#}");
        }
        holding.rollback().await.unwrap();
        let reply = app.reply(Some(&user.key), request, json!({})).await;
        assert!(reply["errors"].is_null(), "{request}: {reply:#}");
    }
    app.stop().await;
    pool.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_statement_takes_too_long_is_tried_again() {
    let app = TestApp::in_process().await;
    let attempts = Arc::new(AtomicUsize::new(0));
    let job = every_minute(TestJob::sweep("slow", {
        let attempts = Arc::clone(&attempts);
        move |context| {
            let attempts = Arc::clone(&attempts);
            async move {
                let mut batch = context.begin_batch().await?;
                if attempts.fetch_add(1, Ordering::SeqCst) == 0 {
                    sqlx::query("select pg_sleep(60)").execute(&mut *batch).await?;
                }
                context.commit_batch(batch, &json!({ "done": 1 })).await?;
                Ok(JobEnd::Done(json!({ "done": 1 })))
            }
        }
    }));
    let standard = PoolBounds::standard(4);
    let bounds = PoolBounds {
        jobs: impatient(standard.jobs),
        ..standard
    };
    let pools = Pools::with_bounds(&app.database().options, bounds);
    let scheduler = Scheduler::new(pools, app.clock.clone(), app.calendar, vec![job]);
    scheduler.tick().await.unwrap();
    app.clock.advance(TimeDelta::minutes(1));
    let first = scheduler.tick().await.unwrap();
    assert_eq!(first[0].outcome, Outcome::Requeued, "{first:?}");
    wait_until("the run is done", async || {
        let runs = scheduler.tick().await;
        runs.is_ok_and(|runs| runs.iter().any(|run| matches!(run.outcome, Outcome::Succeeded(_))))
    })
    .await;
    assert_eq!(attempts.load(Ordering::SeqCst), 2);
    assert_eq!(app.states("slow").await.get("FAILED"), None);
    scheduler.ledger.pools.close().await;
    app.assert_sound().await;
}

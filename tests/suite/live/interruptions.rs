//! The real program with a subscriber: at SIGTERM, and while Postgres goes and comes back.

use std::time::{Duration, Instant};

use super::{Following, text};
use crate::support::database::TestDatabase;
use crate::support::own_postgres::{OwnPostgres, make_users};
use crate::support::program::{Program, newbee};
use crate::support::wait_until;

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_stops_breaks_off_what_it_streams() {
    let database = TestDatabase::create().await;
    let pool = database.pool();
    let key = make_users(&pool, 1).await.remove(0);
    let program = Program::serve(&database, &["--scheduler", "off", "--drain-timeout", "60s"]).await;
    let following = Following::begin(&program.url(), &key, None).await;
    let began = Instant::now();
    let (log, events) = tokio::join!(program.terminate(), following.until_it_breaks());
    assert!(events.is_empty(), "{events:?}");
    assert!(
        began.elapsed() < Duration::from_secs(30),
        "it does not wait for the limit"
    );
    assert!(!log.contains("drain limit has elapsed"), "{log}");
    pool.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_that_goes_and_comes_back_is_not_noticed() {
    let postgres = OwnPostgres::start().await;
    let pool = postgres.pool();
    let key = make_users(&pool, 1).await.remove(0);
    let mut command = newbee();
    command
        .args(["serve", "--scheduler", "off"])
        .env("DATABASE_URL", &postgres.url);
    let program = Program::start_logging(command, "info").await;
    let mut following = Following::begin(&program.url(), &key, None).await;

    let postgres = postgres.crash_and_start().await;
    let mut signed_in = serde_json::Value::Null;
    wait_until("the database serves again", async || {
        let (_, reply) = program
            .ask(Some(&key), "mutation { signInToday { award { id } } }")
            .await;
        signed_in = reply["data"]["signInToday"]["award"]["id"].clone();
        signed_in.is_string()
    })
    .await;
    assert_eq!(following.award().await["id"], signed_in);
    // And goes on. The connections of the first pool ended with its server.
    pool.close().await;
    let pool = postgres.pool();
    sqlx::query(
        "with feed as (update award_feeds set last_change = last_change + 1 returning last_change)
         update awards set updated_at = updated_at + interval '1 s', changed_in = last_change from feed",
    )
    .execute(&pool)
    .await
    .unwrap();
    assert_eq!(text(&following.award().await, "id"), signed_in.as_str().unwrap());
    drop(following);
    program.terminate().await;
    pool.close().await;
    postgres.stop().await;
}

//! The published limits on the writes of one user, tried on the real program.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::{Value, json};

use crate::support::database::TestDatabase;
use crate::support::http_client;
use crate::support::program::{Program, run};
use crate::support::{wait_until, within};

const SUBMIT: &str = "mutation { submitWord(word: \"no such word\") { userErrors { code } } }";

fn is_refused(reply: &Value) -> bool {
    reply["errors"][0]["extensions"]["code"] == json!("RATE_LIMITED")
}

#[tokio::test(flavor = "multi_thread")]
async fn one_user_is_held_to_the_limits_of_writes() {
    let database = TestDatabase::create().await;
    let mut keys = Vec::new();
    for user in ["1", "2"] {
        run(&database, &["user", "add", user]).await;
        keys.push(run(&database, &["session", "issue", user]).await.1);
    }
    let program = Program::serve(&database, &["--scheduler", "off", "--session-rate", "off"]).await;
    let root: Value = http_client()
        .get(format!("http://{}/", program.address))
        .send()
        .await
        .expect("a reply")
        .json()
        .await
        .expect("with JSON");
    let limits = root["limits"]["user"].as_object().expect("limits by name").clone();
    assert_eq!(limits.len(), 3, "every limit is tried");
    let limit = |name: &str| limits[name].as_u64().expect("a limit");
    let (concurrent, queued) = (limit("concurrentWrites"), limit("queuedWrites"));
    let patience = Duration::from_secs(limit("queueSeconds"));

    // Every write of the user waits for this lock.
    let pool = database.pool();
    let mut locked = pool.begin().await.expect("a transaction");
    sqlx::query("lock table tries in exclusive mode")
        .execute(&mut *locked)
        .await
        .expect("the lock");
    let began = Instant::now();
    let write = |user: usize| program.ask(Some(keys[user].trim()), SUBMIT);
    let mut writes: FuturesUnordered<_> = (0..=concurrent + queued).map(|_| write(0)).collect();
    let (_, first) = within("the first reply", writes.next()).await.expect("a reply");
    assert!(is_refused(&first), "one more than may run and wait: {first}");
    assert!(began.elapsed() < patience, "it is refused at once");
    let waiting = async || -> i64 {
        sqlx::query_scalar(
            "select count(*) from pg_locks l join pg_stat_activity a using (pid)
             where not l.granted and a.datname = current_database()",
        )
        .fetch_one(&pool)
        .await
        .expect("a count")
    };
    wait_until("the writes that may run wait for the lock", async || {
        waiting().await >= concurrent as i64
    })
    .await;
    assert_eq!(waiting().await, concurrent as i64, "no other write runs");
    locked.rollback().await.expect("the lock is released");
    while let Some((_, reply)) = within("a reply", writes.next()).await {
        assert!(!is_refused(&reply), "all others had a place: {reply}");
    }
    drop(writes);

    // The first user is locked out by now, so another one waits in vain.
    let mut locked = pool.begin().await.expect("a transaction");
    sqlx::query("lock table tries in exclusive mode")
        .execute(&mut *locked)
        .await
        .expect("the lock");
    let began = Instant::now();
    let mut writes: FuturesUnordered<_> = (0..concurrent + queued).map(|_| write(1)).collect();
    let mut refused = None;
    while let Some((_, reply)) = within("a reply", writes.next()).await {
        if is_refused(&reply) {
            refused.get_or_insert_with(|| began.elapsed());
        }
    }
    let refused = refused.expect("writes that waited in vain are refused");
    assert!(
        patience <= refused && refused < 2 * patience,
        "refused after {refused:?} instead of {patience:?}"
    );
    locked.rollback().await.expect("the lock is released");
    drop(writes);
    program.terminate().await;
}

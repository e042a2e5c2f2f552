//! The process that delivers is killed (kill -9): another one takes over its run within seconds.

use std::time::{Duration, Instant};

use super::ids;
use crate::support::commands::said;
use crate::support::database::TestDatabase;
use crate::support::own_postgres::make_users;
use crate::support::program::Program;
use crate::support::receiver::Receiver;
use crate::support::settlement::manifests_with_each_second;
use crate::support::{wait_until, within};

/// The least time that is left of a lease of half a minute with a heartbeat each ten seconds.
const LEAST_OF_LONG_LEASE: Duration = Duration::from_secs(20);

const SIGN_IN: &str = "mutation { signInToday { award { id } } }";

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_is_followed_by_another_within_seconds() {
    let database = TestDatabase::create().await;
    let pool = database.pool();
    let keys = make_users(&pool, 3).await;
    let receiver = Receiver::start().await;
    let create = ["endpoint", "create", "chat", &receiver.url, "--allow-private"];
    said(&database, &[&create[..], &["--reason", "a test"]].concat()).await;
    let manifests = manifests_with_each_second("deliver_events");
    let arguments = ["--jobs-dir", manifests.path().to_str().unwrap()];
    let first = Program::serve(&database, &arguments).await;
    let (_, reply) = first.ask(Some(&keys[0]), SIGN_IN).await;
    assert!(reply["errors"].is_null(), "{reply}");
    within("a change is delivered", receiver.came()).await;

    // It dies after it has sent a request, and before it has the reply.
    let second = Program::serve(&database, &arguments).await;
    receiver.hold(true);
    second.ask(Some(&keys[1]), SIGN_IN).await;
    within("a change is sent", receiver.came()).await;
    let owner = format!(":{}", first.pid().as_raw_nonzero());
    let runs = async || -> Vec<(i64, String, i32)> {
        let running =
            "select run_id, lease_owner, attempt from job_runs where job = 'deliver_events' and state = 'RUNNING'";
        sqlx::query_as(running).fetch_all(&pool).await.unwrap()
    };
    let before = runs().await;
    assert!(before.len() == 1 && before[0].1.ends_with(&owner), "{before:?}");
    first.kill().await;
    let killed = Instant::now();
    receiver.hold(false);
    second.ask(Some(&keys[2]), SIGN_IN).await;
    let mut received = receiver.take();
    wait_until("the changes are delivered", async || {
        received.append(&mut receiver.take());
        received
            .iter()
            .any(|request| ids(std::slice::from_ref(request)) == ["event_3"])
    })
    .await;
    let paused = killed.elapsed();
    println!("deliveries went on {paused:?} after the kill");
    assert!(paused < LEAST_OF_LONG_LEASE, "{paused:?}");
    assert_eq!(ids(&received), ["event_1", "event_2", "event_2", "event_3"]);
    assert_eq!(
        (&received[1].id, &received[1].body),
        (&received[2].id, &received[2].body)
    );
    let owner = format!(":{}", second.pid().as_raw_nonzero());
    let after = runs().await;
    assert!(after.len() == 1 && after[0].1.ends_with(&owner), "{after:?}");
    assert_eq!((after[0].0, after[0].2), (before[0].0, 2), "it continues the same run");
    second.terminate().await;
    pool.close().await;
}

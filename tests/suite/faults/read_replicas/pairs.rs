//! Reads right after writes.

use std::sync::Arc;
use std::time::Instant;

use serde_json::json;
use tokio::task::JoinSet;

use super::{Observed, admin, host_key, rename, serve};
use crate::support::http_client;
use crate::support::own_postgres::make_users;
use crate::support::primary_and_standby::PrimaryAndStandby;

/// Each write goes to one process, and the read after it to another one.
#[tokio::test(flavor = "multi_thread")]
async fn of_three_thousand_reads_after_a_write_none_is_stale() {
    const CLIENTS: usize = 6;
    const PAIRS: usize = 500;
    let servers = PrimaryAndStandby::start().await;
    let pool = servers.primary_pool();
    let keys = make_users(&pool, CLIENTS as i64).await;
    let host = host_key(&pool).await;
    let [primary, replica] = servers.urls();
    let writer = Observed::start(serve(&primary, &replica)).await;
    let reader = Observed::start(serve(&primary, &replica)).await;
    reader.reads_from_replicas().await;

    let began = Instant::now();
    let (writer, reader) = (Arc::new(writer), Arc::new(reader));
    let mut clients = JoinSet::new();
    for (place, key) in keys.iter().cloned().enumerate() {
        let (writer, reader, host) = (writer.clone(), reader.clone(), host.clone());
        clients.spawn(async move {
            let (client, mut stale) = (http_client(), 0);
            for pair in 0..PAIRS {
                let name = format!("name {pair}");
                rename(&client, &writer.program, &host, place + 1, &name).await;
                let (_, found) = reader.me(&key).await;
                stale += usize::from(found["data"]["me"]["name"] != name.as_str());
            }
            stale
        });
    }
    let stale: usize = clients.join_all().await.into_iter().sum();
    let (replica_reads, primary_reads) = (reader.reads_at("replica").await, reader.reads_at("primary").await);
    println!(
        "{} pairs in {:?}: {stale} stale; {replica_reads} reads at the replica, {primary_reads} at the primary",
        CLIENTS * PAIRS,
        began.elapsed()
    );
    assert_eq!(stale, 0);
    assert!(
        replica_reads > 10 * primary_reads,
        "{replica_reads} and {primary_reads}"
    );

    // The key of a query is looked up on the replica too: from its issue until its revocation, and no longer.
    let client = http_client();
    for _ in 0..100 {
        let issue = "mutation { issueSession(userId: 1) { key } }";
        let issued = admin(&client, &writer.program, &host, issue, json!({})).await;
        let key = issued["issueSession"]["key"].as_str().expect("a key").to_owned();
        assert_eq!(reader.me(&key).await.1["data"]["me"]["id"], "user_1");
        let revoke = "mutation ($key: String!) { revokeSession(key: $key) { ended } }";
        admin(&client, &writer.program, &host, revoke, json!({ "key": key })).await;
        assert_eq!(reader.me(&key).await.0, 401);
    }

    // A mutation and its payload stay on the primary.
    let before = reader.reads_at("primary").await + reader.reads_at("replica").await;
    let sign_in = "mutation { signInToday { me { name } } }";
    let (_, reply) = reader.program.ask(Some(&keys[0]), sign_in).await;
    assert_eq!(reply["data"]["signInToday"]["me"]["name"], "name 499", "{reply:#}");
    assert_eq!(
        before,
        reader.reads_at("primary").await + reader.reads_at("replica").await
    );
    for observed in [writer, reader] {
        let observed = Arc::into_inner(observed).expect("all clients have ended");
        observed.program.terminate().await;
    }
    pool.close().await;
    servers.stop().await;
}

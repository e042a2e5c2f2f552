//! Replicas that fail, pause or are promoted.

use std::time::Instant;

use newbee::store::bounded::PgPool;
use rustix::process::Signal;
use sqlx::AssertSqlSafe;

use super::{Observed, host_key, rename, serve};
use crate::support::database::patient_pool;
use crate::support::own_postgres::make_users;
use crate::support::primary_and_standby::PrimaryAndStandby;
use crate::support::{http_client, wait_until};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    Killed,
    /// All its processes are stopped, and its connections stay open.
    Silent,
    /// It receives the log and does not apply it.
    Paused,
}

/// Changes the first user without waiting for the standby, as after its removal from `synchronous_standby_names`.
async fn change_alone(pool: &PgPool, portrait: &str) {
    let sql = format!(
        "begin; set local synchronous_commit = local; update users set portrait_uri = '{portrait}' where user_id = 1; commit"
    );
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(pool).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_leave_a_replica_that_fails_and_come_back() {
    let mut servers = PrimaryAndStandby::start().await;
    let pool = servers.primary_pool();
    let keys = make_users(&pool, 1).await;
    let host = host_key(&pool).await;
    let [primary, replica] = servers.urls();
    let observed = Observed::start(serve(&primary, &replica)).await;
    let shown = async || {
        let (status, reply) = observed.me(&keys[0]).await;
        assert_eq!(status, 200, "{reply:#}");
        reply["data"]["me"]["portraitUri"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    observed.reads_from_replicas().await;
    for fault in [Fault::Killed, Fault::Silent, Fault::Paused] {
        observed.comes_to_read_from("replica", &keys[0]).await;
        let portrait = format!("https://portraits.example/{fault:?}");
        let (standby, log) = (servers.standby_pool(), observed.program.log());
        let expected = match fault {
            Fault::Killed => {
                servers.signal_standby(Signal::KILL);
                "it does not answer"
            }
            Fault::Silent => {
                servers.signal_standby(Signal::STOP);
                "it does not answer"
            }
            Fault::Paused => {
                sqlx::query("select pg_wal_replay_pause()")
                    .execute(&standby)
                    .await
                    .unwrap();
                let is_paused = "select pg_get_wal_replay_pause_state() = 'paused'";
                wait_until("the replay is paused", async || {
                    sqlx::query_scalar(is_paused).fetch_one(&standby).await.unwrap()
                })
                .await;
                "s behind the primary"
            }
        };
        change_alone(&pool, &portrait).await;
        if fault == Fault::Paused {
            // It does answer. No acknowledged commit is missing there, because commits wait: only this one did not.
            observed.leaves_replica(expected, &log).await;
        }
        // The first read after the fault is answered, and so are those after it.
        let at_primary = observed.reads_at("primary").await;
        let began = Instant::now();
        assert_eq!(shown().await, portrait, "{fault:?}");
        let took = began.elapsed();
        assert!(
            observed.reads_at("primary").await > at_primary,
            "{fault:?}: the primary answers"
        );
        observed.leaves_replica(expected, &log).await;
        assert_eq!(shown().await, portrait, "{fault:?}");
        match fault {
            Fault::Killed => servers = servers.restart_standby().await,
            Fault::Silent => servers.signal_standby(Signal::CONT),
            Fault::Paused => {
                let client = http_client();
                let writing = rename(&client, &observed.program, &host, 1, "renamed");
                let resuming = async {
                    let waits = "select exists (select 1 from pg_stat_activity where wait_event = 'SyncRep')";
                    wait_until("a commit waits for the replica", async || {
                        sqlx::query_scalar(waits).fetch_one(&pool).await.unwrap()
                    })
                    .await;
                    assert_eq!(shown().await, portrait, "reads do not wait");
                    sqlx::query("select pg_wal_replay_resume()")
                        .execute(&standby)
                        .await
                        .unwrap();
                };
                tokio::join!(writing, resuming);
            }
        }
        standby.close().await;
        let repaired = Instant::now();
        observed.reads_from_replicas().await;
        println!(
            "{fault:?}: the first read took {took:?}; used again after {:?}",
            repaired.elapsed()
        );
    }
    observed.comes_to_read_from("replica", &keys[0]).await;
    let (_, reply) = observed.me(&keys[0]).await;
    assert_eq!(reply["data"]["me"]["name"], "renamed", "{reply:#}");
    observed.program.terminate().await;
    pool.close().await;
    servers.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_is_promoted_takes_the_writes() {
    let servers = PrimaryAndStandby::start().await;
    let pool = servers.primary_pool();
    let keys = make_users(&pool, 1).await;
    let both = servers.url.replace("&target_session_attrs=read-write", "");
    let observed = Observed::start(serve(&servers.url, &both)).await;
    // The primary is one of the servers for reads, and is not used as one.
    observed.reads_from_replicas().await;
    servers.signal_primary(Signal::KILL);
    // Queries are answered all the time, here while there is no primary.
    observed.comes_to_read_from("replica", &keys[0]).await;
    servers.promote().await;
    wait_until("a sign-in is acknowledged", async || {
        let sign_in = "mutation { signInToday { award { id } } }";
        let (_, reply) = observed.program.ask(Some(&keys[0]), sign_in).await;
        reply["data"]["signInToday"]["award"]["id"].is_string()
    })
    .await;
    let (_, reply) = observed
        .program
        .ask(Some(&keys[0]), "{ me { signIn { signedInToday } } }")
        .await;
    assert_eq!(reply["data"]["me"]["signIn"]["signedInToday"], true, "{reply:#}");
    observed.says("it does not answer").await;
    let log = observed.program.terminate().await;
    let present = "this server is the primary at present";
    assert_eq!(
        log.matches(present).count(),
        2,
        "the first one, then the second one: {log}"
    );
    pool.close().await;
    servers.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_share_the_reads_and_one_takes_over() {
    let servers = PrimaryAndStandby::start().await;
    let pool = servers.primary_pool();
    let keys = make_users(&pool, 1).await;
    let (_home, third, both) = servers.add_standby().await;
    let [primary, _] = servers.urls();
    let observed = Observed::start(serve(&primary, &both)).await;
    observed.reads_from_replicas().await;
    for _ in 0..20 {
        assert_eq!(observed.me(&keys[0]).await.0, 200);
    }
    // Other connections of newbee observe the replica.
    let reads = "select exists (select 1 from pg_stat_activity where application_name = 'newbee' and pid <> pg_backend_pid()
                                and backend_type = 'client backend' and query <> '' and query not like '%pg_control_system%')";
    let (second_pool, third_pool) = (
        servers.standby_pool(),
        patient_pool(&third.connect_options("newbee"), 1),
    );
    for replica in [&second_pool, &third_pool] {
        assert!(sqlx::query_scalar::<_, bool>(reads).fetch_one(replica).await.unwrap());
    }
    second_pool.close().await;
    let log = observed.program.log();
    servers.signal_standby(Signal::KILL);
    observed.leaves_replica("it does not answer", &log).await;
    observed.comes_to_read_from("replica", &keys[0]).await;
    observed.program.terminate().await;
    for pool in [pool, third_pool] {
        pool.close().await;
    }
    third.stop().await.unwrap();
    drop(servers);
}

//! Postgres is stopped hard and started again, again and again, under load: nothing that was acknowledged is lost, and
//! everything goes on without a hand.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use newbee::store::bounded::PgPool;
use sqlx::Row;
use tokio::task::JoinSet;

use crate::support::http_client;
use crate::support::own_postgres::{OwnPostgres, make_users};
use crate::support::program::{Program, newbee};
use crate::support::settlement::{quick_manifests, scale};
use crate::support::wait_until;

const USERS: i64 = 200;

/// Signs users in, over and over and by turns at both servers, until it is told to stop; returns the awards that were
/// acknowledged.
async fn sign_in_all_the_time(addresses: [String; 2], keys: Vec<String>, stop: Arc<AtomicBool>) -> BTreeSet<String> {
    let (client, mut acknowledged) = (http_client(), BTreeSet::new());
    for turn in 0_usize.. {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        let request = client
            .post(format!("http://{}/graphql", addresses[turn % 2]))
            .bearer_auth(&keys[turn % keys.len()])
            .json(&serde_json::json!({ "query": "mutation { signInToday { award { id } } }" }));
        // While Postgres is away there are errors and refusals, which acknowledge nothing.
        let Ok(reply) = request.send().await else { continue };
        let Ok(reply) = reply.json::<serde_json::Value>().await else {
            continue;
        };
        if let Some(id) = reply["data"]["signInToday"]["award"]["id"].as_str() {
            acknowledged.insert(id.to_owned());
        }
    }
    acknowledged
}

#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_sign_in_is_lost_and_all_goes_on_by_itself() {
    let mut postgres = OwnPostgres::start().await;
    let pool = postgres.pool();
    let keys = make_users(&pool, USERS).await;
    let manifests = quick_manifests();
    let url = postgres.url.clone();
    let serve = async || {
        let mut command = newbee();
        command
            .args(["serve", "--jobs-dir", manifests.path().to_str().unwrap()])
            // All sign-ins come from one address, as fast as possible.
            .args(["--session-rate", "off", "--address-rate", "off"])
            .env("DATABASE_URL", &url);
        Program::start_logging(command, "info").await
    };
    let servers = [serve().await, serve().await];
    let addresses = [servers[0].address.clone(), servers[1].address.clone()];

    let stop = Arc::new(AtomicBool::new(false));
    let mut clients = JoinSet::new();
    for part in keys.chunks(keys.len() / 4) {
        clients.spawn(sign_in_all_the_time(
            addresses.clone(),
            part.to_vec(),
            Arc::clone(&stop),
        ));
    }
    for _ in 0..2 * scale() {
        let before = signed_in(&pool).await;
        wait_until("there is load", async || {
            before == USERS || signed_in(&pool).await > before
        })
        .await;
        postgres = postgres.crash_and_start().await;
        for server in &servers {
            wait_until("it can serve again", async || {
                let ready = http_client()
                    .get(format!("http://{}/readyz", server.address))
                    .send()
                    .await;
                ready.is_ok_and(|reply| reply.status().is_success())
            })
            .await;
        }
    }
    wait_until("everybody is signed in", async || signed_in(&pool).await == USERS).await;
    stop.store(true, Ordering::SeqCst);
    let acknowledged: BTreeSet<String> = clients.join_all().await.into_iter().flatten().collect();
    wait_until("all awards are settled", async || {
        count(&pool, "select count(*) from awards where status = 'PENDING'").await == 0
    })
    .await;

    let kept = sqlx::query("select 'award_' || award_id as id from awards")
        .fetch_all(&pool)
        .await
        .unwrap();
    let kept: BTreeSet<String> = kept.iter().map(|row| row.get("id")).collect();
    assert_eq!(
        acknowledged, kept,
        "each acknowledged award is there, and none that was not asked for"
    );
    assert_eq!(kept.len(), usize::try_from(USERS).unwrap());
    let once = "select count(*) from ledger_entries where kind = 'SETTLE'";
    assert_eq!(count(&pool, once).await, USERS);
    assert_eq!(count(&pool, "select count(*) from invariant_violations").await, 0);
    let failed = "select count(*) from job_runs where state = 'FAILED'";
    assert_eq!(
        count(&pool, failed).await,
        0,
        "a database that goes away is no run's fault"
    );
    for server in servers {
        server.terminate().await;
    }
    pool.close().await;
    postgres.stop().await;
}

async fn count(pool: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap_or(-1)
}

async fn signed_in(pool: &PgPool) -> i64 {
    count(pool, "select count(*) from awards").await
}

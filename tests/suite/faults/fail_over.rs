//! The primary of a database with a synchronous standby fails in several ways, and the standby takes over: newbee
//! follows it without a restart, and nothing that was acknowledged is lost or done twice.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use newbee::store::bounded::{Database, Hosts, PgPool};
use newbee::store::pools::Pools;
use rustix::process::Signal;
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::app::TestApp;
use crate::support::own_postgres::make_users;
use crate::support::primary_and_standby::PrimaryAndStandby;
use crate::support::program::{Program, newbee};
use crate::support::proxy::{DatabaseProxy, Silence, Tampering};
use crate::support::settlement::{all_are_settled, quick_manifests, scale};
use crate::support::{http_client, wait_until};

const USERS: i64 = 60;

/// Awards to settle while the primary fails; `NEWBEE_TEST_SCALE` multiplies the number.
const AWARDS: i64 = 5_000;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// An orderly shutdown.
    Switchover,
    Killed,
    /// All its processes are stopped, and its connections stay open.
    Hangs,
    KilledWhileSettling,
}

/// Sign-ins of all users, over and over.
#[derive(Default)]
struct Load {
    stop: AtomicBool,
    served: AtomicUsize,
}

async fn sign_in_all_the_time(url: String, keys: Vec<String>, load: Arc<Load>) -> BTreeSet<String> {
    let (client, mut acknowledged) = (http_client(), BTreeSet::new());
    for key in keys.iter().cycle() {
        if load.stop.load(Ordering::SeqCst) {
            break;
        }
        let request = client
            .post(&url)
            .bearer_auth(key)
            .json(&json!({ "query": "mutation { signInToday { award { id } } }" }));
        let Ok(reply) = request.send().await else { continue };
        let Ok(reply) = reply.json::<serde_json::Value>().await else {
            continue;
        };
        if let Some(id) = reply["data"]["signInToday"]["award"]["id"].as_str() {
            acknowledged.insert(id.to_owned());
            load.served.fetch_add(1, Ordering::SeqCst);
        } else {
            let code = &reply["errors"][0]["extensions"]["code"];
            assert_eq!(code, "SERVICE_UNAVAILABLE", "{reply:#}");
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    acknowledged
}

async fn count(pool: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap_or(-1)
}

async fn is_ready(address: &str) -> bool {
    let ready = http_client().get(format!("http://{address}/readyz")).send().await;
    ready.is_ok_and(|reply| reply.status().is_success())
}

async fn is_survived(fault: Fault) {
    let servers = PrimaryAndStandby::start().await;
    let pool = servers.primary_pool();
    let keys = make_users(&pool, USERS).await;
    let awards = AWARDS * scale();
    if fault == Fault::KilledWhileSettling {
        sqlx::query(
            "insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id, business_day,
                                 settles_at, created_at, updated_at)
             select 1 + n % $1, 'import', n::text, 'join_group', 'DAILY', 1, 10, '1', '2026-01-01', '2026-01-01Z',
                    '2026-01-01Z', '2026-01-01Z'
             from generate_series(1, $2) n",
        )
        .bind(USERS)
        .bind(awards)
        .execute(&pool)
        .await
        .unwrap();
    }
    let manifests = quick_manifests();
    let mut command = newbee();
    command
        .args(["serve", "--jobs-dir", manifests.path().to_str().unwrap()])
        .args(["--session-rate", "off", "--address-rate", "off"])
        .env("DATABASE_URL", &servers.url);
    let program = Program::start_logging(command, "info").await;
    let load = Arc::new(Load::default());
    let mut clients = JoinSet::new();
    for part in keys.chunks(20) {
        clients.spawn(sign_in_all_the_time(program.url(), part.to_vec(), Arc::clone(&load)));
    }
    let more_served = async |what: &str| {
        let before = load.served.load(Ordering::SeqCst);
        wait_until(what, async || load.served.load(Ordering::SeqCst) > before + 10).await;
    };
    more_served("there is load").await;
    if fault == Fault::KilledWhileSettling {
        let settled = "select count(*) from awards where status = 'SETTLED'";
        wait_until("settlement is under way", async || count(&pool, settled).await > 0).await;
        assert!(count(&pool, settled).await < awards, "it has not ended");
    }
    let began = Instant::now();
    match fault {
        Fault::Switchover => servers.shut_primary_down().await,
        Fault::Killed | Fault::KilledWhileSettling => servers.signal_primary(Signal::KILL),
        Fault::Hangs => servers.signal_primary(Signal::STOP),
    }
    let mut last_ready = None;
    wait_until("it is not ready", async || {
        let ready = is_ready(&program.address).await;
        last_ready = ready.then(|| began.elapsed()).or(last_ready);
        !ready
    })
    .await;
    servers.promote().await;
    let (promoted, before) = (Instant::now(), load.served.load(Ordering::SeqCst));
    wait_until("a sign-in is acknowledged", async || {
        load.served.load(Ordering::SeqCst) > before
    })
    .await;
    let served_after = promoted.elapsed();
    wait_until("it is ready", async || is_ready(&program.address).await).await;
    println!(
        "{fault:?}: last ready after {last_ready:?}; after the promotion, sign-ins after {served_after:?}, ready after {:?}",
        promoted.elapsed()
    );
    more_served("there is load again").await;

    let pool = servers.standby_pool();
    let signed_in = "select count(*) from awards where source = 'sign_in'";
    wait_until("everybody is signed in", async || {
        count(&pool, signed_in).await == USERS
    })
    .await;
    load.stop.store(true, Ordering::SeqCst);
    let acknowledged: BTreeSet<String> = clients.join_all().await.into_iter().flatten().collect();
    let kept = sqlx::query_scalar::<_, String>("select 'award_' || award_id from awards where source = 'sign_in'");
    let kept: BTreeSet<String> = kept.fetch_all(&pool).await.unwrap().into_iter().collect();
    assert_eq!(acknowledged, kept, "nothing is lost, and nothing is there twice");
    assert_eq!(kept.len(), usize::try_from(USERS).unwrap());
    all_are_settled(&pool).await;
    let entries = count(&pool, "select count(*) from ledger_entries where kind = 'SETTLE'").await;
    println!(
        "{fault:?}: {} sign-ins acknowledged, {} kept; {entries} awards settled {:?} after the promotion",
        acknowledged.len(),
        kept.len(),
        promoted.elapsed()
    );
    let imported = if fault == Fault::KilledWhileSettling { awards } else { 0 };
    assert_eq!(entries, USERS + imported, "each award is settled once");
    let audit = newbee()
        .args(["jobs", "run", "audit_books"])
        .env("DATABASE_URL", &servers.url)
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&audit.stdout).into_owned() + &String::from_utf8_lossy(&audit.stderr);
    assert!(audit.status.success(), "{said}");
    println!("{said}");
    assert_eq!(count(&pool, "select count(*) from invariant_violations").await, 0);
    let failed = "select count(*) from job_runs where state = 'FAILED'";
    assert_eq!(count(&pool, failed).await, 0);
    let log = program.terminate().await;
    assert!(log.contains("the database has moved to another host"), "{log}");
    pool.close().await;
    servers.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switchover_is_followed() {
    is_survived(Fault::Switchover).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_primary_is_left() {
    is_survived(Fault::Killed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_that_hangs_is_left() {
    is_survived(Fault::Hangs).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_settlement_goes_on_at_the_new_primary() {
    is_survived(Fault::KilledWhileSettling).await;
}

/// The old primary still runs, and new connections to it work: only its timeline tells that it was replaced.
#[tokio::test(flavor = "multi_thread")]
async fn half_open_connections_to_a_replaced_primary_are_abandoned() {
    let servers = PrimaryAndStandby::start().await;
    let pool = servers.primary_pool();
    let keys = make_users(&pool, 2).await;
    let mut proxies = Vec::new();
    for host in servers.hosts() {
        proxies.push(DatabaseProxy::start(&host, Tampering::default()).await);
    }
    let hosts = proxies.iter().zip(servers.hosts());
    let hosts = hosts.map(|(proxy, host)| proxy.options(&host)).collect();
    let database = Database::of_hosts(Hosts::find(hosts).await.unwrap());
    let app = TestApp::builder()
        .pools(Pools::connect_lazily(&database, 4))
        .start()
        .await;
    let sign_in = "mutation { signInToday { award { id } } }";
    let ask = async |key: &str| app.reply(Some(key), sign_in, json!({})).await;
    assert!(ask(&keys[0]).await["errors"].is_null());
    let first = database.options().get_port();

    proxies[0].silence(Silence::Both);
    servers.promote().await;
    let began = Instant::now();
    wait_until("a sign-in is acknowledged", async || {
        ask(&keys[1]).await["errors"].is_null()
    })
    .await;
    println!("a sign-in was acknowledged {:?} after the promotion", began.elapsed());
    assert_ne!(database.options().get_port(), first);
    let standby = servers.standby_pool();
    assert_eq!(count(&standby, "select count(*) from awards").await, 2);
    app.stop().await;
    standby.close().await;
    servers.stop().await;
}

//! Connections that fall silent without being closed, while new ones work: service comes back by itself, after one deadline.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use newbee::domain::api_key::Scope;
use newbee::scheduler::one_run::Outcome;
use newbee::service::jobs::JobEnd;
use newbee::store::bounded::{Bounds, PgPool};
use newbee::store::pools::{PoolBounds, Pools};
use rustix::process::{Signal, kill_process};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::live::Following;
use crate::support::app::{TestApp, TestJob, every_minute};
use crate::support::database::TestDatabase;
use crate::support::own_postgres::{OwnPostgres, make_users};
use crate::support::proxy::{DatabaseProxy, Silence, Tampering};
use crate::support::{PATIENCE, http_client, wait_until};

/// Deadlines that a test can wait for.
const STATEMENT: Duration = Duration::from_millis(1_500);

const GRACE: Duration = Duration::from_millis(500);

const DEADLINE: Duration = Duration::from_millis(2_000);

/// How long after the deadline of a statement that was under way service must be back: new connections have to be made, and
/// a connection that was idle for less than a second is tried without a ping.
const RECOVERY: Duration = Duration::from_secs(2);

fn quick_bounds() -> PoolBounds {
    let quick = |bounds: Bounds| Bounds {
        acquire: DEADLINE,
        ping: Duration::from_millis(300),
        statement: STATEMENT,
        // Shorter than the statement, as in production: a lock that is not had in time is reported as a busy service.
        lock: STATEMENT / 3,
        grace: GRACE,
        ..bounds
    };
    assert_eq!(DEADLINE, STATEMENT + GRACE);
    // More than there are clients: a client fails because of a connection of its own, not because others hold all places.
    let standard = PoolBounds::standard(24);
    PoolBounds {
        api: quick(standard.api),
        admin: quick(standard.admin),
        jobs: quick(standard.jobs),
        heartbeat: quick(standard.heartbeat),
        live: quick(standard.live),
        replica: quick(standard.replica),
    }
}

/// One kind of request, and how often it was answered without an error.
struct Load {
    name: &'static str,
    path: &'static str,
    query: Value,
    answered: AtomicUsize,
}

impl Load {
    fn new(name: &'static str, path: &'static str, query: Value) -> Arc<Self> {
        Arc::new(Self {
            name,
            path,
            query,
            answered: AtomicUsize::new(0),
        })
    }

    fn answered(&self) -> usize {
        self.answered.load(Ordering::SeqCst)
    }
}

/// A request that was answered.
struct Asked {
    began: Instant,
    ended: Instant,
    is_served: bool,
}

/// Sends a kind of request over and over until it is stopped, one at a time; returns what became of each.
async fn ask_all_the_time(
    app_url: String,
    load: Arc<Load>,
    key: String,
    stop: Arc<AtomicBool>,
) -> (&'static str, Vec<Asked>) {
    let client = reqwest::Client::builder().timeout(PATIENCE).build().unwrap();
    let mut all = Vec::new();
    while !stop.load(Ordering::SeqCst) {
        let request = client
            .post(format!("{app_url}{}", load.path))
            .bearer_auth(&key)
            .json(&load.query);
        let began = Instant::now();
        if let Ok(reply) = request.send().await
            && reply.status().is_success()
            && let Ok(reply) = reply.json::<Value>().await
        {
            let is_served = reply["errors"].is_null();
            let ended = Instant::now();
            all.push(Asked {
                began,
                ended,
                is_served,
            });
            if is_served {
                load.answered.fetch_add(1, Ordering::SeqCst);
            } else {
                let code = &reply["errors"][0]["extensions"]["code"];
                assert_eq!(code, "SERVICE_UNAVAILABLE", "{}: {reply:#}", load.name);
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    (load.name, all)
}

/// Asserts what no load of the machine changes, that nobody waits for two dead connections one after the other, and that
/// service is back within the deadline and [`RECOVERY`]. How long the machine needs for a request without any fault is
/// added to that: the slowest one before the silence is the measure.
fn assert_one_deadline(clients: &[(&'static str, Vec<Asked>)], silent_since: Instant) {
    let all = || clients.iter().flat_map(|(_, asked)| asked);
    let undisturbed = all().filter(|asked| asked.ended <= silent_since);
    let slowest = undisturbed
        .map(|asked| asked.ended - asked.began)
        .max()
        .unwrap_or_default();
    assert!(
        all().any(|asked| asked.ended > silent_since && !asked.is_served),
        "a request was waiting for an answer"
    );
    for (name, asked) in clients {
        let after = || asked.iter().filter(|asked| asked.ended > silent_since);
        let failed = after().filter(|asked| !asked.is_served).count();
        assert!(failed <= 1, "{name}: {failed} requests of one client failed");
        let served = after().find(|asked| asked.is_served && asked.began > silent_since);
        let back = served.expect("service came back").began - silent_since;
        assert!(
            back <= DEADLINE + RECOVERY + slowest,
            "{name}: served again after {back:?}; a request takes {slowest:?}"
        );
    }
}

async fn comes_back_by_itself(silence: Silence) {
    let database = TestDatabase::create().await;
    let proxy = DatabaseProxy::start(&database.options, Tampering::default()).await;
    let pools = Pools::with_bounds(proxy.options(&database.options), quick_bounds());
    let app = TestApp::builder().pools(pools).start().await;
    let (inviter, user) = (app.add_user(1).await, app.add_user(2).await);
    let admin = app.api_key("load", &[Scope::Host, Scope::OpsRead]).await;
    let bind = "mutation($code: String!) { setInvitation(parentCode: $code) { userErrors { code } } }";
    let loads = [
        (
            Load::new(
                "reads",
                "/graphql",
                json!({ "query": "{ me { name newbeeAwards { id } children { nodes { boundAt } } } }" }),
            ),
            &user.key,
        ),
        (
            Load::new(
                "signInToday",
                "/graphql",
                json!({ "query": "mutation { signInToday { award { id } } }" }),
            ),
            &user.key,
        ),
        (
            Load::new(
                "setInvitation",
                "/graphql",
                json!({ "query": bind, "variables": { "code": inviter.code } }),
            ),
            &user.key,
        ),
        (
            Load::new(
                "submitWord",
                "/graphql",
                json!({ "query": "mutation { submitWord(word: \"x\") { userErrors { code } } }" }),
            ),
            &user.key,
        ),
        (
            Load::new("admin", "/admin/graphql", json!({ "query": "{ jobs { name } }" })),
            &admin,
        ),
    ];
    let stop = Arc::new(AtomicBool::new(false));
    let mut clients = JoinSet::new();
    for (load, key) in &loads {
        for _ in 0..2 {
            clients.spawn(ask_all_the_time(
                app.url(""),
                Arc::clone(load),
                (*key).clone(),
                Arc::clone(&stop),
            ));
        }
    }
    let mut following = Following::begin(&app.url("/graphql"), &inviter.key, None).await;
    for (load, _) in &loads {
        wait_until("everything is answered", async || load.answered() > 2).await;
    }

    let silent_since = Instant::now();
    proxy.silence(silence);
    let before: Vec<_> = loads.iter().map(|(load, _)| load.answered()).collect();
    for ((load, _), before) in loads.iter().zip(before) {
        // More than was under way.
        wait_until(load.name, async || load.answered() > before + 4).await;
    }
    wait_until("it is ready", async || {
        let ready = http_client().get(app.url("/readyz")).send().await;
        ready.is_ok_and(|reply| reply.status().is_success())
    })
    .await;
    // Live updates, too.
    app.ask(&inviter, "mutation { signInToday { award { id } } }").await;
    while following.award().await["item"] != "sign_in" {}
    // And the scheduler.
    wait_until("jobs run", async || {
        app.clock.advance(TimeDelta::minutes(1));
        app.app.jobs.tick().await.is_ok_and(|runs| !runs.is_empty())
    })
    .await;

    stop.store(true, Ordering::SeqCst);
    assert_one_deadline(&clients.join_all().await, silent_since);
    drop(following);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn service_comes_back_when_open_connections_fall_silent() {
    comes_back_by_itself(Silence::Both).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn service_comes_back_when_the_server_is_not_heard() {
    comes_back_by_itself(Silence::FromServer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn service_comes_back_when_the_server_hears_nothing() {
    comes_back_by_itself(Silence::ToServer).await;
}

/// Pools share the detection: otherwise each would wait for the deadline of a dead connection.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_missed_deadline_closes_the_idle_connections_of_all_pools() {
    let database = TestDatabase::create().await;
    let proxy = DatabaseProxy::start(&database.options, Tampering::default()).await;
    let bounds = quick_bounds();
    let unpinged = |bounds: Bounds| Bounds {
        // As long as nobody waits: who takes a dead connection from the pool notices.
        ping: PATIENCE * 2,
        acquire: PATIENCE * 2,
        statement: PATIENCE,
        ..bounds
    };
    let bounds = PoolBounds {
        admin: unpinged(bounds.admin),
        jobs: unpinged(bounds.jobs),
        heartbeat: unpinged(bounds.heartbeat),
        live: unpinged(bounds.live),
        ..bounds
    };
    let pools = Pools::with_bounds(proxy.options(&database.options), bounds);
    let all = [&pools.api, &pools.admin, &pools.jobs, &pools.heartbeat, &pools.live];
    let ask = async |pool: &PgPool| sqlx::query_scalar::<_, i32>("select 1").fetch_one(pool).await;
    for pool in all {
        assert_eq!(ask(pool).await.unwrap(), 1);
        wait_until("the connection is given back", async || pool.num_idle() == 1).await;
    }
    proxy.silence(Silence::Both);
    // Misses the deadline of its statement, or on a slow machine that of the ping.
    let _ = ask(&pools.api).await;
    for pool in all {
        let answer = tokio::time::timeout(PATIENCE / 2, ask(pool)).await;
        assert_eq!(answer.expect("no wait for a dead connection").unwrap(), 1);
    }
    pools.close().await;
}

/// A batch of a run loses its connection: the run goes back to the queue and is done by the next attempt.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_connection_falls_silent_is_queued_again() {
    let app = TestApp::in_process().await;
    let proxy = Arc::new(DatabaseProxy::start(&app.database().options, Tampering::default()).await);
    let silenced = Arc::new(AtomicBool::new(false));
    let job = every_minute(TestJob::sweep("silenced", {
        let proxy = Arc::clone(&proxy);
        move |context| {
            let (proxy, silenced) = (Arc::clone(&proxy), Arc::clone(&silenced));
            async move {
                let batch = context.begin_batch().await?;
                if !silenced.swap(true, Ordering::SeqCst) {
                    proxy.silence(Silence::Both);
                }
                context.commit_batch(batch, &json!({ "done": 1 })).await?;
                Ok(JobEnd::Done(json!({ "done": 1 })))
            }
        }
    }));
    let pools = Pools::with_bounds(proxy.options(&app.database().options), quick_bounds());
    let scheduler = newbee::scheduler::Scheduler::new(pools, app.clock.clone(), app.calendar, vec![job]);
    scheduler.tick().await.unwrap();
    app.clock.advance(TimeDelta::minutes(1));
    let first = scheduler.tick().await.unwrap();
    assert_eq!(first.len(), 1);
    assert_eq!(first[0].outcome, Outcome::Requeued, "{first:?}");
    wait_until("the run is done", async || {
        let runs = scheduler.tick().await;
        runs.is_ok_and(|runs| runs.iter().any(|run| matches!(run.outcome, Outcome::Succeeded(_))))
    })
    .await;
    scheduler.ledger.pools.close().await;
    app.assert_sound().await;
}

/// All of Postgres is stopped, so that new connections are silent as well, and continued.
#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_postgres_is_reported_and_survived() {
    let postgres = OwnPostgres::start().await;
    let pool = postgres.pool();
    let keys = make_users(&pool, 2).await;
    let app = TestApp::builder()
        .pools(Pools::with_bounds(postgres.options(), quick_bounds()))
        .start()
        .await;
    let me = "{ me { name } }";
    let ask = async |key: &str| app.reply(Some(key), me, json!({})).await;
    assert!(ask(&keys[0]).await["errors"].is_null());

    let processes = postgres.processes();
    let signal = |signal| {
        for process in &processes {
            // One that has ended meanwhile needs none.
            let _ = kill_process(*process, signal);
        }
    };
    signal(Signal::STOP);
    let began = Instant::now();
    let refused = ask(&keys[0]).await;
    let took = began.elapsed();
    let ready = http_client().get(app.url("/readyz")).send().await.unwrap().status();
    signal(Signal::CONT);
    assert_eq!(
        refused["errors"][0]["extensions"]["code"], "SERVICE_UNAVAILABLE",
        "{refused:#}"
    );
    assert!(took < PATIENCE, "{took:?}");
    assert_eq!(ready, 503);
    wait_until("it is back", async || ask(&keys[1]).await["errors"].is_null()).await;
    app.stop().await;
    pool.close().await;
    postgres.stop().await;
}

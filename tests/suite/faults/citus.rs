//! Nodes of a Citus cluster are killed under load: nothing is lost or done twice, and everything goes on by itself.

use std::sync::Arc;

use newbee::domain::business_day::BusinessTime;
use newbee::domain::id::UserId;
use newbee::service::sign_in_today::SignInOutcome;
use newbee::store::bounded::PgPool;
use serde_json::json;
use sqlx::AssertSqlSafe;
use tokio::task::JoinSet;

use crate::support::app::TestApp;
use crate::support::citus_nodes::{Node, nodes};
use crate::support::database::TestDatabase;
use crate::support::program::{Program, run, serve};
use crate::support::settlement::{quick_manifests, scale, settled};
use crate::support::words::{SUBMIT, create, terms};
use crate::support::{citus, http_client, wait_until};

const AWARDS: i64 = 6_000;
const CLAIMS: usize = 150;
const COORDINATOR: usize = 0;
const WORKER: usize = 1;

/// Returns a node to kill; `None` if the test is skipped.
fn node(place: usize) -> Option<Node> {
    let found = nodes().and_then(|nodes| nodes.into_iter().nth(place));
    if citus::url().is_none() || found.is_none() {
        println!("skipped: NEWBEE_TEST_CITUS_URL or NEWBEE_TEST_CITUS_DATA is not set");
        return None;
    }
    found
}

async fn count(pool: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap_or(-1)
}

/// Lets Citus complete or undo what the crash interrupted between the phases, which it does each minute otherwise.
async fn recover(pool: &PgPool) {
    wait_until("Citus looks at its transactions", async || {
        let recovered = sqlx::query("select recover_prepared_transactions()").execute(pool);
        recovered.await.is_ok()
    })
    .await;
}

async fn assert_audit_is_clean(database: &TestDatabase, pool: &PgPool) {
    let (code, said, error) = run(database, &["jobs", "run", "audit_books"]).await;
    assert_eq!(code, Some(0), "{said}{error}");
    let found: Vec<(String, Option<i64>, Option<String>)> = sqlx::query_as(
        "select check_name, violations, error from book_audit_checks where violations is distinct from 0 order by 1",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    assert!(found.is_empty(), "{found:?}");
    assert!(count(pool, "select count(*) from book_audit_checks").await > 40);
}

/// Adds users with invitation codes.
async fn make_people(pool: &PgPool, users: i64) {
    sqlx::raw_sql(AssertSqlSafe(format!(
        "insert into users (user_id, created_at, updated_at) select n, '2026-01-01Z', '2026-01-01Z' from generate_series(1, {users}) n;
         insert into invitations (user_id, code, created_at, updated_at)
         select n, 'CODE' || n, '2026-01-01Z', '2026-01-01Z' from generate_series(1, {users}) n;
         insert into invitation_codes (normalised_code, user_id) select 'C0DE' || n, n from generate_series(1, {users}) n"
    )))
    .execute(pool)
    .await
    .unwrap();
}

async fn make_awards(pool: &PgPool, awards: i64) {
    make_people(pool, 500).await;
    sqlx::query(
        "insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id, business_day, settles_at,
                             created_at, updated_at)
         select 1 + n % 500, 'import', n::text, 'join_group', 'DAILY', 1, 10, '1', '2026-01-01', '2026-01-01Z', '2026-01-01Z',
                '2026-01-01Z'
         from generate_series(1, $1) n",
    )
    .bind(awards)
    .execute(pool)
    .await
    .unwrap();
}

fn quick_server(database: &TestDatabase, manifests: &tempfile::TempDir) -> tokio::process::Command {
    let folder = manifests.path().to_str().expect("a path");
    serve(
        database,
        &["--jobs-dir", folder, "--session-rate", "off", "--address-rate", "off"],
    )
}

async fn settles_through_a_crash_of(place: usize) {
    let Some(node) = node(place) else { return };
    let database = TestDatabase::create().await;
    let pool = database.pool();
    let awards = AWARDS * scale();
    make_awards(&pool, awards).await;
    let manifests = quick_manifests();
    let program = Program::start_logging(quick_server(&database, &manifests), "info").await;
    wait_until("settlement is under way", async || settled(&pool).await > awards / 10).await;
    node.crash_and_start().await;
    assert!(
        count(&pool, "select count(*) from awards where status = 'PENDING'").await != 0,
        "killed too late"
    );
    recover(&pool).await;
    wait_until("all is settled", async || {
        count(&pool, "select count(*) from awards where status = 'SETTLED'").await == awards
    })
    .await;
    let reported = "select sum((coalesce(report, progress) ->> 'settled')::bigint)::bigint from job_runs where job = 'settle_awards'";
    wait_until("the runs report what they settled", async || {
        count(&pool, reported).await == awards
    })
    .await;
    program.terminate().await;
    let entries = count(&pool, "select count(*) from ledger_entries").await;
    assert_eq!(entries, awards);
    assert_audit_is_clean(&database, &pool).await;
    pool.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_killed_while_settling_loses_nothing() {
    settles_through_a_crash_of(WORKER).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coordinator_that_is_killed_while_settling_loses_nothing() {
    settles_through_a_crash_of(COORDINATOR).await;
}

/// Submits the word until it is answered.
async fn claim(url: String, key: String, word: &'static str) -> String {
    let client = http_client();
    loop {
        let body = json!({ "query": SUBMIT, "variables": { "word": word } });
        let reply = client.post(&url).bearer_auth(&key).json(&body).send().await;
        if let Ok(reply) = reply
            && let Ok(reply) = reply.json::<serde_json::Value>().await
        {
            let payload = &reply["data"]["submitWord"];
            if payload["award"].is_object() {
                return "CLAIMED".to_owned();
            }
            if let Some(code) = payload["userErrors"][0]["code"].as_str() {
                return code.to_owned();
            }
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

async fn claims_through_a_crash_of(place: usize) {
    let Some(node) = node(place) else { return };
    let database = Arc::new(TestDatabase::create().await);
    let pool = database.pool();
    let app = TestApp::builder()
        .database(&database)
        .clock(newbee::clock::Clock::machine())
        .in_process()
        .await;
    let mut keys = Vec::new();
    for user in 1..=CLAIMS as i64 {
        keys.push(app.add_user(user).await.key);
    }
    let campaign = create(&app, &terms(&app, "芝麻开门", CLAIMS as i32)).await;
    let manifests = quick_manifests();
    let program = Program::start_logging(quick_server(&database, &manifests), "info").await;
    let mut clients = JoinSet::new();
    for key in keys {
        clients.spawn(claim(program.url(), key, "芝麻开门"));
    }
    let claimed = "select count(*) from word_shares where user_id is not null";
    wait_until("claims are under way", async || count(&pool, claimed).await > 10).await;
    node.crash_and_start().await;
    recover(&pool).await;
    let answers = clients.join_all().await;
    // A claim whose answer was lost is answered as a repetition.
    assert!(
        answers
            .iter()
            .all(|answer| ["CLAIMED", "WORD_ALREADY_CLAIMED"].contains(&answer.as_str())),
        "{answers:?}"
    );
    assert_eq!(count(&pool, claimed).await, CLAIMS as i64, "{campaign:?}");
    assert_eq!(
        count(&pool, "select count(*) from awards where source = 'word'").await,
        CLAIMS as i64
    );
    program.terminate().await;
    assert_audit_is_clean(&database, &pool).await;
    pool.close().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_killed_amid_claims_of_a_word_loses_nothing() {
    claims_through_a_crash_of(WORKER).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coordinator_that_is_killed_amid_claims_of_a_word_loses_nothing() {
    claims_through_a_crash_of(COORDINATOR).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twelve_thousand_sign_ins_have_no_error() {
    const USERS: i64 = 12_000;
    if citus::url().is_none() {
        println!("skipped: NEWBEE_TEST_CITUS_URL is not set");
        return;
    }
    let app = TestApp::in_process().await;
    make_people(app.pool(), USERS).await;
    let moment: BusinessTime = app.now();
    let mut clients = JoinSet::new();
    for client in 0..256 {
        let sign_ins = app.app.state.sign_ins.clone();
        clients.spawn(async move {
            for user in (1..=USERS).filter(|user| user % 256 == client) {
                let outcome = sign_ins.sign_in(UserId(user), moment).await.expect("no fault");
                assert!(matches!(outcome, SignInOutcome::SignedIn(_)), "{outcome:?}");
            }
        });
    }
    clients.join_all().await;
    let made: i64 = sqlx::query_scalar("select count(*) from awards where source = 'sign_in'")
        .fetch_one(app.pool())
        .await
        .unwrap();
    assert_eq!(made, USERS);
    assert_audit_is_clean(app.database(), app.pool()).await;
    app.stop().await;
}

//! Settlement by real processes that are killed: whatever happens, each award once.

use std::path::Path;

use newbee::store::bounded::PgPool;
use tempfile::TempDir;

use crate::support::database::TestDatabase;
use crate::support::program::Program;
use crate::support::wait_until;

/// How many awards are settled; `NEWBEE_TEST_SCALE` multiplies it.
pub const AWARDS: i64 = 20_000;
const USERS: i64 = 2_000;

pub fn scale() -> i64 {
    std::env::var("NEWBEE_TEST_SCALE")
        .ok()
        .and_then(|scale| scale.parse().ok())
        .unwrap_or(1)
}

/// Manifests that look every second, in small batches, and give up a dead process soon.
pub fn quick_manifests() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in [
        "audit_books",
        "settle_awards",
        "close_day",
        "expire_due",
        "pay_reservations",
        "prune_history",
    ] {
        let mut text = std::fs::read_to_string(Path::new("jobs").join(format!("{name}.toml"))).unwrap();
        for (key, value) in [
            ("batch_size", "50"),
            ("lease", "\"2s\""),
            ("heartbeat_every", "\"500ms\""),
        ] {
            text = set(&text, key, value);
        }
        if name == "settle_awards" {
            text = set(&text, "schedule", "\"* * * * * *\"");
        }
        std::fs::write(folder.path().join(format!("{name}.toml")), text).unwrap();
    }
    folder
}

fn set(manifest: &str, key: &str, value: &str) -> String {
    let lines = manifest.lines().map(|line| match line.split_once('=') {
        Some((name, _)) if name.trim() == key => format!("{key} = {value}"),
        _ => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

pub async fn make_awards(pool: &PgPool, awards: i64) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "insert into users (user_id, created_at, updated_at) select n, '2026-01-01Z', '2026-01-01Z' from generate_series(1, {USERS}) n;
         insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id, business_day, settles_at,
                             created_at, updated_at)
         select 1 + n % {USERS}, 'import', n::text, 'join_group', 1, 1, 10, (1 + n % 2)::text, '2026-01-01', '2026-01-01Z',
                '2026-01-01Z', '2026-01-01Z'
         from generate_series(1, {awards}) n"
    )))
    .execute(pool)
    .await
    .unwrap();
}

pub async fn settled(pool: &PgPool) -> i64 {
    sqlx::query_scalar("select count(*) from awards where status = 1")
        .fetch_one(pool)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_and_inside_batches_it_settles_each_award_once() {
    let database = TestDatabase::create().await;
    let pool = database.pool();
    let awards = AWARDS * scale();
    make_awards(&pool, awards).await;
    let manifests = quick_manifests();
    let arguments = ["--jobs-dir", manifests.path().to_str().unwrap()];

    for kill in 0..6 {
        let before = settled(&pool).await;
        let program = Program::serve(&database, &arguments).await;
        if kill % 2 == 0 {
            // Between batches, or wherever it happens to be.
            wait_until("some are settled", async || settled(&pool).await > before).await;
            program.kill().await;
        } else {
            // Inside one: balances are locked, so the statement of the batch waits, its awards and entries written.
            let mut lock = pool.begin().await.unwrap();
            sqlx::query("lock table balances in share mode")
                .execute(&mut *lock)
                .await
                .unwrap();
            wait_until("a batch waits for balances", async || {
                sqlx::query_scalar::<_, i64>(
                    "select count(*) from pg_locks where not granted and relation = 'balances'::regclass",
                )
                .fetch_one(&pool)
                .await
                .unwrap()
                    > 0
            })
            .await;
            program.kill().await;
            lock.rollback().await.unwrap();
        }
    }
    let program = Program::serve(&database, &arguments).await;
    wait_until("all are settled", async || settled(&pool).await == awards).await;
    program.terminate().await;

    let entries: (i64, i64) = sqlx::query_as("select count(*), sum(amount)::bigint from ledger_entries")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(entries, (awards, awards * 10));
    let balances: i64 = sqlx::query_scalar("select sum(settled)::bigint from balances")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(balances, awards * 10);
    let taken_over: i64 = sqlx::query_scalar("select count(*) from job_runs where attempt > 1")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert!(taken_over > 0, "no run was taken over from a killed process");
    pool.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_in_the_middle_leaves_no_lease_no_failure_and_the_rest_to_others() {
    let database = TestDatabase::create().await;
    let pool = database.pool();
    make_awards(&pool, AWARDS).await;
    let manifests = quick_manifests();
    let arguments = ["--jobs-dir", manifests.path().to_str().unwrap()];
    let program = Program::serve(&database, &arguments).await;
    wait_until("some are settled", async || settled(&pool).await > 0).await;
    program.terminate().await;
    let left: Vec<String> = sqlx::query_scalar("select state from job_runs where state = 'RUNNING'")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert!(left.is_empty(), "a run was left with a lease");
    let other = Program::serve(&database, &arguments).await;
    wait_until("all are settled", async || settled(&pool).await == AWARDS).await;
    other.terminate().await;
    let failed: i64 = sqlx::query_scalar("select count(*) from job_runs where state = 'FAILED'")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(failed, 0);
    pool.close().await;
}

//! Many awards, and processes that settle them in small batches.

use newbee::service::jobs;
use newbee::store::bounded::PgPool;
use tempfile::TempDir;

use super::wait_until;

/// Number of awards to settle; `NEWBEE_TEST_SCALE` multiplies it.
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
    changed_manifests(|name| {
        let settles = [("schedule", EACH_SECOND)];
        let quick = [
            ("batch_size", "50"),
            ("lease", "\"2s\""),
            ("heartbeat_every", "\"500ms\""),
        ];
        let settles = settles.into_iter().filter(|_| name == "settle_awards");
        quick.into_iter().chain(settles).collect()
    })
}

/// The manifests as they are, except that one job is due each second.
pub fn manifests_with_each_second(job: &str) -> TempDir {
    changed_manifests(|name| {
        let due = [("schedule", EACH_SECOND)];
        due.into_iter().filter(|_| name == job).collect()
    })
}

const EACH_SECOND: &str = "\"* * * * * *\"";

/// The manifests with other values, given by key for each job.
fn changed_manifests(values: impl Fn(&str) -> Vec<(&'static str, &'static str)>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for job in jobs::ALL {
        let values = values(job.name());
        let text = values
            .iter()
            .fold(job.manifest().to_owned(), |text, (key, value)| set(&text, key, value));
        std::fs::write(folder.path().join(format!("{}.toml", job.name())), text).unwrap();
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
         select 1 + n % {USERS}, 'import', n::text, 'join_group', 'DAILY', 1, 10, (1 + n % 2)::text, '2026-01-01', '2026-01-01Z',
                '2026-01-01Z', '2026-01-01Z'
         from generate_series(1, {awards}) n"
    )))
    .execute(pool)
    .await
    .unwrap();
}

/// Waits until no award is pending. Each wait is for more settled awards, so that a multiple of them has more time.
pub async fn all_are_settled(pool: &PgPool) {
    let (mut pending, mut settled) = (true, 0_i64);
    while pending {
        let before = settled;
        wait_until("more awards are settled, or all", async || {
            // The figure of the runs is cheaper than counting the awards.
            let state = sqlx::query_as(
                "select exists (select 1 from awards where status = 'PENDING'),
                        coalesce(sum((coalesce(report, progress) ->> 'settled')::bigint), 0)::bigint
                 from job_runs where job = 'settle_awards'",
            );
            (pending, settled) = state.fetch_one(pool).await.unwrap();
            !pending || settled > before
        })
        .await;
    }
}

pub async fn settled(pool: &PgPool) -> i64 {
    sqlx::query_scalar("select count(*) from awards where status = 'SETTLED'")
        .fetch_one(pool)
        .await
        .unwrap()
}

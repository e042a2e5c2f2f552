//! Reads of a call with many acts.

use serde_json::json;
use sqlx::AssertSqlSafe;

use super::{act, bot, outcome, sign_in};
use crate::support::app::TestApp;
use crate::support::{citus, wait_until};

const USERS: i64 = 50_000;

/// A plan for the actual thousand values would read the whole table of users instead, several times per call.
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_sign_ins_read_no_table_as_a_whole() {
    if citus::skips("its counts are those of the coordinator") {
        return;
    }
    let app = TestApp::start().await;
    let fill = format!(
        "insert into users (user_id, created_at, updated_at)
         select n, '2026-01-01Z', '2026-01-01Z' from generate_series(1, {USERS}) n;
         analyze users"
    );
    sqlx::raw_sql(AssertSqlSafe(fill)).execute(app.pool()).await.unwrap();
    let key = bot(&app).await;
    let scans = "select seq_scan from pg_stat_user_tables where relname = 'users'";
    let results = "select n_tup_ins from pg_stat_user_tables where relname = 'task_requests'";
    let mut before = 0;
    for call in 1..=2 {
        let acts: Vec<_> = (1..=1_000)
            .map(|user| sign_in(user * 7 + call, &format!("{call} {user}")))
            .collect();
        let done = act(&app, &key, json!(acts)).await;
        assert!(done.iter().all(|result| outcome(result) == "performed"));
        // A session reports all counts of its transactions at once.
        wait_until("the call is counted", async || app.count(results).await >= call * 1_000).await;
        let scanned = app.count(scans).await;
        assert!(
            call == 1 || scanned == before,
            "{scanned} scans of all users, {before} before the call"
        );
        before = scanned;
    }
}

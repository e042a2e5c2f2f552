//! The data of `cargo bench --bench peers`: the statements that load them fit the schema, and the books are sound.

use chrono::TimeDelta;
use newbee::service::jobs::audit_books::AuditBooks;
use newbee::service::jobs::{AnyJob, JobContext, JobEnd};
use serde_json::Value;
use sqlx::{AssertSqlSafe, ConnectOptions, Executor};

use crate::support::app::{TestApp, TestUser, day};

const SETTINGS: &str = "set peers.users = 60; set peers.today = '2026-11-20';
    set peers.history_days = 30; set peers.history_every = 10";
const DATA: &str = include_str!("../../bench/peers/data.sql");
const TABLES: &str = include_str!("../../bench/peers/newbee.sql");
const RESET: &str = include_str!("../../bench/peers/newbee_reset.sql");

#[tokio::test(flavor = "multi_thread")]
async fn the_data_of_the_benchmark_fit_the_schema_and_the_books_are_sound() {
    let app = TestApp::start().await;
    load(&app, &[SETTINGS, DATA, TABLES]).await;
    assert_sound(&app, "loaded").await;

    // User 1 has the children 2 to 8, among others.
    let user = TestUser {
        key: "bench-session-0000001".to_owned(),
        code: String::new(),
    };
    let query =
        "{ me { newbeeAwards { id } todayAwards { id } children(first: 50) { totalCount nodes { childrenCount } } } }";
    let me = &app.ask(&user, query).await["me"];
    let length = |list: &Value| list.as_array().map_or(0, Vec::len);
    assert!((3..=5).contains(&length(&me["newbeeAwards"])), "{me:#}");
    assert!((2..=4).contains(&length(&me["todayAwards"])), "{me:#}");
    assert_eq!(length(&me["children"]["nodes"]), 7, "{me:#}");
    assert_eq!(me["children"]["totalCount"], 7, "{me:#}");

    for round in 0..2 {
        let reply = app
            .ask(&user, "mutation { signInToday { userErrors { __typename } } }")
            .await;
        assert_eq!(
            length(&reply["signInToday"]["userErrors"]),
            0,
            "round {round}: {reply:#}"
        );
        load(&app, &[RESET]).await;
        assert_sound(&app, &format!("reset_{round}")).await;
    }
    app.stop().await;
}

async fn load(app: &TestApp, files: &[&str]) {
    let mut connection = app.database().options.connect().await.unwrap();
    for statements in files {
        let done = connection
            .execute(sqlx::raw_sql(AssertSqlSafe((*statements).to_owned())))
            .await;
        done.unwrap_or_else(|error| panic!("{error}"));
    }
}

async fn assert_sound(app: &TestApp, name: &str) {
    let job = JobContext {
        business_day: Some(day("2026-11-20") - TimeDelta::days(1)),
        ..app.context(name, 1).await
    };
    let end = AuditBooks::SCHEDULED.run(job).await.unwrap();
    let JobEnd::Done(report) = end else {
        panic!("nothing asked the audit to stop")
    };
    assert_eq!(
        (&report["violations"], &report["unfinished"]),
        (&0.into(), &serde_json::json!({})),
        "{report:#}"
    );
}

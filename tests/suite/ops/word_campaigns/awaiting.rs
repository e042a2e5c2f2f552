//! A campaign whose public randomness exists and was not entered, as a person on call sees it: by the real program.

use std::sync::Arc;

use chrono::TimeDelta;
use newbee::domain::word::WordTerms;
use serde_json::Value;

use super::draws::{BEFORE_ROUND_1000, ROUND_1000};
use crate::process::metrics::Measured;
use crate::support::app::{TestApp, instant};
use crate::support::database::TestDatabase;
use crate::support::program::run;
use crate::support::wait_until;
use crate::support::words::{create, terms};

const METRIC: &str = "newbee_word_beacons_due";

/// A campaign that was made in 2023 for round 1000 and is open until 2099.
async fn make(database: &Arc<TestDatabase>) {
    let app = TestApp::builder()
        .database(database)
        .at(BEFORE_ROUND_1000)
        .start()
        .await;
    let round = instant("2023-08-23T15:59:24Z");
    let terms = WordTerms {
        beacon_at: Some(round),
        opens_at: round + TimeDelta::minutes(30),
        closes_at: instant("2099-01-01T00:00:00Z"),
        ..terms(&app, "moon", 8)
    };
    create(&app, &terms).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_without_its_beacon_is_noticed_until_it_is_entered() {
    let database = Arc::new(TestDatabase::create().await);
    make(&database).await;
    let measured = Measured::start(&database, &["--scheduler", "off"]).await;
    assert_eq!(measured.value(METRIC).await, Some(1.0));
    let (code, status, _) = run(&database, &["status"]).await;
    assert_eq!(code, Some(1));
    assert!(
        status.contains("1 word campaign lacks its public randomness") && status.contains("newbee word show 1"),
        "{status}"
    );
    let (_, status, _) = run(&database, &["status", "--json"]).await;
    let status: Value = serde_json::from_str(&status).expect("JSON");
    assert_eq!(status["wordCampaignsAwaitingBeacon"][0]["beacon"]["round"], 1000);

    let (_, list, _) = run(&database, &["word", "list"]).await;
    assert!(list.contains("awaits beacon"), "{list}");
    let (_, shown, _) = run(&database, &["word", "show", "1"]).await;
    let command = shown.lines().find(|line| line.starts_with("  curl -s https://"));
    assert!(
        command.is_some_and(|command| command.ends_with("/public/1000 | newbee word beacon 1")),
        "{shown}"
    );

    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("round.json");
    std::fs::write(&file, format!("{{\"round\": 1000, \"signature\": \"{ROUND_1000}\"}}")).expect("a file");
    let beacon = ["word", "beacon", "1", file.to_str().expect("a path"), "--json"];
    for changed in [true, false] {
        let (code, entered, error) = run(&database, &beacon).await;
        assert_eq!(code, Some(0), "{error}");
        let entered: Value = serde_json::from_str(&entered).expect("JSON");
        assert_eq!(entered["changed"], changed);
        assert_eq!(entered["campaign"]["beacon"]["signature"], ROUND_1000);
    }
    let (_, status, _) = run(&database, &["status"]).await;
    assert!(
        status.contains("none awaits its public randomness") && !status.contains("lacks"),
        "{status}"
    );
    wait_until("the metric follows", async || measured.value(METRIC).await == Some(0.0)).await;
    measured.program.terminate().await;
}

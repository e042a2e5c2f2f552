//! The processes of newbee and the effect of runs, as ops see them over the admin API.

use newbee::domain::api_key::Scope;
use serde_json::json;

use crate::support::app::TestApp;
use crate::support::program::Program;
use crate::support::wait_until;

const PROCESSES: &str = "{ processes { name version scheduler alive clockSkewMs startedAt heartbeatAt } }";

#[tokio::test]
async fn a_process_is_listed_while_it_runs_and_leaves_the_list_when_it_ends_in_order() {
    let app = TestApp::start().await;
    let key = app.api_key("ops", &[Scope::OpsRead]).await;
    let with = Program::serve(app.database(), &[]).await;
    let without = Program::serve(app.database(), &["--scheduler", "off"]).await;
    let pids = [&with, &without].map(|program| format!(":{}", program.pid().as_raw_nonzero()));

    wait_until("both processes are listed", async || {
        let seen = app.admin(&key, PROCESSES, json!({})).await;
        seen["processes"].as_array().unwrap().len() == 2
    })
    .await;
    let seen = app.admin(&key, PROCESSES, json!({})).await;
    for (row, pid) in seen["processes"].as_array().unwrap().iter().zip(&pids) {
        assert!(row["name"].as_str().unwrap().ends_with(pid.as_str()), "{row}");
        assert_eq!(row["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(row["alive"], true);
        assert!(row["clockSkewMs"].as_i64().unwrap().abs() < 60_000, "{row}");
    }
    assert_eq!(seen["processes"][0]["scheduler"], true);
    assert_eq!(seen["processes"][1]["scheduler"], false);

    without.terminate().await;
    let seen = app.admin(&key, PROCESSES, json!({})).await;
    assert_eq!(seen["processes"].as_array().unwrap().len(), 1, "{seen}");

    // One that is killed stays until it has been silent for too long.
    with.kill().await;
    sqlx::query("update processes set heartbeat_at = heartbeat_at - interval '1 minute'")
        .execute(&app.database().pool())
        .await
        .unwrap();
    let seen = app.admin(&key, PROCESSES, json!({})).await;
    assert_eq!(seen["processes"][0]["alive"], false, "{seen}");
    app.stop().await;
}

#[tokio::test]
async fn runs_that_changed_nothing_can_be_left_out() {
    let app = TestApp::start().await;
    let key = app.api_key("ops", &[Scope::OpsWrite]).await;
    let run = async || {
        let asked = "mutation { runJob(job: \"settle_awards\", reason: \"a test\") { queued } }";
        app.admin(&key, asked, json!({})).await;
        app.run_due_jobs().await;
    };
    run().await;
    let user = app.add_user(17).await;
    app.ask(&user, "mutation { signInToday { award { id } } }").await;
    run().await;
    run().await;

    let all =
        "{ jobRuns(job: \"settle_awards\") { hadEffect report } jobs { name recentRuns { state hadEffect tookMs } } }";
    let seen = app.admin(&key, all, json!({})).await;
    let effects: Vec<_> = seen["jobRuns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| run["hadEffect"].clone())
        .collect();
    assert_eq!(effects, [json!(false), json!(true), json!(false)], "{seen}");
    let jobs = seen["jobs"].as_array().unwrap();
    let settle = jobs.iter().find(|job| job["name"] == "settle_awards").unwrap();
    let marks = settle["recentRuns"].as_array().unwrap();
    assert_eq!(
        marks.iter().map(|mark| mark["hadEffect"].clone()).collect::<Vec<_>>(),
        effects
    );
    assert!(
        marks
            .iter()
            .all(|mark| mark["state"] == "SUCCEEDED" && mark["tookMs"].is_i64()),
        "{seen}"
    );

    // A scheduled run without an effect is left out; those that were asked for stay.
    app.clock.advance(chrono::TimeDelta::minutes(1));
    app.run_due_jobs().await;
    let folded = "{ all: jobRuns(job: \"settle_awards\") { id }
                    folded: jobRuns(job: \"settle_awards\", onlyWithEffect: true) { origin hadEffect } }";
    let seen = app.admin(&key, folded, json!({})).await;
    assert_eq!(seen["all"].as_array().unwrap().len(), 4, "{seen}");
    let folded = seen["folded"].as_array().unwrap();
    assert!(
        folded.len() == 3 && folded.iter().all(|run| run["origin"] == "MANUAL"),
        "{seen}"
    );
    app.stop().await;
}

//! Jobs over the admin API: looked at, run, back-filled, cancelled, paused and resumed, each change with who and why.

use newbee::domain::api_key::Scope;
use serde_json::{Value, json};

use crate::support::app::TestApp;

async fn ask(app: &TestApp, key: &str, query: &str) -> Value {
    app.admin(key, query, json!({})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn ops_see_and_steer_the_jobs() {
    let app = TestApp::start().await;
    let key = app.api_key("ops", &[Scope::OpsWrite]).await;
    let ask = |query: &'static str| ask(&app, &key, query);

    let seen = ask(
        "{ jobs { name takesDay enabled schedule catchUp nextDueAt nextDueLocal pausedAt lagSeconds lastRun { id }
                  backlog { count unit } }
           dueTimes(job: \"close_day\", first: 2) { dueAt dueLocal businessDay } }",
    )
    .await;
    let jobs = seen["jobs"].as_array().unwrap();
    assert_eq!(jobs.len(), 6);
    let close = jobs.iter().find(|job| job["name"] == "close_day").unwrap();
    assert_eq!(close["takesDay"], true);
    assert_eq!(close["nextDueAt"], "2026-11-20T16:05:00.000Z");
    assert_eq!(close["backlog"], json!({ "count": 0, "unit": "days" }));
    assert_eq!(seen["dueTimes"][0]["businessDay"], "2026-11-20");
    assert_eq!(seen["dueTimes"][1]["dueLocal"], "2026-11-22T00:05:00+08:00");

    let asked = ask(
        "mutation { runJob(job: \"settle_awards\", dryRun: true, reason: \"to see\") {
             queued problems { code } runs { id state origin dryRun requestedBy reason } } }",
    )
    .await;
    let run = &asked["runJob"]["runs"][0];
    assert_eq!(run["requestedBy"], "key:ops");
    assert_eq!((&run["state"], &run["dryRun"]), (&json!("QUEUED"), &json!(true)));
    app.jobs.tick().await.unwrap();
    let done = ask("{ jobRun(id: \"1\") { state report endedAt } jobRuns(state: SUCCEEDED) { id job } }").await;
    assert_eq!(done["jobRun"]["state"], "SUCCEEDED");
    assert_eq!(done["jobRun"]["report"]["settled"], 0);
    assert_eq!(done["jobRuns"][0]["job"], "settle_awards");

    let asked = ask(
        "mutation { backfillJob(job: \"audit_books\", from: \"2026-11-10\", to: \"2026-11-12\", reason: \"restored\") {
             queued runs { id businessDay origin backfillFrom } problems { code } } }",
    )
    .await;
    assert_eq!(asked["backfillJob"]["queued"], 3);
    let cancelled = ask(
        "mutation { cancelJobRun(id: \"2\", wholeBackfill: true, reason: \"not now\") {
             cancelled run { state cancelRequestedBy cancelReason } problems { code } } }",
    )
    .await;
    assert_eq!(
        cancelled["cancelJobRun"],
        json!({ "cancelled": 3, "run": { "state": "CANCELLED", "cancelRequestedBy": "key:ops", "cancelReason": "not now" }, "problems": [] })
    );
    let twice = ask("mutation { cancelJobRun(id: \"2\", reason: \"again\") { cancelled problems { code } } }").await;
    assert_eq!(twice["cancelJobRun"]["problems"], json!([{ "code": "RUN_OVER" }]));

    let paused = ask("mutation { pauseJob(job: \"close_day\", reason: \"wrong totals\") {
             changed job { pausedBy pauseReason nextDueAt } } }")
    .await;
    assert_eq!(
        paused["pauseJob"]["job"],
        json!({ "pausedBy": "key:ops", "pauseReason": "wrong totals", "nextDueAt": null })
    );
    let resumed =
        ask("mutation { resumeJob(job: \"close_day\", reason: \"mended\") { changed job { pausedAt } } }").await;
    assert_eq!(
        resumed["resumeJob"],
        json!({ "changed": true, "job": { "pausedAt": null } })
    );

    let log = ask("{ auditLog(actor: \"key:ops\") { action subject reason } }").await;
    let actions: Vec<_> = log["auditLog"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["action"].as_str().unwrap())
        .collect();
    assert_eq!(
        actions,
        ["resume_job", "pause_job", "cancel_run", "backfill_job", "run_job"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_says_why_and_changes_nothing() {
    let app = TestApp::start().await;
    let key = app.api_key("ops", &[Scope::OpsWrite]).await;
    for (call, code) in [
        (
            "runJob(job: \"settle_awards\", businessDay: \"2026-11-01\", reason: \"x\")",
            "TAKES_NO_DAY",
        ),
        ("runJob(job: \"settle_awards\", reason: \" \")", "REASON_INVALID"),
        (
            "backfillJob(job: \"settle_awards\", from: \"2026-11-01\", to: \"2026-11-01\", reason: \"x\")",
            "TAKES_NO_DAY",
        ),
        (
            "backfillJob(job: \"close_day\", from: \"2026-11-02\", to: \"2026-11-01\", reason: \"x\")",
            "RANGE_BACKWARDS",
        ),
        (
            "backfillJob(job: \"close_day\", from: \"2025-01-02\", to: \"2026-11-01\", reason: \"x\")",
            "RANGE_TOO_LONG",
        ),
        (
            "backfillJob(job: \"close_day\", from: \"2026-11-20\", to: \"2026-11-20\", reason: \"x\")",
            "DAY_NOT_OVER",
        ),
        ("cancelJobRun(id: \"7\", reason: \"x\")", "RUN_UNKNOWN"),
        ("pauseJob(job: \"close_day\", reason: \"\")", "REASON_INVALID"),
    ] {
        let reply = ask(
            &app,
            &key,
            &format!("mutation {{ it: {call} {{ problems {{ code message }} }} }}"),
        )
        .await;
        assert_eq!(reply["it"]["problems"][0]["code"], code, "{call}: {reply}");
    }
    let (_, reply) = app
        .admin_reply(
            Some(&key),
            "mutation { pauseJob(job: \"nap\", reason: \"x\") { changed } }",
            json!({}),
        )
        .await;
    let message = reply["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains("Known jobs: audit_books, close_day"), "{reply}");
    let rows: i64 = sqlx::query_scalar(
        "select (select count(*) from job_runs) + (select count(*) from audit_log where actor = 'key:ops')",
    )
    .fetch_one(app.pool())
    .await
    .unwrap();
    assert_eq!(rows, 0);
}

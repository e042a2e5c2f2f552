//! Jobs over the admin API: shown, run, backfilled, cancelled, paused and resumed, with author and reason.

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
    assert_eq!(jobs.len(), newbee::service::jobs::ALL.len());
    let close = jobs.iter().find(|job| job["name"] == "close_day").unwrap();
    insta::assert_compact_json_snapshot!(close, @r#"
    {
      "backlog": {
        "count": 0,
        "unit": "days"
      },
      "catchUp": "ALL",
      "enabled": true,
      "lagSeconds": 0,
      "lastRun": null,
      "name": "close_day",
      "nextDueAt": "2026-11-20T16:05:00.000Z",
      "nextDueLocal": "2026-11-21T00:05:00+08:00",
      "pausedAt": null,
      "schedule": "0 5 0 * * * Asia/Shanghai",
      "takesDay": true
    }
    "#);
    insta::assert_compact_json_snapshot!(seen["dueTimes"], @r#"
    [
      {
        "businessDay": "2026-11-20",
        "dueAt": "2026-11-20T16:05:00.000Z",
        "dueLocal": "2026-11-21T00:05:00+08:00"
      },
      {
        "businessDay": "2026-11-21",
        "dueAt": "2026-11-21T16:05:00.000Z",
        "dueLocal": "2026-11-22T00:05:00+08:00"
      }
    ]
    "#);

    let asked = ask(
        "mutation { runJob(job: \"settle_awards\", dryRun: true, reason: \"to see\") {
             queued problems { code } runs { id state origin dryRun requestedBy reason } } }",
    )
    .await;
    insta::assert_compact_json_snapshot!(asked, @r#"
    {
      "runJob": {
        "problems": [],
        "queued": 1,
        "runs": [
          {
            "dryRun": true,
            "id": "1",
            "origin": "MANUAL",
            "reason": "to see",
            "requestedBy": "key:ops",
            "state": "QUEUED"
          }
        ]
      }
    }
    "#);
    app.app.jobs.tick().await.unwrap();
    let done = ask("{ jobRun(id: \"1\") { state report } jobRuns(state: SUCCEEDED) { id job } }").await;
    insta::assert_compact_json_snapshot!(done, @r#"
    {
      "jobRun": {
        "report": {
          "batches": 0,
          "newly_parked": 0,
          "parked": 0,
          "settled": 0,
          "sums": {}
        },
        "state": "SUCCEEDED"
      },
      "jobRuns": [
        {
          "id": "1",
          "job": "settle_awards"
        }
      ]
    }
    "#);

    let asked = ask(
        "mutation { backfillJob(job: \"audit_books\", from: \"2026-11-10\", to: \"2026-11-12\", reason: \"restored\") {
             queued runs { id businessDay origin backfillFrom } problems { code } } }",
    )
    .await;
    insta::assert_compact_json_snapshot!(asked, @r#"
    {
      "backfillJob": {
        "problems": [],
        "queued": 3,
        "runs": [
          {
            "backfillFrom": "2026-11-10",
            "businessDay": "2026-11-10",
            "id": "2",
            "origin": "BACKFILL"
          },
          {
            "backfillFrom": "2026-11-10",
            "businessDay": "2026-11-11",
            "id": "3",
            "origin": "BACKFILL"
          },
          {
            "backfillFrom": "2026-11-10",
            "businessDay": "2026-11-12",
            "id": "4",
            "origin": "BACKFILL"
          }
        ]
      }
    }
    "#);
    let cancelled = ask(
        "mutation { cancelJobRun(id: \"2\", wholeBackfill: true, reason: \"not now\") {
             cancelled run { state cancelRequestedBy cancelReason } problems { code } } }",
    )
    .await;
    insta::assert_compact_json_snapshot!(cancelled, @r#"
    {
      "cancelJobRun": {
        "cancelled": 3,
        "problems": [],
        "run": {
          "cancelReason": "not now",
          "cancelRequestedBy": "key:ops",
          "state": "CANCELLED"
        }
      }
    }
    "#);
    let twice = ask("mutation { cancelJobRun(id: \"2\", reason: \"again\") { cancelled problems { code } } }").await;
    insta::assert_compact_json_snapshot!(twice, @r#"{"cancelJobRun": {"cancelled": 0, "problems": [{"code": "RUN_OVER"}]}}"#);

    let paused = ask("mutation { pauseJob(job: \"close_day\", reason: \"wrong totals\") {
             changed job { pausedBy pauseReason nextDueAt } } }")
    .await;
    insta::assert_compact_json_snapshot!(paused, @r#"{"pauseJob": {"changed": true, "job": {"nextDueAt": null, "pauseReason": "wrong totals", "pausedBy": "key:ops"}}}"#);
    let resumed =
        ask("mutation { resumeJob(job: \"close_day\", reason: \"mended\") { changed job { pausedAt } } }").await;
    insta::assert_compact_json_snapshot!(resumed, @r#"{"resumeJob": {"changed": true, "job": {"pausedAt": null}}}"#);

    let log = ask("{ auditLog(actor: \"key:ops\") { action subject reason } }").await;
    insta::assert_compact_json_snapshot!(log, @r#"
    {
      "auditLog": [
        {
          "action": "resume_job",
          "reason": "mended",
          "subject": "job:close_day"
        },
        {
          "action": "pause_job",
          "reason": "wrong totals",
          "subject": "job:close_day"
        },
        {
          "action": "cancel_run",
          "reason": "not now",
          "subject": "run:2"
        },
        {
          "action": "backfill_job",
          "reason": "restored",
          "subject": "job:audit_books"
        },
        {
          "action": "run_job",
          "reason": "to see",
          "subject": "job:settle_awards"
        }
      ]
    }
    "#);
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

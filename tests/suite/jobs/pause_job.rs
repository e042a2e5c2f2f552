//! Pausing and resuming by the real program, and looking at what is due and at single runs.

use chrono::TimeDelta;
use newbee::domain::audit::Author;
use newbee::scheduler::due_times::CatchUp;
use newbee::service::jobs::JobEnd;
use newbee::service::pause_job::{pause_job, resume_job};
use serde_json::json;

use crate::support::app::{TestApp, TestJob, every_minute};
use crate::support::database::TestDatabase;
use crate::support::jobs_command::{jobs, json as json_of, text};

#[tokio::test]
async fn a_pause_says_who_and_why_and_a_second_one_changes_nothing() {
    let database = TestDatabase::create().await;
    let without = jobs(&database, &["pause", "close_day"]);
    assert_eq!(without.status.code(), Some(2), "a reason is mandatory");
    let blank = jobs(&database, &["pause", "close_day", "--reason", " "]);
    assert_eq!(blank.status.code(), Some(1));
    assert!(
        text(&blank.stderr).contains("A reason is required"),
        "{}",
        text(&blank.stderr)
    );
    assert_eq!(
        jobs(&database, &["pause", "nap", "--reason", "why not"]).status.code(),
        Some(1)
    );

    let paused = json_of(&database, &["pause", "close_day", "--reason", "wrong totals"]);
    assert_eq!(
        (&paused["changed"], &paused["job"]["pausedBy"]),
        (&json!(true), &json!("command line:ann"))
    );
    let again = json_of(&database, &["pause", "close_day", "--reason", "me too"]);
    assert_eq!(
        (&again["changed"], &again["job"]["pauseReason"]),
        (&json!(false), &json!("wrong totals"))
    );
    let list = text(&jobs(&database, &["list"]).stdout);
    assert!(
        list.contains("close_day was paused") && list.contains("by command line:ann: wrong totals"),
        "{list}"
    );
    let next = json_of(&database, &["next", "close_day", "--count", "1"]);
    assert_eq!(next[0]["blockedReason"], "paused by command line:ann: wrong totals");

    let resumed = json_of(&database, &["resume", "close_day", "--reason", "mended"]);
    assert_eq!(resumed["changed"], true);
    let idle = jobs(&database, &["resume", "close_day", "--reason", "to be sure"]);
    assert_eq!(idle.status.code(), Some(0));
    assert!(text(&idle.stdout).contains("close_day is not paused. Nothing was changed."));

    let audited: Vec<(String, String, String, Option<String>)> =
        sqlx::query_as("select actor, action, subject, reason from audit_log order by audit_id")
            .fetch_all(&database.pool())
            .await
            .unwrap();
    let row = |action: &str, reason: &str| {
        let (actor, subject) = ("command line:ann".to_owned(), "job:close_day".to_owned());
        (actor, action.to_owned(), subject, Some(reason.to_owned()))
    };
    assert_eq!(audited, [row("pause_job", "wrong totals"), row("resume_job", "mended")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn resuming_releases_no_flood() {
    let app = TestApp::in_process().await;
    let mut job = every_minute(TestJob::sweep("minutely", |_| async { Ok(JobEnd::Done(json!({}))) }));
    job.manifest.catch_up = CatchUp::Latest;
    let scheduler = app.scheduler(vec![job]);
    scheduler.tick().await.unwrap();
    let author = || Author::at_the_command_line(app.clock.now());
    pause_job(app.pool(), "minutely", "a test", &author()).await.unwrap();
    app.clock.advance(TimeDelta::minutes(45));
    assert_eq!(scheduler.tick().await.unwrap(), [], "it is paused");
    resume_job(app.pool(), "minutely", "mended", &author()).await.unwrap();
    assert_eq!(scheduler.tick().await.unwrap().len(), 1);
    let runs = app.runs("minutely").await;
    assert_eq!(runs.len(), 2);
    assert!(
        runs[0].0 == "SKIPPED" && runs[0].2.starts_with("44 due times"),
        "{:?}",
        runs[0]
    );
}

#[tokio::test]
async fn next_and_show_tell_all_there_is_to_people_and_programs() {
    let database = TestDatabase::create().await;
    let next = json_of(&database, &["next", "close_day", "--count", "3"]);
    let local: Vec<&str> = next
        .as_array()
        .unwrap()
        .iter()
        .map(|due| due["dueLocal"].as_str().unwrap())
        .collect();
    assert_eq!(local.len(), 3);
    assert!(local.iter().all(|due| due.ends_with("T00:05:00+08:00")), "{local:?}");
    let unknown = jobs(&database, &["next", "nap"]);
    assert_eq!(unknown.status.code(), Some(1));

    assert_eq!(
        jobs(&database, &["run", "settle_awards", "--reason", "to see it"])
            .status
            .code(),
        Some(0)
    );
    let run = json_of(&database, &["show", "1"]);
    assert_eq!(
        (&run["state"], &run["origin"], &run["reason"], &run["report"]["settled"]),
        (&json!("SUCCEEDED"), &json!("MANUAL"), &json!("to see it"), &json!(0))
    );
    let shown = text(&jobs(&database, &["show", "1"]).stdout);
    assert!(
        shown.contains("requested by") && shown.contains("command line:ann") && shown.contains("\"settled\": 0"),
        "{shown}"
    );
    let missing = jobs(&database, &["show", "77"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(text(&missing.stderr).contains("There is no run 77"));
}

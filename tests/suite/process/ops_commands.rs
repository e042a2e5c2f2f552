//! `newbee rule`, `reservation`, `user`, `books` and `status` by the real program.

use serde_json::Value;

use super::award_commands::{json, said, user_with_award};
use crate::support::database::TestDatabase;
use crate::support::program::{Program, run};

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_keeps_what_is_not_said() {
    let database = TestDatabase::create().await;
    let before = json(&database, &["rule", "show", "join_group"]).await;
    let changed = said(
        &database,
        &["rule", "set", "join_group", "--amount", "2.5", "--reason", "a campaign"],
    )
    .await;
    assert!(
        changed.contains("Changed join_group to version 2: amount ") && changed.contains("→ 2.5000."),
        "{changed}"
    );
    let after = json(&database, &["rule", "show", "join_group"]).await;
    for (name, value) in before[0].as_object().expect("a rule") {
        let may_differ = ["version", "amount", "changedBy", "createdAt", "reason"].contains(&name.as_str());
        assert!(
            may_differ || after[0][name] == *value,
            "{name}: {value} became {}",
            after[0][name]
        );
    }
    let again = said(
        &database,
        &["rule", "set", "join_group", "--amount", "2.5", "--reason", "again"],
    )
    .await;
    assert!(again.contains("Nothing was changed"), "{again}");

    let limit = ["rule", "set", "join_group", "--daily-limit", "7", "--reason", "a cap"];
    assert!(said(&database, &limit).await.contains("daily-limit"));
    let none = [
        "rule",
        "set",
        "join_group",
        "--daily-limit",
        "none",
        "--enabled",
        "off",
        "--reason",
        "no cap",
    ];
    assert!(
        said(&database, &none)
            .await
            .contains("daily-limit 7 → none, enabled on → off")
    );
    assert!(said(&database, &["rule", "list"]).await.contains("join_group"));

    let new = [
        "rule",
        "set",
        "write_post",
        "--type",
        "daily",
        "--amount",
        "1",
        "--coin",
        "1",
        "--reason",
        "new",
    ];
    assert!(
        said(&database, &new)
            .await
            .starts_with("Added write_post: type daily, amount 1.0000, coin 1")
    );
    for (arguments, part) in [
        (
            ["rule", "set", "typo", "--amount", "1", "--reason", "x"].as_slice(),
            "no item \"typo\"",
        ),
        (&["rule", "show", "typo"], "newbee rule list"),
        (
            &["rule", "set", "join_group", "--amount", "-1", "--reason", "x"],
            "greater than 0",
        ),
        (
            &["rule", "set", "join_group", "--amount", "1", "--reason", " "],
            "A reason is required",
        ),
    ] {
        let (code, _, error) = run(&database, arguments).await;
        assert!(code == Some(1) && error.contains(part), "{arguments:?}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reservation_campaign_is_created_changed_and_launched() {
    let database = TestDatabase::create().await;
    assert!(
        said(&database, &["reservation", "list"])
            .await
            .contains("There are no reservation campaigns")
    );
    let create = [
        "reservation",
        "create",
        "libra",
        "--title",
        "Libra",
        "--capacity",
        "10",
        "--reward-amount",
        "5",
        "--reward-coin",
        "1",
        "--reward-hold",
        "3days",
        "--reason",
        "the launch",
    ];
    assert!(said(&database, &create).await.starts_with("Created libra."));
    let (code, _, error) = run(&database, &create).await;
    assert!(code == Some(1) && error.contains("Nothing was changed"), "{error}");

    let change = [
        "reservation",
        "change",
        "libra",
        "--capacity",
        "none",
        "--closed",
        "on",
        "--reason",
        "fraud",
    ];
    said(&database, &change).await;
    let campaign = json(&database, &["reservation", "show", "libra"]).await;
    let is = |name: &str, value: Value| assert_eq!(campaign[name], value, "{name}");
    is("capacity", Value::Null);
    is("state", "CLOSED".into());
    is("closed", true.into());
    is("title", "Libra".into());
    is("rewardAmount", "5.0000".into());
    is("rewardHoldSeconds", 259_200.into());

    let launch = ["reservation", "launch", "libra", "--reason", "today"];
    assert!(
        said(&database, &launch)
            .await
            .starts_with("Launched libra with 0 places taken.")
    );
    assert!(said(&database, &launch).await.contains("was already launched before"));
    let list = said(&database, &["reservation", "list"]).await;
    assert!(list.contains("launched") && list.contains("5.0000 of coin 1"), "{list}");
    let (code, _, error) = run(&database, &["reservation", "show", "nothing"]).await;
    assert!(code == Some(1) && error.contains("newbee reservation list"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_found_and_shown() {
    let database = TestDatabase::create().await;
    let id = user_with_award(&database).await;
    for text in ["17", "ann2026", "An"] {
        let found = said(&database, &["user", "find", text]).await;
        assert!(
            found.contains("17") && found.contains("ANN2026") && found.contains("Ann"),
            "{text}: {found}"
        );
    }
    assert!(said(&database, &["user", "find", "Bob"]).await.contains("No user has"));
    said(&database, &["session", "issue", "17"]).await;
    let shown = said(&database, &["user", "show", "17"]).await;
    for part in [
        id.as_str(),
        "ANN2026",
        "Ann",
        "join_group",
        "PENDING",
        "valid",
        "issue_session",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let user = json(&database, &["user", "show", "17"]).await;
    assert_eq!(user["invitation"]["code"], "ANN2026");
    assert_eq!(user["awards"][0]["id"], id.as_str());
    let (code, _, error) = run(&database, &["user", "show", "4711"]).await;
    assert!(code == Some(1) && error.contains("There is no user 4711"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn status_is_one_screen_and_its_exit_code_says_whether_something_needs_a_look() {
    let database = TestDatabase::create().await;
    said(&database, &["jobs", "run", "audit_books"]).await;
    let (code, idle, _) = run(&database, &["status"]).await;
    assert!(
        code == Some(1) && idle.contains("Needs attention: no process is serving."),
        "{idle}"
    );
    assert!(idle.contains("Asia/Shanghai, stored at the first start"), "{idle}");
    let program = Program::serve(&database, &[]).await;
    let fine = said(&database, &["status"]).await;
    assert!(fine.contains("Asia/Shanghai, stored 2"), "{fine}");
    assert!(
        fine.contains("none in the last 7 days") && fine.contains("none awaits its public randomness"),
        "{fine}"
    );
    assert!(
        fine.contains("the books balance") && fine.contains("Nothing needs attention."),
        "{fine}"
    );
    assert!(fine.contains("alive"), "{fine}");
    assert!(
        fine.lines().count() <= 24 && fine.lines().all(|line| line.chars().count() <= 80),
        "{fine}"
    );
    let books = said(&database, &["books"]).await;
    assert!(books.contains("the books balance ("), "{books}");

    said(&database, &["jobs", "pause", "close_day", "--reason", "a test"]).await;
    let (code, paused, _) = run(&database, &["status"]).await;
    assert!(
        code == Some(1) && paused.contains("Needs attention: close_day is paused."),
        "{paused}"
    );
    let (code, text, _) = run(&database, &["status", "--json"]).await;
    let status: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(
        (code, &status["attention"][0]),
        (Some(1), &"close_day is paused".into())
    );
    program.terminate().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn status_shows_days_that_were_reopened_and_by_whom() {
    let database = TestDatabase::create().await;
    sqlx::query(
        "insert into business_days (day, state, closed_at) values ('2099-01-01', 'CLOSED', now()), ('2099-01-02', 'CLOSED', now())",
    )
    .execute(&database.pool())
    .await
    .expect("two days");
    let reopened = said(
        &database,
        &["jobs", "reopen-days", "2099-01-01", "--reason", "the clock was ahead"],
    )
    .await;
    assert_eq!(reopened, "Reopened 2 business days, 2099-01-01 to 2099-01-02.\n");
    let (_, status, _) = run(&database, &["status"]).await;
    let line = status
        .lines()
        .find(|line| line.starts_with("reopened days"))
        .expect("its line");
    assert!(
        line.contains("2099-01-01 to 2099-01-02, ") && status.contains("the clock was ahead"),
        "{status}"
    );
    let (_, status, _) = run(&database, &["status", "--json"]).await;
    let status: Value = serde_json::from_str(&status).expect("JSON");
    assert_eq!(status["reopenedDays"][0]["reason"], "the clock was ahead");
    assert_eq!(status["timeZone"]["timeZone"], Value::Null, "nothing stored one yet");
}

#[tokio::test(flavor = "multi_thread")]
async fn history_shows_what_was_done_and_leaves_out_runs_that_did_nothing() {
    let database = TestDatabase::create().await;
    user_with_award(&database).await;
    let pool = database.pool();
    sqlx::query("insert into jobs (job, scheduled_through, created_at) values ('settle_awards', now(), now())")
        .execute(&pool)
        .await
        .expect("the job");
    sqlx::query(
        "insert into job_runs (job, run_key, origin, scheduled_for, state, requested_by, created_at, started_at, ended_at,
                               report, error, attempt)
         select 'settle_awards', 'test ' || n, 'SCHEDULE', '2026-11-20Z', state, 'schedule', '2026-11-20Z', '2026-11-20Z',
                '2026-11-20 00:00:00.012Z', report, error, 1
         from (values (1, 'SUCCEEDED', '{\"settled\": 0, \"parked\": 0, \"batches\": 0, \"sums\": {}}'::jsonb, null),
                      (2, 'FAILED', null, 'the disk is full'),
                      (3, 'SUCCEEDED', '{\"settled\": 0, \"parked\": 0, \"batches\": 0, \"sums\": {}}'::jsonb, null))
              as runs (n, state, report, error)",
    )
    .execute(&pool)
    .await
    .expect("three runs");
    // The newest run has the highest number, as in use.
    said(&database, &["jobs", "run", "settle_awards", "--reason", "by hand"]).await;
    let history = said(&database, &["jobs", "history"]).await;
    assert!(
        history.contains("settled 1 award: ") && history.contains("(by hand)"),
        "{history}"
    );
    assert!(history.contains("FAILED: the disk is full [12 ms]"), "{history}");
    assert!(
        history.contains("2 runs found nothing to do and are not shown"),
        "{history}"
    );
    let all = said(&database, &["jobs", "history", "--all"]).await;
    assert_eq!(all.matches("nothing to do").count(), 2, "{all}");
    let failed = json(&database, &["jobs", "history", "--failed"]).await;
    assert_eq!(
        (failed.as_array().map(Vec::len), &failed[0]["error"]),
        (Some(1), &"the disk is full".into())
    );
    let recent = json(&database, &["jobs", "history", "--since", "1h"]).await;
    assert_eq!(recent.as_array().map(Vec::len), Some(1), "{recent}");
}

//! `newbee award …` by the real program.

use crate::support::commands::{json, said, user_with_award};
use crate::support::database::TestDatabase;
use crate::support::program::run;

/// Parks an award as settlement does when it cannot be paid.
async fn park(database: &TestDatabase, id: &str) {
    sqlx::query("update awards set settle_error = 'the balance would be too large' where award_id = $1")
        .bind(id.trim_start_matches("award_").parse::<i64>().expect("a number"))
        .execute(&database.pool())
        .await
        .expect("the award is there");
}

#[tokio::test(flavor = "multi_thread")]
async fn parked_awards_are_shown_retried_and_paid() {
    let database = TestDatabase::create().await;
    assert_eq!(said(&database, &["award", "parked"]).await, "No award is parked.\n");
    let id = user_with_award(&database).await;
    park(&database, &id).await;

    let shown = said(&database, &["award", "parked"]).await;
    for part in [
        id.as_str(),
        "17",
        "the balance would be too large",
        "newbee award retry",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let parked = json(&database, &["award", "parked"]).await;
    assert_eq!(parked[0]["settleError"], "the balance would be too large");
    let (code, status, _) = run(&database, &["status"]).await;
    assert!(code == Some(1) && status.contains("1 award is parked"), "{status}");

    let retry = ["award", "retry", "--parked", "--reason", "the cause is gone"];
    let tried = said(&database, &[retry.as_slice(), &["--dry-run"]].concat()).await;
    assert!(
        tried.contains("Would release 1 award") && tried.contains("Nothing was changed"),
        "{tried}"
    );
    assert!(said(&database, &retry).await.starts_with("Released 1 award: "));
    said(&database, &["jobs", "run", "settle_awards"]).await;
    let award = json(&database, &["award", "show", &id]).await;
    assert_eq!(award["status"], "SETTLED");
    let shown = said(&database, &["award", "show", &id]).await;
    assert!(
        shown.contains("RETRIED") && shown.contains("settle_awards, run"),
        "{shown}"
    );
    let (code, _, error) = run(&database, &retry).await;
    assert!(code == Some(1) && error.contains("No award is parked"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn awards_are_voided_before_and_reversed_after_they_are_paid() {
    let database = TestDatabase::create().await;
    let id = user_with_award(&database).await;
    let refused = ["award", "reverse", &id, "--reason", "too early"];
    let (code, left, error) = run(&database, &refused).await;
    assert!(
        code == Some(1) && left.contains("PENDING (not settled)") && error.contains("Nothing was changed"),
        "{left}{error}"
    );

    assert!(
        said(&database, &["award", "void", &id, "--reason", "a mistake"])
            .await
            .starts_with("Voided 1 award: ")
    );
    let task = [
        "task",
        "record",
        "17",
        "join_group",
        "--target",
        "20",
        "--key",
        "event-2",
    ];
    said(&database, &task).await;
    said(&database, &["jobs", "run", "settle_awards"]).await;
    let reversed = json(&database, &["award", "reverse", "--user", "17", "--reason", "a bot"]).await;
    assert_eq!(
        (&reversed["changed"][0]["count"], &reversed["unchanged"][0]["status"]),
        (&1.into(), &"VOID".into())
    );
    let list = said(&database, &["award", "list", "--user", "17"]).await;
    assert!(list.contains("VOID") && list.contains("REVERSED"), "{list}");
    let audit = said(&database, &["audit", "--user", "17"]).await;
    assert!(
        audit.contains("(a bot)") && audit.contains("(a mistake)") && audit.contains("command line:"),
        "{audit}"
    );

    for (arguments, part) in [
        (["award", "void", "--reason", "x"].as_slice(), "Select the awards"),
        (&["award", "void", "award_4711", "--reason", "x"], "No award matches"),
        (&["award", "show", "award_4711"], "There is no award_4711"),
        (&["award", "void", &id, "--reason", " "], "A reason is required"),
    ] {
        let (code, _, error) = run(&database, arguments).await;
        assert!(code == Some(1) && error.contains(part), "{arguments:?}: {error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

//! `newbee jobs` by the real program: its exit codes, and what it says.

use crate::support::database::TestDatabase;
use crate::support::jobs_command::{jobs, json, text};

#[tokio::test]
async fn exit_codes_and_errors_tell_how_it_went() {
    let database = TestDatabase::create().await;
    for arguments in [
        &["list"][..],
        &["run", "settle_awards", "--reason", "a test"],
        &["run", "close_day"],
        &["history", "--json", "--limit", "5"],
        &["next", "--count", "2"],
        &["show", "1"],
    ] {
        let output = jobs(&database, arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
    }
    let list = text(&jobs(&database, &["list"]).stdout);
    assert!(list.contains("settle_awards") && list.contains(" ok "), "{list}");
    let future = jobs(&database, &["run", "close_day", "--day", "2999-01-01"]);
    assert_eq!(future.status.code(), Some(1));
    assert!(text(&future.stderr).contains("is not over"), "{}", text(&future.stderr));
    assert_eq!(
        json(&database, &["history", "close_day"])[0]["state"],
        "SUCCEEDED",
        "nothing was queued"
    );

    let unknown = jobs(&database, &["run", "settle"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(text(&unknown.stderr).contains(
        "There is no job \"settle\". Jobs: audit_books, close_day, deliver_events, expire_due, pay_reservations, \
                       prune_history, settle_awards"
    ));
    let dayless = jobs(&database, &["run", "settle_awards", "--day", "2026-11-01"]);
    assert!(text(&dayless.stderr).contains("This job does not take a business day. Omit it."));

    let asked: Vec<(String, Option<String>)> =
        sqlx::query_as("select state::text, reason from job_runs where job = 'settle_awards'")
            .fetch_all(&database.pool())
            .await
            .unwrap();
    assert_eq!(asked, [("SUCCEEDED".to_owned(), Some("a test".to_owned()))]);
}

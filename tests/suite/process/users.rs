//! `newbee user` by the real program.

use crate::support::commands::{json, said, user_with_award};
use crate::support::database::TestDatabase;
use crate::support::program::run;

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

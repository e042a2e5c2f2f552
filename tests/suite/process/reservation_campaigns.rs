//! `newbee reservation` by the real program.

use serde_json::Value;

use crate::support::commands::{json, said};
use crate::support::database::TestDatabase;
use crate::support::program::run;

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

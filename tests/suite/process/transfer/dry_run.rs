//! `--dry-run`: the balance sheet that would result beside the totals of the old system, without any change.

use serde_json::{Value, json};

use super::formats::LEGACY;
use super::{contents, file, import_with};
use crate::support::database::TestDatabase;
use crate::support::program::run;

fn totals(settled: &str) -> Value {
    json!({ "users": 2, "bindings": 1, "coins": { "1": {
        "pending": { "count": 1, "amount": "10" }, "settled": { "count": 2, "amount": settled },
        "balances": { "amount": settled },
    } } })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_shows_what_an_import_does_and_changes_nothing() {
    let database = TestDatabase::create().await;
    let rule = r#"{"type":"rule","item":"fly","version":1,"awardType":"DAILY","amount":"3","coinId":"1","targetRule":"NONE","hold":"0","enabled":true,"streakRepeats":false,"changedBy":"x","reason":"x","createdAt":"2019-01-01T00:00:00Z"}
{"id":"30","user_id":"9","award_item":"fly","award_type":"daily","amount":"3.0000","coin_id":"3","target_id":"0","status":"0","create_time":"1573986332","update_time":"1573986332"}
"#;
    let lines = format!("{LEGACY}{rule}");
    let before = contents(&database).await;
    let dry = import_with(&database, &lines, &["--dry-run"]).await.succeeded();
    assert!(contents(&database).await == before);
    assert_eq!(dry.report["dryRun"], true);
    assert_eq!(dry.report["before"], json!({ "users": 0, "bindings": 0, "coins": {} }));
    let real = import_with(&database, &lines, &[]).await.succeeded();
    assert_eq!(dry.report["after"], real.report["after"]);
    assert_eq!(dry.report["records"], real.report["records"]);
    // A second dry run finds everything.
    let again = import_with(&database, &lines, &["--dry-run"]).await.succeeded();
    assert_eq!(again.report["after"], real.report["after"]);
    assert_eq!(again.count("award", "unchanged"), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_difference_from_the_old_system_is_listed() {
    let database = TestDatabase::create().await;
    let (_folder, path) = file(&totals("20").to_string());
    let path = path.to_str().unwrap();
    let same = import_with(&database, LEGACY, &["--dry-run", "--totals", path])
        .await
        .succeeded();
    assert_eq!(same.report["differences"], json!([]));
    let (_folder, path) = file(&totals("20.0001").to_string().replace("\"users\":2", "\"users\":3"));
    let path = path.to_str().unwrap();
    let other = import_with(&database, LEGACY, &["--dry-run", "--totals", path]).await;
    assert_eq!(other.code, Some(1));
    assert_eq!(
        other.report["differences"],
        json!([
            { "figure": "users", "given": "3", "newbee": "2" },
            { "figure": "coins.1.balances.amount", "given": "20.0001", "newbee": "20.0000" },
            { "figure": "coins.1.settled.amount", "given": "20.0001", "newbee": "20.0000" },
        ])
    );
    let (_folder, lines) = file(LEGACY);
    let arguments = ["import", lines.to_str().unwrap(), "--dry-run", "--totals", path];
    let (code, stdout, _) = run(&database, &arguments).await;
    assert_eq!(code, Some(1));
    for part in [
        "TO IMPORT",
        "OLD SYSTEM",
        "coin 1, settled",
        "20.0000 (2)",
        "coins.1.settled.amount",
        "Nothing was changed.",
    ] {
        assert!(stdout.contains(part), "{part}: {stdout}");
    }
}

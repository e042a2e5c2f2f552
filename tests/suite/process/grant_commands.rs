//! `newbee grant …` by the real program.

use crate::support::commands::{json, said};
use crate::support::database::TestDatabase;
use crate::support::program::run;

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_granted_once_and_a_large_one_waits() {
    let database = TestDatabase::create().await;
    said(&database, &["user", "add", "17"]).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("gifts.ndjson");
    let write = |lines: &str| std::fs::write(&file, lines).expect("the file is written");
    let path = file.to_str().expect("a path");
    let create = ["grant", "create", path, "--reason", "a raffle"];

    write(
        "{\"userId\": 17, \"label\": \"raffle\", \"amount\": \"5\", \"coinId\": \"1\"}\n{\"userId\": 18, \"label\": \"raffle\", \"amount\": \"5\", \"coinId\": \"1\"}\n",
    );
    let (code, shown, error) = run(&database, &create).await;
    assert!(
        code == Some(1) && shown.contains("Refused award 2: There is no user"),
        "{shown}"
    );
    assert!(error.contains("No award was made"), "{error}");
    write("{\"userId\": 17}\n");
    let (code, _, error) = run(&database, &create).await;
    assert!(
        code == Some(1) && error.contains("Line 1: the field label is missing"),
        "{error}"
    );

    write("{\"userId\": 17, \"label\": \"raffle\", \"amount\": \"5\", \"coinId\": \"1\"}\n");
    let tried = said(&database, &[&create[..], &["--dry-run"]].concat()).await;
    assert_eq!(tried, "Would grant 1 award: 5.0000 of coin 1. Nothing was changed.\n");
    assert_eq!(
        said(&database, &create).await,
        "Granted grant_1: 1 award: 5.0000 of coin 1.\n"
    );
    let again = said(&database, &create).await;
    assert!(again.contains("grant_1 was requested before"), "{again}");

    let large = [&create[..], &["--key", "k", "--grant-approval-above", "9"]].concat();
    let waits = said(&database, &large).await;
    assert!(waits.contains("newbee grant approve grant_2"), "{waits}");
    let (code, _, error) = run(&database, &["grant", "approve", "grant_2"]).await;
    assert!(code == Some(1) && error.contains("another key"), "{error}");
    let rejected = said(&database, &["grant", "reject", "2", "--reason", "a mistake"]).await;
    assert_eq!(rejected, "Rejected grant_2: no award was made.\n");
    let listed = json(&database, &["grant", "list"]).await;
    assert_eq!(
        (&listed[0]["state"], &listed[1]["state"]),
        (&"REJECTED".into(), &"GRANTED".into())
    );
    let shown = said(&database, &["grant", "show", "grant_1"]).await;
    assert!(shown.contains("raffle") && shown.contains("award_"), "{shown}");
}

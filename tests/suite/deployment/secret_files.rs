//! Secrets in files, as containers and service managers give them.

use std::fs;

use crate::support::app::TEST_DRAW_KEY;
use crate::support::database::TestDatabase;
use crate::support::program::{Program, newbee};

#[tokio::test(flavor = "multi_thread")]
async fn a_process_serves_with_every_secret_in_a_file() {
    let database = TestDatabase::create().await;
    let folder = tempfile::tempdir().unwrap();
    let (url, key) = (folder.path().join("database_url"), folder.path().join("draw_key"));
    fs::write(&url, format!("{}\n", database.url)).unwrap();
    fs::write(&key, format!("{TEST_DRAW_KEY}\r\n")).unwrap();
    let mut command = newbee();
    command
        .args(["serve", "--scheduler", "off"])
        .env("DATABASE_URL_FILE", &url)
        .env("NEWBEE_DRAW_KEY_FILE", &key);
    Program::start(command).await.terminate().await;

    let status = newbee()
        .arg("status")
        .arg("--database-url-file")
        .arg(&url)
        .output()
        .await;
    let status = status.expect("newbee runs");
    assert!(
        String::from_utf8_lossy(&status.stdout).contains("business day"),
        "{status:?}"
    );
}

#[tokio::test]
async fn two_values_and_unreadable_files_are_named_together_without_the_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("draw_key");
    let output = newbee()
        .arg("serve")
        .env("DATABASE_URL", "postgres://newbee:hunter2@localhost/x")
        .env("DATABASE_URL_FILE", folder.path().join("database_url"))
        .env("NEWBEE_DRAW_KEY_FILE", &missing)
        .output()
        .await
        .expect("newbee runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    for part in [
        "DATABASE_URL and DATABASE_URL_FILE (or --database-url, --database-url-file): set one of them",
        &format!(
            "NEWBEE_DRAW_KEY_FILE (or --draw-key-file): {} cannot be read: ",
            missing.display()
        ),
    ] {
        assert!(said.contains(part), "{part} is missing in: {said}");
    }
    assert!(!said.contains("hunter2"), "{said}");
}

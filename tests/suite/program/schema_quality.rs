//! Both schemas by the linters of the field, and what would break clients of the last release.

use std::path::Path;
use std::process::Output;

use tokio::process::Command;

async fn check(arguments: &[&str]) -> Output {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/schema_quality");
    let checked = Command::new("node")
        .arg("check.mjs")
        .args(arguments)
        .current_dir(folder)
        .output()
        .await;
    checked.expect("Node is installed, and tests/run installed the packages")
}

#[tokio::test]
async fn both_schemas_are_clean_and_break_no_client_of_the_last_release() {
    let checked = check(&[]).await;
    let told = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(
        checked.status.success() && told.contains("customer: 0 problem(s)") && told.contains("admin: 0 problem(s)"),
        "{told}{}",
        String::from_utf8_lossy(&checked.stderr)
    );
}

/// What it must find, so that its silence means something.
const BAD: &str = "
type Query {
  \"\"\"
  no sentence
  \"\"\"
  getThing: thing
}

type thing {
  name: String
}

\"\"\"
Nobody can reach it.
\"\"\"
type Lost {
  \"\"\"
  A name.
  \"\"\"
  name: String
}
";

#[tokio::test]
async fn the_check_finds_what_is_bad() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bad.graphql");
    std::fs::write(&file, BAD).unwrap();
    let checked = check(&["--lint", Path::to_str(&file).unwrap()]).await;
    let told = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert_eq!(checked.status.code(), Some(1), "{told}");
    for found in [
        "naming-convention",
        "require-description",
        "no-unreachable-types",
        "no full sentence",
    ] {
        assert!(told.contains(found), "{found} is not found: {told}");
    }
}

//! Both schemas by the linters of the field, and what would break clients of the last release.

use std::path::Path;
use std::process::Output;

use tokio::process::Command;

use crate::support::database::TestDatabase;
use crate::support::program::{Program, newbee, run};

async fn check(arguments: &[&str]) -> Output {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/schema_quality");
    let checked = Command::new("node")
        .arg("check.mjs")
        .args(arguments)
        .current_dir(folder)
        .kill_on_drop(true)
        .output()
        .await;
    checked.expect("Node is installed, and tests/run installed the packages")
}

/// Output and exit code.
async fn told(arguments: &[&str]) -> (String, Option<i32>) {
    let checked = check(arguments).await;
    let text = String::from_utf8_lossy(&checked.stdout).into_owned() + &String::from_utf8_lossy(&checked.stderr);
    (text, checked.status.code())
}

#[tokio::test]
async fn both_schemas_are_clean_and_break_no_client_of_the_last_release() {
    let (told, code) = told(&[]).await;
    assert_eq!(code, Some(0), "{told}");
    assert!(
        told.contains("customer: 0 problem(s)") && told.contains("admin: 0 problem(s)"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_tells_about_itself_is_clean_and_what_the_files_say() {
    let database = TestDatabase::create().await;
    let mut demo = newbee();
    demo.args(["demo", "--scheduler", "off"]).envs(database.environment());
    let program = Program::start(demo).await;
    let (_, made, _) = run(&database, &["key", "create", "schema", "--scope", "ops-read"]).await;
    let key = made.trim();
    for (name, path, key) in [
        ("customer", "graphql", "demo-session-regular"),
        ("admin", "admin/graphql", key),
    ] {
        let url = format!("http://{}/{path}", program.address);
        let (told, code) = told(&["--running", name, &url, key]).await;
        assert!(
            code == Some(0) && told.contains(&format!("{name}: 0 problem(s)")),
            "{told}"
        );
    }
    program.terminate().await;
}

/// Findings that the check must report.
const BAD: &str = "
type Query {
  \"\"\"
  no sentence
  \"\"\"
  getThing: thing
  \"\"\"
  Some other.
  \"\"\"
  other: Other
}

type thing {
  name: String
}

\"\"\"
Something else.
\"\"\"
type Other {
  \"\"\"
  Its name.
  \"\"\"
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
    let (told, code) = told(&["--lint", Path::to_str(&file).unwrap()]).await;
    assert_eq!(code, Some(1), "{told}");
    for found in [
        "naming-convention",
        "require-description",
        "no-unreachable-types",
        "strict-id-in-types",
        "no full sentence",
        "Other.name: says no more than its name",
    ] {
        assert!(told.contains(found), "{found} is not found: {told}");
    }
}

/// A schema with some text in the place of another.
fn changed(schema: &str, from: &str, to: &str) -> String {
    assert!(schema.contains(from), "the schema has no {from:?}");
    schema.replacen(from, to, 1)
}

#[tokio::test]
async fn a_change_that_breaks_clients_is_found_and_a_dangerous_one_is_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let before = std::fs::canonicalize("schema.graphql").unwrap();
    let schema = std::fs::read_to_string(&before).expect("the schema");
    let after = folder.path().join("after.graphql");
    for (from, to, level, said) in [
        ("  timeZone: String!\n", "  zone: String!\n", "breaking", "'timeZone'"),
        (
            "  serverTime: DateTime!\n",
            "  serverTime: DateTime\n",
            "breaking",
            "Clock.serverTime",
        ),
        (
            "    parentCode: String!\n",
            "    parentCode: String!, campaign: ID!\n",
            "breaking",
            "'campaign: ID!'",
        ),
        (
            "type Child implements Node {",
            "type Child {",
            "breaking",
            "'Node' interface",
        ),
        (
            "enum Split {",
            "enum Split {\n  \"A new one.\"\n  LATER",
            "dangerous",
            "'LATER'",
        ),
        (
            "type Clock {",
            "type Clock {\n  \"A new one.\"\n  leapSecond: Boolean",
            "safe",
            "",
        ),
    ] {
        std::fs::write(&after, changed(&schema, from, to)).unwrap();
        let (told, code) = told(&["--changes", before.to_str().unwrap(), after.to_str().unwrap()]).await;
        assert_eq!(code, Some(i32::from(level == "breaking")), "{to}: {told}");
        match level {
            "breaking" => assert!(told.contains("breaking: ") && told.contains(said), "{to}: {told}"),
            "dangerous" => assert!(
                told.contains("warning: dangerous: ") && told.contains(said),
                "{to}: {told}"
            ),
            _ => assert!(
                !told.contains("breaking") && !told.contains("dangerous"),
                "{to}: {told}"
            ),
        }
    }
}

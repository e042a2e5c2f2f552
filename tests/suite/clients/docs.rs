//! The examples of the READMEs in `tests/clients` are those that the other tests run.

use std::path::Path;

use tokio::process::Command;

/// Compares the examples, all or those of a README: whether they are the same, and what was printed.
async fn check(readme: Option<&Path>) -> (bool, String) {
    let output = Command::new("node")
        .args(["docs.mjs", "--check"])
        .args(readme)
        .current_dir(super::FOLDER)
        .output()
        .await
        .expect("Node is installed");
    let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), told)
}

#[tokio::test]
async fn the_examples_of_the_docs_are_the_files_that_run() {
    let (same, told) = check(None).await;
    assert!(same, "{told}");
}

#[tokio::test]
async fn an_example_or_a_version_that_differs_is_found() {
    let source = Path::new(super::FOLDER).join("apollo");
    let readme = std::fs::read_to_string(source.join("README.md")).expect("the docs");
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(&source).expect("the examples") {
        let name = entry.expect("an entry").file_name();
        if name.to_string_lossy().ends_with(".example.mjs") {
            std::fs::copy(source.join(&name), folder.path().join(&name)).expect("a copy");
        }
    }
    let copy = folder.path().join("README.md");
    for (from, to, is_same) in [
        ("", "", true),
        ("relayStylePagination(),", "anotherPagination(),", false),
        ("@apollo/client@4", "@apollo/client@3", false),
    ] {
        std::fs::write(&copy, readme.replacen(from, to, 1)).unwrap();
        let (same, told) = check(Some(&copy)).await;
        assert_eq!(same, is_same, "{from}: {told}");
        assert_eq!(
            told.contains("an example differs from the code that the tests run"),
            !is_same,
            "{from}: {told}"
        );
    }
}

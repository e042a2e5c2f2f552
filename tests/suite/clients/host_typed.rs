//! The typed clients of a host, generated from the committed admin schema: `tests/clients/host`.

use std::path::Path;

use tokio::process::Command;

use super::succeed;
use crate::support::commands::said;
use crate::support::database::TestDatabase;
use crate::support::program::Program;

const TYPESCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/host/typescript");
const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/host/python");
/// Where `tests/setup` installs the packages of the Python client.
const PYTHON_PACKAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/.data/tools/python-client");

/// Python with the packages of the client, in a folder.
fn python(folder: &Path, arguments: &[&str]) -> Command {
    assert!(
        Path::new(PYTHON_PACKAGES).join(".installed").exists(),
        "tests/setup installs the Python packages"
    );
    let mut command = Command::new("python3");
    command
        .args(arguments)
        .current_dir(folder)
        .env("PYTHONPATH", PYTHON_PACKAGES)
        .kill_on_drop(true);
    command
}

/// Writes and checks the client in Python.
async fn build_python() {
    succeed(python(Path::new(PYTHON), &["-m", "ariadne_codegen"])).await;
    succeed(python(Path::new(PYTHON), &["-m", "mypy"])).await;
}

/// Node in the folder of the client in TypeScript.
fn node(arguments: &[&str]) -> Command {
    let mut command = Command::new("node");
    command.args(arguments).current_dir(TYPESCRIPT).kill_on_drop(true);
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clients_in_typescript_and_python_are_checked_and_run() {
    let database = TestDatabase::create().await;
    let (program, ..) = tokio::join!(
        Program::serve(&database, &["--scheduler", "off"]),
        succeed(node(&["build.mjs"])),
        build_python()
    );
    let scopes = [
        "--scope",
        "host",
        "--scope",
        "act",
        "--scope",
        "ops-write",
        "--scope",
        "ops-grant",
    ];
    let key = said(&database, &[&["key", "create", "chat"][..], &scopes].concat()).await;
    let endpoint = [
        "endpoint",
        "create",
        "closed",
        "http://127.0.0.1:9/hooks",
        "--allow-private",
        "--reason",
        "a test",
    ];
    said(&database, &endpoint).await;

    let tests = [
        "--test",
        "--test-reporter=spec",
        "--test-timeout=60000",
        "host.test.mjs",
    ];
    for (mut command, passed) in [
        (node(&tests), "pass 9\n"),
        (python(Path::new(PYTHON), &["host_test.py"]), "Ran 8 tests"),
    ] {
        command
            .env("ADMIN_URL", format!("http://{}/admin/graphql", program.address))
            .env("ADMIN_KEY", key.trim());
        let output = succeed(command).await;
        assert!(output.contains(passed), "not {passed:?}: {output}");
    }
    program.terminate().await;
}

#[tokio::test]
async fn a_document_with_an_unknown_field_generates_no_client() {
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().join("python");
    std::fs::create_dir(&package).unwrap();
    let read = |path: &str| std::fs::read_to_string(Path::new(PYTHON).join(path)).expect("a file");
    let root = env!("CARGO_MANIFEST_DIR");
    let settings = read("pyproject.toml").replace("../../../../src", &format!("{root}/src"));
    std::fs::write(package.join("pyproject.toml"), settings).unwrap();
    let documents = read("../operations.graphql");
    for (field, is_valid) in [("registered\n", true), ("nothing\n", false)] {
        let changed = documents.replacen("registered\n", field, 1);
        std::fs::write(folder.path().join("operations.graphql"), changed).unwrap();
        let output = python(&package, &["-m", "ariadne_codegen"]).output().await.unwrap();
        assert_eq!(output.status.success(), is_valid, "{output:?}");
    }
}

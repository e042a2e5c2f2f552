//! The files in `deploy/`, as far as they can be checked without a container engine: syntax, settings, command lines, paths,
//! and the names by which they refer to each other.

mod compose;
mod containerfile;
mod kubernetes;
mod page;
mod systemd;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use tokio::process::Command;

const PROGRAM: &str = "/usr/local/bin/newbee";

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Environment variables that the program reads.
fn settings() -> BTreeSet<String> {
    fn collect(command: &clap::Command, found: &mut BTreeSet<String>) {
        let variables = command.get_arguments().filter_map(clap::Arg::get_env);
        found.extend(variables.map(|name| name.to_string_lossy().into_owned()));
        command.get_subcommands().for_each(|below| collect(below, found));
    }
    let mut found = BTreeSet::new();
    collect(&newbee::cli::command(), &mut found);
    found
}

fn check_setting(name: &str, place: &str) {
    assert!(settings().contains(name), "{place}: {name} is no setting of newbee");
}

/// Checks a command line, without the program in front.
fn check_arguments<S: AsRef<str>>(arguments: &[S], place: &str) {
    let words = std::iter::once("newbee").chain(arguments.iter().map(AsRef::as_ref));
    if let Err(error) = newbee::cli::command().try_get_matches_from(words) {
        panic!("{place}: {error}");
    }
}

/// Documents of each YAML file.
async fn yaml(paths: &[&str]) -> Vec<Vec<Value>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new("node")
        .arg("yaml.mjs")
        .args(paths.iter().map(|path| root.join(path)))
        .current_dir(root.join("tests/clients/schema_quality"))
        .output()
        .await
        .expect("Node is installed, and tests/run installed the packages");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn texts(list: &Value) -> Vec<&str> {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().map(|text| text.as_str().expect("a text")).collect()
}

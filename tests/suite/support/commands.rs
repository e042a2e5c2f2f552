//! Commands of the real program that succeed.

use serde_json::Value;

use crate::support::database::TestDatabase;
use crate::support::program::run;

/// Output of a command, which must succeed.
pub async fn said(database: &TestDatabase, arguments: &[&str]) -> String {
    let (code, stdout, stderr) = run(database, arguments).await;
    assert_eq!(code, Some(0), "{arguments:?}: {stdout} {stderr}");
    stdout
}

/// The same as JSON.
pub async fn json(database: &TestDatabase, arguments: &[&str]) -> Value {
    let text = said(database, &[arguments, &["--json"]].concat()).await;
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {text}"))
}

/// Registers user 17 with one award of `join_group`, and returns its id.
pub async fn user_with_award(database: &TestDatabase) -> String {
    said(database, &["user", "add", "17", "--name", "Ann", "--code", "ANN2026"]).await;
    let task = [
        "task",
        "record",
        "17",
        "join_group",
        "--target",
        "19",
        "--key",
        "event-1",
    ];
    let recorded = json(database, &task).await;
    recorded["award"]["id"].as_str().expect("an id").to_owned()
}

/// Calls `look` for every command that has no subcommands.
pub fn leaves(command: &clap::Command, path: &[String], look: &mut impl FnMut(&[String], &clap::Command)) {
    let mut has_below = false;
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        has_below = true;
        let path = [path, &[below.get_name().to_owned()]].concat();
        leaves(below, &path, look);
    }
    if !has_below {
        look(path, command);
    }
}

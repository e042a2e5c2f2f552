//! `newbee jobs` by the real program.

use std::process::{Command, Output};

use serde_json::Value;

use crate::support::database::TestDatabase;

/// `newbee jobs …` by the user `ann`.
pub fn command(database: &TestDatabase, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_newbee"));
    command
        .arg("jobs")
        .args(arguments)
        .envs(database.environment())
        .env("USER", "ann");
    command
}

pub fn jobs(database: &TestDatabase, arguments: &[&str]) -> Output {
    command(database, arguments).output().expect("newbee runs")
}

/// JSON output of a command, which must succeed.
pub fn json(database: &TestDatabase, arguments: &[&str]) -> Value {
    let output = jobs(database, &[arguments, &["--json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("it is JSON")
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

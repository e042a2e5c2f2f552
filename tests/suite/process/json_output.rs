//! `--json` of every command that prints a result: the names, ids and times of the API.

use serde_json::Value;

use crate::support::commands::{json, leaves, said, user_with_award};
use crate::support::database::TestDatabase;

#[tokio::test(flavor = "multi_thread")]
async fn json_has_the_names_of_the_api_everywhere() {
    let database = TestDatabase::create().await;
    user_with_award(&database).await;
    said(&database, &["jobs", "run", "settle_awards"]).await;
    for command in [
        ["jobs", "list"].as_slice(),
        &["jobs", "history"],
        &["jobs", "show", "1"],
        &["jobs", "next"],
        &["jobs", "run", "expire_due"],
        &["jobs", "pause", "close_day", "--reason", "x"],
        &["jobs", "resume", "close_day", "--reason", "x"],
        &["award", "list", "--user", "17"],
        &["rule", "list"],
        &["rule", "budgets"],
        &["grant", "list"],
        &["user", "show", "17"],
        &["audit"],
        &["key", "create", "chat", "--scope", "host"],
        &["key", "list"],
        &["key", "revoke", "chat"],
        &["session", "issue", "17"],
        &["session", "revoke", "--user", "17"],
        &["user", "add", "18"],
        &["user", "erase", "18", "--reason", "x"],
        &["task", "record", "17", "join_group", "--target", "9", "--key", "k"],
        &[&WORD[..], &["--dry-run"]].concat(),
        &WORD,
        &["word", "list"],
        &["word", "show", "1"],
        &["word", "claims", "1"],
        &["user", "invitees", "17", "--all"],
        &["word", "end", "1", "--reason", "x"],
        &["endpoint", "create", "chat", "https://1.1.1.1/", "--reason", "x"],
        &["endpoint", "list"],
        &["endpoint", "rotate", "chat", "--reason", "x"],
        &["endpoint", "redeliver", "chat", "event_0", "--reason", "x"],
        &["endpoint", "disable", "chat", "--reason", "x"],
        &["zone", "show"],
        &["day", "bridge", "yesterday", "--reason", "x"],
        &["day", "bridged"],
        &["zone", "change", "Asia/Shanghai", "--reason", "x"],
        &["migrate"],
        &["distribute", "--dry-run"],
    ] {
        let value = json(&database, command).await;
        check_times(&value, command);
        check_names(&value, &mut |name| {
            assert!(
                !name.contains('_') && name.starts_with(|c: char| c.is_lowercase()),
                "{command:?}: {name}"
            );
        });
    }
    let runs = json(&database, &["jobs", "history"]).await;
    assert_eq!(runs[0]["id"], "2", "ids are strings, as in the API");
}

const WORD: [&str; 15] = [
    "word",
    "create",
    "moon",
    "--amount",
    "100",
    "--coin",
    "1",
    "--count",
    "50",
    "--split",
    "fixed",
    "--closes-at",
    "2999-01-01T00:00:00+08:00",
    "--reason",
    "x",
];

/// Commands whose output is no result: servers, a probe, a schema, a script, files and exported lines.
const WITHOUT_RESULT: [&str; 7] = ["demo", "serve", "healthcheck", "schema", "completions", "man", "export"];

#[test]
fn every_command_that_prints_a_result_has_json() {
    let mut command = newbee::cli::command();
    command.build();
    let mut without = Vec::new();
    leaves(&command, &[], &mut |path, command| {
        if !command.get_arguments().any(|arg| arg.get_long() == Some("json")) {
            without.push(path.join(" "));
        }
    });
    without.sort_unstable();
    let mut expected = WITHOUT_RESULT;
    expected.sort_unstable();
    assert_eq!(without, expected);
}

/// Checks that every time is written as the API does: in UTC, with milliseconds.
fn check_times(value: &Value, command: &[&str]) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| check_times(value, command)),
        Value::Object(fields) => {
            for (name, value) in fields {
                if let Some(text) = value.as_str().filter(|_| name == "at" || name.ends_with("At")) {
                    assert!(
                        text.len() == "2026-11-22T00:00:00.000Z".len() && text.ends_with('Z'),
                        "{command:?}: {name} {text}"
                    );
                }
                if !["report", "progress", "before", "after"].contains(&name.as_str()) {
                    check_times(value, command);
                }
            }
        }
        _ => {}
    }
}

/// Looks at every name of a value, except within what jobs and the audit log keep as they wrote it.
fn check_names(value: &Value, look: &mut impl FnMut(&str)) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| check_names(value, look)),
        Value::Object(fields) => {
            for (name, value) in fields {
                look(name);
                if !["report", "progress", "before", "after"].contains(&name.as_str()) {
                    check_names(value, look);
                }
            }
        }
        _ => {}
    }
}

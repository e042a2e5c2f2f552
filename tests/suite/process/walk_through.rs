//! The walk-through in `src/demo/README.md`, run as written.

use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use tokio::process::Command;

use crate::support::database::TestDatabase;
use crate::support::free_port;
use crate::support::program::{Program, newbee};

/// Separator between the outputs of two steps.
const SEPARATOR: char = '\u{1e}';

/// Stands in the page for what differs from run to run.
const ANYTHING: &str = "…";

/// A command of the walk-through, and the reply that it shows.
struct Step {
    command: String,
    reply: Option<String>,
}

/// Returns the text of the walk-through.
fn walk_through() -> String {
    std::fs::read_to_string("src/demo/README.md").expect("the walk-through")
}

/// The code blocks of a text: `sh` to be run, and `json` that such a one answers; `text` is only to be read.
fn steps(section: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut blocks = section.split("```");
    // Text and blocks take turns.
    while let (Some(_text), Some(block)) = (blocks.next(), blocks.next()) {
        let (kind, content) = block.split_once('\n').expect("a block has lines");
        match kind {
            "sh" => steps.push(Step {
                command: content.to_owned(),
                reply: None,
            }),
            "json" => {
                let step = steps.last_mut().expect("a reply follows its command");
                assert!(
                    step.reply.replace(content.to_owned()).is_none(),
                    "two replies: {content}"
                );
            }
            "text" => {}
            other => panic!("a {other:?} block cannot be run"),
        }
    }
    steps
}

/// Whether a value is what is written; `"…"` fits anything, and texts may hold it for a part of them.
fn fits(written: &Value, value: &Value) -> bool {
    match (written, value) {
        (Value::String(text), _) if text == ANYTHING => !value.is_null(),
        (Value::String(text), Value::String(got)) => match text.split_once(ANYTHING) {
            Some((before, after)) => got.starts_with(before) && got.ends_with(after),
            None => text == got,
        },
        (Value::Array(written), Value::Array(values)) => {
            written.len() == values.len() && written.iter().zip(values).all(|(written, value)| fits(written, value))
        }
        (Value::Object(written), Value::Object(values)) => {
            written.keys().eq(values.keys()) && written.iter().all(|(name, written)| fits(written, &values[name]))
        }
        _ => written == value,
    }
}

/// Output of each step, and the standard error, against a server; `prelude` runs before the steps. The environment names
/// the database.
async fn run(
    environment: impl Iterator<Item = (&str, &str)>,
    program: &Program,
    prelude: &str,
    steps: &[Step],
) -> (Vec<String>, String) {
    let script: String = steps
        .iter()
        .map(|step| format!("{}\nprintf '{SEPARATOR}'\n", step.command))
        .collect();
    // A host that a step started is ended when a later step fails.
    let script = format!("trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n{prelude}\n{script}");
    let binary = newbee().as_std().get_program().to_owned();
    let folder = Path::new(&binary).parent().expect("a folder").to_owned();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").expect("a PATH"));
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .env("PATH", path)
        .envs(environment)
        .env("SERVICE", format!("http://{}", program.address))
        .env("PORT", free_port().to_string())
        .env_remove("NEWBEE_TIME_ZONE")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("bash runs");
    let (stdout, stderr) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{stdout}\n{stderr}");
    let outputs: Vec<String> = stdout.split(SEPARATOR).map(str::to_owned).collect();
    assert_eq!(outputs.len(), steps.len() + 1, "{stdout}\n{stderr}");
    (outputs, stderr.into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_step_answers_as_the_page_says() {
    let database = TestDatabase::create().await;
    let mut demo = newbee();
    demo.args(["demo", "--scheduler", "off"]).envs(database.environment());
    let program = Program::start(demo).await;
    every_step_answers(&program, &database.url, &database.direct_url).await;
    program.terminate().await;
}

/// Runs every step twice, and compares the replies with those of the page. Imports use `owner_url`. The feed of changes must
/// have a closed day.
pub async fn every_step_answers(program: &Program, url: &str, owner_url: &str) {
    let steps = steps(&walk_through());
    let prelude = format!(
        "newbee() {{ if [ \"$1\" = import ]; then DATABASE_URL='{owner_url}' command newbee \"$@\"; else command newbee \"$@\"; fi; }}"
    );
    // A reader may repeat it on the same demo.
    for time in ["first", "second"] {
        let (outputs, stderr) = run([("DATABASE_URL", url)].into_iter(), program, &prelude, &steps).await;
        for (step, output) in steps.iter().zip(outputs) {
            let Some(reply) = &step.reply else { continue };
            let written: Value = serde_json::from_str(reply).unwrap_or_else(|error| panic!("{error}: {reply}"));
            let got: Value =
                serde_json::from_str(&output).unwrap_or_else(|error| panic!("{error}: {output}\n{stderr}"));
            assert!(
                fits(&written, &got),
                "{time} time: {}\nwritten: {written}\nanswered: {got}",
                step.command
            );
        }
    }
    assert!(steps.iter().filter(|step| step.reply.is_some()).count() >= 25);
}

/// Runs the first block of the walk-through and then `more`: whether it succeeded, and its standard error.
async fn after_the_first_step(more: &str, service: &str) -> (bool, String) {
    let first = steps(&walk_through()).swap_remove(0).command;
    // The command line is a stand-in: no key can be created.
    let script = format!("newbee() {{ return 1; }}\n{first}\n{more}");
    let output = Command::new("bash")
        .args(["-c", &script])
        .env("SERVICE", service)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("bash runs");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), stderr)
}

#[tokio::test]
async fn a_step_after_a_failed_one_names_the_cause() {
    let (succeeded, stderr) =
        after_the_first_step("ask /graphql \"$ADMIN\" '{ __typename }'", "http://127.0.0.1:9").await;
    assert!(
        !succeeded && stderr.contains("no key: an earlier step failed"),
        "{stderr}"
    );
    let (succeeded, stderr) =
        after_the_first_step("ask /graphql some-key '{ __typename }'", "http://127.0.0.1:9").await;
    assert!(!succeeded && stderr.contains("curl:"), "{stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_runbook_does_what_it_says() {
    let database = TestDatabase::create().await;
    let steps = steps(&std::fs::read_to_string("jobs/README.md").expect("the runbook"));
    assert!(steps.len() >= 20);
    let program = Program::serve(&database, &["--scheduler", "off"]).await;
    let (outputs, _) = run(database.environment(), &program, "", &steps).await;
    program.terminate().await;
    for (step, output) in steps.iter().zip(&outputs) {
        let said = |word: &str| {
            assert!(
                output.contains(word),
                "{} does not say {word:?}: {output}",
                step.command
            );
        };
        for command in step.command.lines() {
            let words: Vec<&str> = command.split_whitespace().skip(1).take(2).collect();
            match words.as_slice() {
                ["jobs", "list"] => said("BACKLOG"),
                ["jobs", "next"] => said("DUE (LOCAL)"),
                ["jobs", "run" | "backfill"] => said("SUCCEEDED"),
                ["jobs", "reopen-days"] => said("Nothing was changed"),
                ["jobs", "pause"] => said("Paused"),
                ["jobs", "resume"] => {}
                ["jobs", "history"] => {
                    let is_empty = ["No job has run yet", "No run matches", "not shown"];
                    if !is_empty.iter().any(|none| output.contains(none)) {
                        said(if command.contains("--json") {
                            "\"scheduledFor\""
                        } else {
                            "RUN"
                        });
                    }
                }
                ["jobs", "show"] => said("settle_awards"),
                ["key", "list"] => {}
                ["serve", "--help"] => said("--address-rate"),
                ["status", ..] => said("business day"),
                ["award", "parked"] => said("No award is parked"),
                ["award", "list", ..] | ["rule", "budgets"] => {}
                ["books", ..] => said("the books balance"),
                ["word", "list"] => said("There are no word campaigns"),
                ["endpoint", "list"] => said("There are no endpoints"),
                ["audit", ..] => {}
                ["migrate"] => said("0 migrations"),
                other => panic!("{other:?} is no command of the runbook"),
            }
        }
    }
}

#[test]
fn the_runbook_explains_every_check_of_an_audit() {
    let runbook = std::fs::read_to_string("jobs/README.md").expect("the runbook");
    let (_, section) = runbook.split_once("### NewbeeLedgerViolations").expect("its section");
    for check in newbee::store::book_audits::checks::all() {
        assert!(
            section.contains(check.name),
            "jobs/README.md does not explain: {}",
            check.name
        );
    }
}

/// A value for each word that stands in the runbook for one.
const PLACEHOLDERS: [(&str, &str); 9] = [
    ("NAME_OR_CODE", "ann"),
    ("YYYY-MM-DD", "2026-11-22"),
    ("ROUND", "1000"),
    ("AWARD", "award_22"),
    ("USER", "17"),
    ("ITEM", "join_group"),
    ("JOB", "close_day"),
    ("RUN", "4711"),
    ("ID", "7"),
];

#[test]
fn every_command_that_is_only_shown_is_one_of_the_program() {
    let runbook = std::fs::read_to_string("jobs/README.md").expect("the runbook");
    let mut parsed = 0;
    for block in runbook.split("```text\n").skip(1) {
        let block = block.split("```").next().expect("a block");
        // What a pipe feeds to a command is another program's.
        let commands = block
            .lines()
            .flat_map(|line| line.split(" | "))
            .filter(|part| part.starts_with("newbee "));
        for command in commands {
            let filled = PLACEHOLDERS
                .iter()
                .fold(command.to_owned(), |text, (name, value)| text.replace(name, value));
            let words = filled
                .split('\'')
                .enumerate()
                .flat_map(|(place, part)| match place % 2 {
                    0 => part.split_whitespace().collect(),
                    _ => vec![part],
                });
            let outcome = newbee::cli::command().try_get_matches_from(words);
            let is_help = |error: &clap::Error| error.kind() == clap::error::ErrorKind::DisplayHelp;
            assert!(
                outcome.as_ref().map_or_else(is_help, |_| true),
                "{command}: {}",
                outcome.unwrap_err()
            );
            parsed += 1;
        }
    }
    assert!(parsed >= 20, "{parsed}");
}

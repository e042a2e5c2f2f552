//! Every command with a standard output that is closed or full: an error and an exit code, never a panic.

use std::fs::OpenOptions;
use std::io::Write;
use std::process::{Output, Stdio};

use crate::support::app::TEST_DRAW_KEY;
use crate::support::database::TestDatabase;
use crate::support::program::{newbee, run};

/// A command that writes to standard output, and succeeds where it can be written: `{n}` is another number at each run.
/// Commands that prepare something for later ones come before them.
const COMMANDS: &[(&str, &str)] = &[
    ("migrate", ""),
    ("distribute --dry-run", ""),
    ("schema", ""),
    ("completions bash", ""),
    ("status", ""),
    ("key create key-{n} --scope host", ""),
    ("key list", ""),
    ("key revoke key-0", ""),
    ("user add 10{n} --name Ann", ""),
    ("user find Ann", ""),
    ("user show 100", ""),
    ("session issue 100", ""),
    ("session register 100", "a-session-key-of-the-host-{n}"),
    ("session revoke --user 100", ""),
    ("task record 100 join_group --target 1{n} --key event-{n}", ""),
    ("award parked", ""),
    ("award list --user 100", ""),
    ("award show {award}", ""),
    ("award retry {award} --reason test --dry-run", ""),
    ("award void {award} --reason test --dry-run", ""),
    ("award reverse {award} --reason test --dry-run", ""),
    (
        "grant create - --reason test --grant-approval-above 0",
        r#"{"userId": "100", "label": "gift {n}", "amount": "5", "coinId": "1"}"#,
    ),
    ("grant list", ""),
    ("grant show 1", ""),
    ("grant reject 1 --reason test", ""),
    ("user invitees 100", ""),
    ("rule list", ""),
    ("rule budgets", ""),
    ("rule show join_group", ""),
    ("rule set join_group --amount 1{n} --reason test", ""),
    ("reservation create campaign{n} --reason test", ""),
    (
        "word create word{n} --amount 1 --coin 1 --count 2 --split fixed --closes-at 2999-01-01T00:00:00Z --reason test",
        "",
    ),
    ("word list", ""),
    ("word show 1", ""),
    ("word show word0", ""),
    ("word claims 1", ""),
    ("word end 1 --reason test", ""),
    ("user export 100", ""),
    ("user erase 10{n} --reason test", ""),
    ("reservation list", ""),
    ("reservation show campaign0", ""),
    ("reservation places campaign0", ""),
    ("reservation change campaign0 --capacity 1{n} --reason test", ""),
    ("reservation launch campaign0 --reason test", ""),
    ("jobs list", ""),
    ("jobs next", ""),
    ("jobs run settle_awards", ""),
    ("jobs history", ""),
    ("jobs show 1", ""),
    ("jobs backfill audit_books --from yesterday --to yesterday", ""),
    ("jobs pause close_day --reason test", ""),
    ("jobs resume close_day --reason test", ""),
    ("jobs cancel {run}", ""),
    ("import - --dry-run", ""),
    (
        "import -",
        "{\"type\":\"user\",\"userId\":7{n},\"createdAt\":1573986332}\n",
    ),
    ("export", ""),
    ("endpoint create hook{n} https://1.1.1.1/ --reason test", ""),
    ("endpoint list", ""),
    ("endpoint rotate hook0 --reason test", ""),
    ("endpoint redeliver hook0 event_0 --reason test", ""),
    ("endpoint disable hook0 --reason test", ""),
    ("endpoint enable hook0 --reason test", ""),
    ("zone show", ""),
    ("day bridge yesterday --reason test", ""),
    ("day bridged", ""),
    ("books", ""),
    ("audit", ""),
    ("--help", ""),
    ("--version", ""),
    ("help", ""),
    ("jobs run --help", ""),
];

/// Commands that are not tried here: those that serve or write files, and those that need a server, a published draw, a round of drand, a second author, a stored zone
/// or days that were closed by mistake.
const ELSEWHERE: [&str; 10] = [
    "demo",
    "serve",
    "healthcheck",
    "man",
    "endpoint test",
    "word beacon",
    "word verify",
    "zone change",
    "jobs reopen-days",
    "grant approve",
];

/// Kinds of standard output.
#[derive(Clone, Copy, Debug)]
enum Sink {
    /// A pipe whose reader has gone, as in `newbee … | true`.
    Closed,
    /// No space is left, as in `newbee … > /dev/full`.
    Full,
}

impl Sink {
    fn open(self) -> Stdio {
        match self {
            Self::Closed => {
                let (reader, writer) = std::io::pipe().expect("a pipe");
                drop(reader);
                writer.into()
            }
            Self::Full => OpenOptions::new()
                .write(true)
                .open("/dev/full")
                .expect("/dev/full")
                .into(),
        }
    }
}

async fn run_to(database: &TestDatabase, command: &str, input: &str, output: Stdio) -> Output {
    let mut input_file = tempfile::tempfile().expect("a file");
    input_file.write_all(input.as_bytes()).expect("it is written");
    std::io::Seek::rewind(&mut input_file).expect("it is rewound");
    newbee()
        .args(command.split(' '))
        .envs(database.environment())
        .env("NEWBEE_DRAW_KEY", TEST_DRAW_KEY)
        .stdin(input_file)
        .stdout(output)
        .stderr(Stdio::piped())
        .spawn()
        .expect("newbee starts")
        .wait_with_output()
        .await
        .expect("newbee ends")
}

fn filled(text: &str, number: usize, award: &str, run: &str) -> String {
    text.replace("{n}", &number.to_string())
        .replace("{award}", award)
        .replace("{run}", run)
}

/// A queued run, to be cancelled.
async fn queue_a_run(database: &TestDatabase, number: usize) -> String {
    let run: i64 = sqlx::query_scalar(
        "insert into job_runs (job, run_key, origin, scheduled_for, requested_by, created_at)
         values ('settle_awards', $1, 'MANUAL', '2026-11-20Z', 'test', '2026-11-20Z') returning run_id",
    )
    .bind(format!("test {number}"))
    .fetch_one(&database.pool())
    .await
    .expect("a queued run");
    run.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_command_panics_or_succeeds_when_its_output_cannot_be_written() {
    let database = TestDatabase::create().await;
    let mut award = String::new();
    for (command, input) in COMMANDS {
        let cancelled = match command.contains("{run}") {
            true => queue_a_run(&database, 0).await,
            false => String::new(),
        };
        let arguments = filled(command, 0, &award, &cancelled);
        let output = run_to(&database, &arguments, &filled(input, 0, "", ""), Stdio::piped()).await;
        let (stdout, stderr) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        let shows_trouble = arguments == "status" && output.status.code() == Some(1);
        assert!(
            output.status.code() == Some(0) || shows_trouble,
            "{arguments}: {stdout} {stderr}"
        );
        assert!(!stdout.is_empty(), "{arguments} says nothing");
        assert!(
            stdout.lines().all(|line| line == line.trim_end()) && !stdout.starts_with('\n'),
            "{arguments} prints blanks at the ends of lines or an empty first line: {stdout:?}"
        );
        if command.starts_with("task record") {
            award = stdout
                .split_once("award_")
                .expect("its award")
                .1
                .split(':')
                .next()
                .unwrap_or("")
                .to_owned();
        }
        for (number, sink) in [(1, Sink::Closed), (2, Sink::Full)] {
            let cancelled = match command.contains("{run}") {
                true => queue_a_run(&database, number).await,
                false => String::new(),
            };
            let arguments = filled(command, number, &award, &cancelled);
            let output = run_to(&database, &arguments, &filled(input, number, "", ""), sink.open()).await;
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{arguments} to {sink:?}: {stderr}");
            assert!(
                stderr.contains("Standard output") && !stderr.contains("panicked"),
                "{arguments} to {sink:?}: {stderr}"
            );
        }
    }
}

#[test]
fn every_command_is_in_the_table() {
    fn leaves(command: &clap::Command, path: &str, found: &mut Vec<String>) {
        let mut below = command
            .get_subcommands()
            .filter(|below| below.get_name() != "help")
            .peekable();
        if below.peek().is_none() {
            found.push(path.trim_start().to_owned());
        }
        for command in below {
            leaves(command, &format!("{path} {}", command.get_name()), found);
        }
    }
    let mut all = Vec::new();
    leaves(&newbee::cli::command(), "", &mut all);
    for path in all.iter().filter(|path| !ELSEWHERE.contains(&path.as_str())) {
        assert!(
            COMMANDS
                .iter()
                .any(|(command, _)| command == path || command.starts_with(&format!("{path} "))),
            "add a line to COMMANDS for: newbee {path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_cannot_be_shown_is_not_kept() {
    let database = TestDatabase::create().await;
    let (code, ..) = run(&database, &["user", "add", "17"]).await;
    assert_eq!(code, Some(0));
    let count = async |statement: &'static str| -> i64 {
        sqlx::query_scalar(statement)
            .fetch_one(&database.pool())
            .await
            .expect("a count")
    };
    let keys = "select (select count(*) from api_keys) + (select count(*) from sessions)";
    let changes = "select count(*) from audit_log";
    let before = count(changes).await;
    for command in [
        "key create chat --scope host",
        "key create chat --scope host --json",
        "session issue 17",
    ] {
        for output in [Sink::Closed.open(), Sink::Full.open(), Stdio::null()] {
            let output = run_to(&database, command, "", output).await;
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{command}: {stderr}");
            assert!(
                stderr.contains("not created") || stderr.contains("Nothing was created"),
                "{command}: {stderr}"
            );
            assert_eq!((count(keys).await, count(changes).await), (0, before), "{command}");
        }
    }
    let (code, key, _) = run(&database, &["key", "create", "chat", "--scope", "host"]).await;
    assert!(
        code == Some(0) && key.trim().len() > 40,
        "the name is still free: {key}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_standard_error_is_no_panic_either() {
    let database = TestDatabase::create().await;
    let full = || OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    for (arguments, code) in [
        (["jobs", "list"].as_slice(), 0),
        (&["jobs", "run", "settle_awards"], 0),
        (&["jobs", "show", "4711"], 1),
        (&["no-such-command"], 2),
    ] {
        let status = newbee()
            .args(arguments)
            .envs(database.environment())
            .stdout(Stdio::null())
            .stderr(full())
            .status()
            .await
            .expect("newbee runs");
        assert_eq!(status.code(), Some(code), "{arguments:?}");
    }
}

/// Runs a command on a terminal of its own, and returns what it printed there.
async fn on_a_terminal(database: &TestDatabase, command: &str, variables: &[(&str, &str)]) -> String {
    let program = newbee();
    let binary = program.as_std().get_program().to_string_lossy().into_owned();
    let mut terminal = tokio::process::Command::new("script");
    terminal
        .args(["-qefc", &format!("'{binary}' {command}"), "/dev/null"])
        .env_remove("NO_COLOR")
        .env_remove("NEWBEE_LOG")
        .env("TERM", "xterm-256color")
        .envs(database.environment())
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = terminal.output().await.expect("script of util-linux runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_shows_no_log_unless_asked_and_colours_only_where_they_are_wanted() {
    let database = TestDatabase::create().await;
    let run = "jobs run settle_awards";
    let quiet = on_a_terminal(&database, run, &[]).await;
    assert!(quiet.contains("SUCCEEDED") && !quiet.contains("run started"), "{quiet}");
    let escape = "\u{1b}[";
    let coloured = on_a_terminal(&database, run, &[("NEWBEE_LOG", "info")]).await;
    assert!(
        coloured.contains("run started") && coloured.contains(escape),
        "{coloured}"
    );
    for plain in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let log = on_a_terminal(&database, run, &[("NEWBEE_LOG", "info"), plain]).await;
        assert!(log.contains("run started"), "{log}");
        // Colours end with m; a progress bar may still move the cursor where the terminal can.
        let colours = log.split(escape).skip(1).filter(|rest| {
            let end = rest.find(|c: char| c.is_ascii_alphabetic());
            end.is_some_and(|end| rest[end..].starts_with('m'))
        });
        assert_eq!(colours.count(), 0, "{plain:?}: {log:?}");
        assert!(plain.0 != "TERM" || !log.contains(escape), "{log:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_reports_a_wrong_configuration() {
    let database = TestDatabase::create().await;
    for (command, input) in COMMANDS
        .iter()
        .filter(|(command, _)| !command.contains("help") && *command != "--version")
    {
        let arguments = filled(command, 9, "1", "1");
        let output = newbee()
            .args(arguments.split(' '))
            .envs(database.environment())
            .env("NEWBEE_LISTN", "1")
            .output()
            .await
            .expect("newbee runs");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments} {input}: {stderr}");
        assert!(
            stderr.contains("NEWBEE_LISTN") && output.stdout.is_empty(),
            "{arguments}: {stderr}"
        );
    }
}

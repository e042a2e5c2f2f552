//! The GraphQL clients that frontends use, each against a demo of its own: `tests/clients/real`.

mod apollo;
mod docs;
mod host;
mod host_typed;
mod live;
mod relay;
mod typed;
mod urql;

use tokio::process::Command;

use crate::support::database::TestDatabase;
use crate::support::program::{Program, newbee};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/real");

/// `newbee demo` on a test's database, where nothing is settled unless it is asked for.
fn demo(database: &TestDatabase) -> Command {
    let mut command = newbee();
    command
        .args(["demo", "--scheduler", "off"])
        .envs(database.environment());
    command
}

/// Node in the folder of the clients.
fn node(arguments: &[&str]) -> Command {
    let mut command = Command::new("node");
    command.args(arguments).current_dir(FOLDER).kill_on_drop(true);
    command
}

/// Runs a command to its end, which has to be a success, and returns what it printed.
async fn succeed(mut command: Command) -> String {
    let output = command
        .output()
        .await
        .expect("Node is installed, and tests/run installed the packages");
    let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    told
}

/// Runs a file of tests against a demo. All of them pass, and there are as many as there have to be.
async fn pass(database: &TestDatabase, program: &Program, file: &str, tests: usize) {
    // Some clients keep timers for minutes, so the process is ended when its tests are.
    let mut command = node(&[
        "--test",
        "--test-reporter=spec",
        "--test-timeout=60000",
        "--test-force-exit",
    ]);
    command
        .arg(file)
        .env("GRAPHQL_URL", program.url())
        .env("SERVER_PROGRAM", newbee().as_std().get_program())
        .envs(database.environment());
    let told = succeed(command).await;
    assert!(
        told.contains(&format!("pass {tests}\n")),
        "not {tests} tests passed: {told}"
    );
}

/// Runs files of tests, one after the other, against a new demo.
async fn pass_on_a_new_demo(files: &[(&str, usize)]) {
    let database = TestDatabase::create().await;
    let program = Program::start(demo(&database)).await;
    for (file, tests) in files {
        pass(&database, &program, file, *tests).await;
    }
    program.terminate().await;
}

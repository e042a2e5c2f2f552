//! The GraphQL clients that frontends use, each against a demo of its own: `tests/clients/real`.

mod apollo;
mod docs;
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
        .env("DATABASE_URL", &database.url);
    command
}

/// Runs node in the folder of the clients, with the server in its environment, and returns what it printed.
async fn node(database: &TestDatabase, program: &Program, arguments: &[&str]) -> String {
    let output = Command::new("node")
        .args(arguments)
        .current_dir(FOLDER)
        .env("GRAPHQL_URL", program.url())
        .env("SERVER_PROGRAM", newbee().as_std().get_program())
        .env("DATABASE_URL", &database.url)
        .kill_on_drop(true)
        .output()
        .await
        .expect("Node is installed, and tests/run installed the packages");
    let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    told
}

/// Runs a file of tests, all of which have to pass: so many that none is left out.
async fn pass(database: &TestDatabase, program: &Program, file: &str, tests: usize) {
    let told = node(database, program, &["--test", "--test-reporter=spec", "--test-timeout=60000", "--test-force-exit", file]).await;
    assert!(told.contains(&format!("pass {tests}\n")), "not {tests} tests passed: {told}");
}

/// The whole of a client's tests on a new demo.
async fn passes_on_a_new_demo(file: &str, tests: usize) {
    let database = TestDatabase::create().await;
    let program = Program::start(demo(&database)).await;
    pass(&database, &program, file, tests).await;
    program.terminate().await;
}

//! GraphQL over HTTP, by the audits of the npm package `graphql-http`: all of them, MUST, SHOULD and MAY;
//! and what they leave out.

use tokio::process::Command;

use crate::support::database::TestDatabase;
use crate::support::program::Program;

#[tokio::test]
async fn every_audit_of_graphql_over_http_passes_on_the_real_server() {
    let database = TestDatabase::create().await;
    // The audits ask for types by variables.
    let program = Program::serve(&database, &["--scheduler", "off", "--introspection", "on"]).await;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/graphql_http_audit");
    for (script, last_line) in [
        ("audit.mjs", "61 passed, 0 failed"),
        ("extra.mjs", "14 passed, 0 failed"),
    ] {
        let mut node = Command::new("node");
        let audit = node.arg(script).arg(program.url()).current_dir(folder).output().await;
        let audit = audit.expect("Node is installed, and tests/run installed the packages");
        let told = String::from_utf8_lossy(&audit.stdout);
        assert!(audit.status.success() && told.contains(last_line), "{told}");
    }
    program.terminate().await;
}

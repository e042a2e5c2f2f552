//! The audits of the npm package `graphql-http`, all of them: MUST, SHOULD and MAY; and what they leave out.

use std::process::Stdio;

use tokio::process::Command;

use crate::transport::support::Server;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/graphql_http_audit");

#[tokio::test]
async fn all_audits_of_graphql_over_http_pass() {
    if !std::path::Path::new(FOLDER).join("node_modules/graphql-http").exists() {
        run(Command::new("npm").args(["ci", "--no-audit", "--no-fund"])).await;
    }
    let server = Server::start().await;
    let told = run(Command::new("node").arg("audit.mjs").arg(server.url("/graphql"))).await;
    println!("{told}");
    assert!(told.contains("61 passed, 0 failed"), "{told}");
    let told = run(Command::new("node").arg("extra.mjs").arg(server.url("/graphql"))).await;
    println!("{told}");
    assert!(told.contains("14 passed, 0 failed"), "{told}");
}

/// Runs a tool in the folder of the audits; what it prints is in the panic when it fails.
async fn run(command: &mut Command) -> String {
    let output = command
        .current_dir(FOLDER)
        .stdin(Stdio::null())
        .output()
        .await
        .expect("Node 20.19 or newer is installed");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{told}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    told
}

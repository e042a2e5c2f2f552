//! How many whole `me` queries a second, and what each costs in CPU: this server beside a build of the same server in which
//! each field queries for itself (feature `per-field-reads`). Both run in one go, in turns, on the same database.
//!
//! `cargo bench --bench reads`. Needs wrk (apt-get install -y wrk) and Linux, for its /proc. `cargo bench --bench reads --
//! acts` measures calls of `actForUsers` instead, without wrk.

mod acts;
mod cpu;
mod database;
mod server;

use std::path::{Path, PathBuf};
use std::process::Command;

use database::Database;
use server::{Figures, Server};

const CONNECTIONS: [u32; 3] = [1, 32, 128];
const ROUNDS: usize = 3;
const WAYS: [&str; 2] = ["per field", "batched"];

#[tokio::main]
async fn main() {
    // `cargo test --benches` would start it too.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    if std::env::args().any(|argument| argument == "acts") {
        acts::measure(Path::new(env!("CARGO_BIN_EXE_newbee"))).await;
        return;
    }
    let programs = build_both();
    println!("filling a database with {} users", database::USERS);
    let database = Database::fill().await;

    let mut measured: Vec<[Vec<Figures>; 2]> = CONNECTIONS.iter().map(|_| Default::default()).collect();
    for round in 1..=ROUNDS {
        for (place, connections) in CONNECTIONS.into_iter().enumerate() {
            for (way, program) in programs.iter().enumerate() {
                println!("round {round}/{ROUNDS}: {connections} connections, {}", WAYS[way]);
                let server = Server::start(program, &database).await;
                server.load(connections, 2);
                measured[place][way].push(server.measure(connections, 6, &database));
                server.stop();
            }
        }
    }
    println!("\nMedians of {ROUNDS} rounds. CPU in microseconds a request, server + Postgres.\n");
    println!("| connections | way | requests/s | CPU | p50 ms | requests/s ratio | CPU ratio |");
    println!("|---:|---|---:|---:|---:|---:|---:|");
    for (connections, [naive, batched]) in CONNECTIONS.into_iter().zip(&measured) {
        let (naive, batched) = (Figures::median(naive), Figures::median(batched));
        println!("| {connections} | {} | {naive} | 1 | 1 |", WAYS[0]);
        println!(
            "| {connections} | {} | {batched} | {:.1} | {:.1} |",
            WAYS[1],
            batched.requests_a_second / naive.requests_a_second,
            naive.cpu() / batched.cpu()
        );
    }
    database.postgres.stop().await.expect("Postgres stops");
}

/// Both builds, copied aside: they have the same name in the target folder.
fn build_both() -> [PathBuf; 2] {
    let built = Path::new(env!("CARGO_BIN_EXE_newbee"));
    let folder = built.parent().expect("the target folder").join("bench-reads");
    std::fs::create_dir_all(&folder).expect("a folder for both builds");
    let copy = |name: &str| {
        let path = folder.join(name);
        std::fs::copy(built, &path).expect("the build can be copied");
        path
    };
    let batched = copy("batched");
    println!("building the same server with each field for itself");
    let cargo = |features: &[&str]| {
        let status = Command::new(env!("CARGO"))
            .args(["build", "--release", "--bin", "newbee"])
            .args(features)
            .status();
        assert!(status.expect("cargo runs").success());
    };
    cargo(&["--features", "per-field-reads"]);
    let naive = copy("per-field");
    cargo(&[]);
    [naive, batched]
}

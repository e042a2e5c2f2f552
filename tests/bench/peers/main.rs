//! newbee beside the servers that a user would run instead: async-graphql, Mercurius and PostGraphile, on equal data, in
//! turns in one run. Prints requests per second, latency, CPU time and write-ahead log per request, and the ratios.
//!
//! `cargo bench --bench peers`; `-- --help` lists the options. See README.md in this folder.

mod answers;
#[path = "../cpu.rs"]
mod cpu;
mod database;
mod load;
mod measurement;
mod report;
mod server;
mod target;
mod work;

use std::path::PathBuf;

use clap::Parser;

use database::Database;
use measurement::Measurement;
use server::Server;
use work::{Kind, Work};

/// Measures newbee and other servers in turns.
#[derive(Parser)]
struct Options {
    /// Rounds; in each, every server does all work
    #[arg(long, default_value = "5")]
    rounds: usize,
    /// Seconds of a measurement
    #[arg(long, default_value = "5")]
    seconds: u32,
    /// Number of users; they have 15 awards each on average
    #[arg(long, default_value = "100000")]
    users: u32,
    /// Servers to measure, by the beginnings of their names, such as newbee,mercurius
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    only: Vec<String>,
    /// Work to do
    #[arg(long, value_delimiter = ',', value_enum)]
    work: Vec<Kind>,
    /// newbee program to measure, instead of the one that was just built
    #[arg(long, value_name = "PATH", default_value = env!("CARGO_BIN_EXE_newbee"))]
    program: PathBuf,
    /// Passed by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() {
    // `cargo test --benches` would start it too.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let options = Options::parse();
    assert!(
        options.rounds > 0 && options.users >= 1_000,
        "at least one round and 1,000 users"
    );
    let folder = target::folder();
    let targets = target::build(&options.program, &options.only, &folder);
    let works: Vec<Work> = work::ALL
        .into_iter()
        .filter(|work| options.work.is_empty() || options.work.contains(&work.kind))
        .collect();
    let database = Database::fill(&folder, options.users).await;
    let mut measured: Vec<Measurement> = Vec::new();
    for round in 0..options.rounds {
        let mut servers = Vec::new();
        for target in &targets {
            servers.push(Server::start(target, &database, &folder).await);
        }
        if round == 0 {
            answers::compare(&servers, options.users).await;
        }
        for work in &works {
            for place in 0..servers.len() {
                let server = &servers[(place + round) % servers.len()];
                let measurement = measurement::measure(server, *work, round, &database, &options).await;
                eprintln!("round {}/{}: {measurement}", round + 1, options.rounds);
                measured.push(measurement);
            }
        }
        servers.into_iter().for_each(Server::stop);
    }
    report::print(&measured, &works, &targets, &options);
    database.stop().await;
}

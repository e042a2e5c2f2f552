//! newbee beside the servers that a user would run instead: async-graphql, Mercurius and PostGraphile, on equal data, in
//! turns in one run. Prints requests per second, latency, CPU time and write-ahead log per request, and the ratios.
//!
//! `cargo bench --bench peers`; `-- --help` lists the options, and the subcommands that measure newbee alone. See
//! README.md in this folder.

mod answers;
#[path = "../cpu.rs"]
mod cpu;
mod database;
mod fan_out;
mod history;
mod load;
mod measurement;
mod report;
mod server;
mod soak;
mod target;
mod work;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use database::{Data, Database};
use measurement::Measurement;
use server::Server;
use target::{Api, Target};
use work::{Kind, Work};

const USERS: u32 = 100_000;

/// Measures newbee and other servers in turns.
#[derive(Parser)]
struct Options {
    #[command(subcommand)]
    alone: Option<Alone>,
    /// Rounds; in each, every server does all work
    #[arg(long, default_value = "5", global = true)]
    rounds: usize,
    /// Seconds of a measurement
    #[arg(long, default_value = "5", global = true)]
    seconds: u32,
    /// Number of users; they have 15 awards each on average [default: 100000, subscribers: 5000, history: 66667]
    #[arg(long, global = true)]
    users: Option<u32>,
    /// Servers to measure, by the beginnings of their names, such as newbee,mercurius
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    only: Vec<String>,
    /// Work to do
    #[arg(long, value_delimiter = ',', value_enum)]
    work: Vec<Kind>,
    /// newbee program to measure, instead of the one that was just built
    #[arg(long, value_name = "PATH", default_value = env!("CARGO_BIN_EXE_newbee"), global = true)]
    program: PathBuf,
    /// Passed by cargo
    #[arg(long, hide = true, global = true)]
    bench: bool,
}

/// Measurements of newbee alone.
#[derive(Clone, Copy, Subcommand)]
enum Alone {
    /// `me` of the same users with a million and with ten million awards
    History,
    /// `awardChanged` with subscribers on two servers
    FanOut,
    /// Reads and sign-ins at once: memory and latency over time
    Soak {
        #[arg(long, default_value = "30")]
        minutes: u32,
    },
}

#[tokio::main]
async fn main() {
    // `cargo test --benches` would start it too.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let mut options = Options::parse();
    if options.alone.is_some() {
        options.only = vec!["newbee".to_owned()];
    }
    let targets = target::build(&options.program, &options.only);
    let database = Database::start(&target::folder()).await;
    match options.alone {
        None => compare(&targets, &database, &options).await,
        Some(Alone::History) => history::run(&targets[0], &database, &options).await,
        Some(Alone::FanOut) => fan_out::run(&targets[0], &database, &options).await,
        Some(Alone::Soak { minutes }) => soak::run(&targets[0], &database, &options, minutes).await,
    }
    database.stop().await;
}

async fn compare(targets: &[Target], database: &Database, options: &Options) {
    let users = options.users.unwrap_or(USERS);
    assert!(
        options.rounds > 0 && users >= 1_000,
        "at least one round and 1,000 users"
    );
    for api in [Api::Newbee, Api::Rival] {
        if let Some(target) = targets.iter().find(|target| target.api == api) {
            database.fill(target, Data::of(users)).await;
        }
    }
    let chosen = |work: &Work| options.work.is_empty() || options.work.contains(&work.kind);
    let works: Vec<Work> = work::ALL.into_iter().filter(chosen).collect();
    let mut measured: Vec<Measurement> = Vec::new();
    for round in 0..options.rounds {
        let mut servers = Vec::new();
        for target in targets {
            servers.push(Server::start(target, database).await);
        }
        if round == 0 {
            answers::compare(&servers, users).await;
        }
        for work in &works {
            for place in 0..servers.len() {
                let server = &servers[(place + round) % servers.len()];
                let measurement = measurement::measure(server, *work, round, users, options.seconds, database).await;
                eprintln!("round {}/{}: {measurement}", round + 1, options.rounds);
                measured.push(measurement);
            }
        }
        drop(servers);
    }
    println!("\n{} rounds of {} s, {users} users.", options.rounds, options.seconds);
    report::print(&measured, &works, targets);
}

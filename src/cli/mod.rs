//! The command line: one file per group of subcommands.

mod clients;
mod database;
mod demo;
mod jobs;
mod keys;
mod metrics;
mod playground;
mod serve;
mod server;
mod sessions;
mod table;
mod tasks;
mod users;
mod words;

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::clock::Clock;
use crate::config::{LogArgs, Problems};
use crate::graphql;
use crate::telemetry;

/// The rewards service of a chat community: awards, sign-ins, invitations, and the jobs that settle them.
#[derive(Debug, Parser)]
#[command(version, about, long_about = None, arg_required_else_help = true, propagate_version = true)]
#[command(
    after_help = "Begin with `newbee demo`: the whole service with demo data, nothing to set up.\n\
    In production: `newbee migrate`, then `newbee serve`. Settings are flags and variables alike; --help of each command names both.\n\
    Exit codes: 0 done, 1 refused or failed, 2 the command line or the configuration is wrong."
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    log: LogArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve everything on demo data, with a database of its own
    Demo(demo::DemoArgs),
    /// Serve the API and run the scheduled jobs (production)
    Serve(serve::ServeArgs),
    /// Bring the database to this version's schema
    Migrate(database::MigrateArgs),
    /// Print the GraphQL schema of the customer API, or of the admin API
    Schema(SchemaArgs),
    /// See and run the scheduled jobs
    Jobs(jobs::JobsArgs),
    /// Make, list and revoke API keys for the host and for ops
    #[command(subcommand)]
    Key(keys::KeyCommand),
    /// Register users of the host
    #[command(subcommand)]
    User(users::UserCommand),
    /// Issue, register and revoke session keys
    #[command(subcommand)]
    Session(sessions::SessionCommand),
    /// Record tasks that users completed
    #[command(subcommand)]
    Task(tasks::TaskCommand),
    /// Make, list, end and check word campaigns
    #[command(subcommand)]
    Word(words::WordCommand),
}

#[derive(Args, Debug)]
struct SchemaArgs {
    /// That of the admin API
    #[arg(long)]
    admin: bool,
}

impl Cli {
    /// Does what was asked for; the exit code says how it went.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let (mut problems, mut telemetry) = (Problems::default(), None);
        problems.find_unknown_variables(std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()));
        if let Some((filter, format)) = self.log.read(&mut problems) {
            let (started, problem) = telemetry::start(filter, format);
            problem.into_iter().for_each(|problem| problems.add(problem));
            telemetry = Some(started);
        }
        let done = self.command.run(problems).await;
        if let Some(telemetry) = telemetry
            && let Err(problem) = telemetry.finish().await
        {
            eprintln!("newbee: {problem}");
        }
        done
    }
}

impl Command {
    async fn run(self, problems: Problems) -> anyhow::Result<ExitCode> {
        let clock = Clock::machine();
        match self {
            Command::Demo(args) => demo::run(args, problems, clock).await,
            Command::Serve(args) => serve::run(args, problems, clock).await,
            Command::Migrate(args) => database::migrate(args, problems).await,
            Command::Schema(args) => {
                print!(
                    "{}",
                    if args.admin {
                        graphql::admin_sdl()
                    } else {
                        graphql::sdl()
                    }
                );
                Ok(())
            }
            Command::Jobs(args) => return jobs::run(args, problems, clock).await,
            Command::Key(command) => keys::run(command, problems, clock).await,
            Command::User(command) => users::run(command, problems, clock).await,
            Command::Session(command) => sessions::run(command, problems, clock).await,
            Command::Task(command) => tasks::run(command, problems, clock).await,
            Command::Word(command) => words::run(command, problems, clock).await,
        }?;
        Ok(ExitCode::SUCCESS)
    }
}

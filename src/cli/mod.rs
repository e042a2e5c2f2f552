//! Command-line interface: one file or folder per group of subcommands.

#[macro_use]
mod fields;
#[macro_use]
mod printing;

mod admin;
mod audit;
mod awards;
mod books;
mod clients;
mod common;
mod completions;
mod database;
mod database_wait;
mod day;
mod days;
mod demo;
mod distribute;
mod endpoints;
mod grants;
mod healthcheck;
mod help;
mod jobs;
mod keys;
mod lists;
mod man;
mod metrics;
mod notify;
mod output;
mod playground;
mod reservations;
mod rules;
mod serve;
mod server;
mod sessions;
mod status;
mod table;
mod tasks;
mod transfer;
mod users;
mod values;
mod words;
mod zone;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::error::ContextKind;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use tokio::runtime::Runtime;

use crate::causes::distinct_causes;
use crate::clock::Clock;
use crate::config::{LogArgs, Problems};
use crate::graphql;
use crate::telemetry;
use crate::version::VERSION_AND_COMMIT;

/// The rewards service of a chat community: awards, sign-ins, invitations, and the jobs that settle them.
#[derive(Debug, Parser)]
#[command(name = "newbee", version = VERSION_AND_COMMIT, about, long_about = None, arg_required_else_help = true, propagate_version = true)]
#[command(
    after_help = "Start with `newbee demo`: the whole service with demo data, no setup needed.\n\n\
    In production: `newbee migrate`, then `newbee serve`. Every setting is a flag and an environment variable; the --help \
    of each command names both.\n\n\
    Exit codes: 0 success, 1 rejected or failed, 2 invalid command line or configuration. `newbee word verify` has an \
    additional code, see its --help."
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    log: LogArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve everything with demo data and a private database
    Demo(demo::DemoArgs),
    /// Serve the API and run the scheduled jobs (production)
    Serve(serve::ServeArgs),
    /// Migrate the database to this version's schema
    Migrate(database::MigrateArgs),
    /// Place the tables on the nodes of a Citus cluster
    Distribute(distribute::DistributeArgs),
    /// Ask a server whether it can serve, as a probe of a container
    Healthcheck(healthcheck::Arguments),
    /// Print the GraphQL schema of the customer API or of the admin API
    Schema(SchemaArgs),
    /// Print a shell completion script, such as for bash, zsh or fish
    Completions(completions::CompletionsArgs),
    /// Write a manual page for each command to a directory
    Man(man::ManArgs),
    /// Show the overall status: jobs, parked awards, books, business day
    Status(status::StatusArgs),
    /// Show or change the business time zone
    #[command(subcommand)]
    Zone(zone::ZoneCommand),
    /// Show and run the scheduled jobs
    Jobs(jobs::JobsArgs),
    /// Show awards; retry parked, void pending and reverse settled ones
    Award(awards::AwardArgs),
    /// Give awards to users by hand, and approve large grants of others
    Grant(grants::GrantArgs),
    /// Show and change the reward rules
    Rule(rules::RuleArgs),
    /// Bridge a day after an outage, so that no streak ends, and show the bridged days
    Day(days::DayArgs),
    /// Show the results of the audits of the books
    Books(books::BooksArgs),
    /// Show the audit log: who changed what, and why
    Audit(audit::AuditArgs),
    /// Create, list and revoke API keys for the host application and operators
    #[command(subcommand)]
    Key(keys::KeyCommand),
    /// Create, list, test and change endpoints to which changes are sent (webhooks)
    Endpoint(endpoints::EndpointArgs),
    /// Register, find, show and erase users
    #[command(subcommand)]
    User(users::UserCommand),
    /// Issue, register and revoke session keys
    #[command(subcommand)]
    Session(sessions::SessionCommand),
    /// Record tasks that users completed
    #[command(subcommand)]
    Task(tasks::TaskCommand),
    /// Import users, awards and balances of an old system, or an export
    Import(transfer::import::ImportArgs),
    /// Export all data as lines of JSON, for an import or an analysis
    Export(transfer::export::ExportArgs),
    /// Create, list, draw, end and verify word campaigns
    #[command(subcommand)]
    Word(words::WordCommand),
    /// Create, list, change and launch reservation campaigns
    Reservation(reservations::ReservationArgs),
}

#[derive(Args, Debug)]
struct SchemaArgs {
    /// Print the schema of the admin API
    #[arg(long)]
    admin: bool,
}

/// Returns the definition of the whole command line, with the layout of `--help`.
pub fn command() -> clap::Command {
    help::tidied(Cli::command())
}

/// Runs the command line of this process and reports errors on standard error.
///
/// The runtime is started here and not in the binary, which would otherwise be compiled with all code of the commands.
pub fn main() -> ExitCode {
    let cli = match parse(std::env::args_os()) {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    let result = Runtime::new()
        .context("the runtime of the process does not start")
        .and_then(|runtime| runtime.block_on(cli.run()))
        .and_then(|code| output::remembered_failure().map(|()| code));
    result.unwrap_or_else(|error| {
        report(&error);
        ExitCode::from(if error.is::<Problems>() { 2 } else { 1 })
    })
}

/// Parses the arguments. On a help request or an error, prints the text and returns the exit code.
fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Cli, ExitCode> {
    let mut command = command();
    let parsed = command
        .try_get_matches_from_mut(arguments)
        .and_then(|matches| Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command)));
    parsed.map_err(|mut error| {
        // The usage line that clap adds to errors lists flags set by environment variables as if they were required.
        error.remove(ContextKind::Usage);
        let printed = error.print().and_then(|()| io::stdout().flush());
        match printed {
            Err(problem) if !error.use_stderr() => {
                report(&output::OutputError::from(problem).into());
                ExitCode::FAILURE
            }
            _ => ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2)),
        }
    })
}

/// Prints an error and its causes to standard error, one per line.
fn report(error: &anyhow::Error) {
    for (depth, cause) in distinct_causes(error).into_iter().enumerate() {
        match depth {
            0 => output::note(format_args!("newbee: {cause}")),
            _ => output::note(format_args!("  caused by: {cause}")),
        }
    }
}

impl Cli {
    /// Runs the given command.
    ///
    /// # Errors
    /// The command fails; the error is [`Problems`] if the configuration is invalid.
    async fn run(self) -> anyhow::Result<ExitCode> {
        let (mut problems, mut telemetry) = (Problems::default(), None);
        problems.find_unknown_variables(std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()));
        // On a terminal only the result of a command is shown by default; --log enables the log.
        let default_log = match self.command.serves() || !io::stderr().is_terminal() {
            true => "info",
            false => "off",
        };
        if let Some((filter, format)) = self.log.read(default_log, &mut problems) {
            let (started, problem) = telemetry::start(filter, format);
            problem.into_iter().for_each(|problem| problems.add(problem));
            telemetry = Some(started);
        }
        let done = self.command.run(problems).await;
        if let Some(telemetry) = telemetry
            && let Err(problem) = telemetry.finish().await
        {
            output::note(format_args!("newbee: {problem}"));
        }
        done
    }
}

impl Command {
    /// Returns true if the command serves until it is stopped. The log is then its output.
    fn serves(&self) -> bool {
        matches!(self, Self::Demo(_) | Self::Serve(_))
    }

    async fn run(self, problems: Problems) -> anyhow::Result<ExitCode> {
        let clock = Clock::machine();
        match self {
            Command::Demo(args) => demo::run(args, problems, clock).await,
            Command::Serve(args) => serve::run(args, problems, clock).await,
            Command::Migrate(args) => database::migrate(args, problems).await,
            Command::Distribute(args) => distribute::run(&args, problems).await,
            Command::Healthcheck(args) => healthcheck::run(&args, problems).await,
            Command::Schema(args) => print_schema(&args, problems),
            Command::Completions(args) => completions::run(&args, problems),
            Command::Man(args) => man::run(&args, problems),
            Command::Status(args) => return status::run(&args, problems, clock).await,
            Command::Zone(command) => zone::run(command, problems).await,
            Command::Jobs(args) => return jobs::run(args, problems, clock).await,
            Command::Award(args) => awards::run(args, problems, clock).await,
            Command::Grant(args) => grants::run(args, problems, clock).await,
            Command::Rule(args) => rules::run(args, problems, clock).await,
            Command::Day(args) => days::run(args, problems, clock).await,
            Command::Books(args) => books::run(&args, problems, clock).await,
            Command::Audit(args) => audit::run(&args, problems, clock).await,
            Command::Key(command) => keys::run(command, problems, clock).await,
            Command::Endpoint(args) => endpoints::run(args, problems, clock).await,
            Command::User(command) => users::run(command, problems, clock).await,
            Command::Session(command) => sessions::run(command, problems, clock).await,
            Command::Task(command) => tasks::run(command, problems, clock).await,
            Command::Import(args) => return transfer::import::run(&args, problems, &clock).await,
            Command::Export(args) => transfer::export::run(&args, problems, &clock).await,
            Command::Word(command) => return words::run(command, problems, clock).await,
            Command::Reservation(args) => reservations::run(args, problems, clock).await,
        }?;
        Ok(ExitCode::SUCCESS)
    }
}

fn print_schema(args: &SchemaArgs, problems: Problems) -> anyhow::Result<()> {
    problems.into_result()?;
    let schema = match args.admin {
        true => graphql::admin_sdl(),
        false => graphql::sdl(),
    };
    Ok(output::print(&schema)?)
}

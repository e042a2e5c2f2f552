//! `newbee export`: all data as lines of JSON, on standard output.

use std::io::{self, BufWriter};

use clap::Args;

use crate::cli::database::{self, ZoneUse};
use crate::cli::output::OutputError;
use crate::clock::Clock;
use crate::config::{BusinessArgs, DatabaseArgs, Problems};
use crate::domain::number::counted;
use crate::service::export::{ExportError, export};

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  newbee export > newbee.ndjson\n  newbee export | gzip > newbee.ndjson.gz\n\n\
    The lines are those that `newbee import` reads; importing them into an empty database gives equal tables. They have \
    everything as of the moment of the start, while newbee goes on serving, and need no memory in proportion to their number.\n\n\
    Not exported: session keys, API keys, the audit log, runs of jobs, results of audits. Keep NEWBEE_DRAW_KEY: open word \
    campaigns need it. The format is described in deploy/import.md."
)]
pub struct ExportArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    business: BusinessArgs,
}

/// Runs `newbee export`.
///
/// # Errors
/// The configuration is invalid, the database fails, or standard output cannot be written.
pub async fn run(args: &ExportArgs, problems: Problems, clock: &Clock) -> anyhow::Result<()> {
    let (mut connection, calendar) =
        database::open_session(&args.database, &args.business, ZoneUse::Read, clock, problems).await?;
    let mut output = BufWriter::new(io::stdout().lock());
    match export(&mut connection, calendar, clock.now(), &mut output).await {
        Ok(count) => {
            let count = counted(i64::try_from(count).unwrap_or(i64::MAX), "record");
            eprintln!("Exported {count}.");
            Ok(())
        }
        Err(ExportError::Output(error)) => {
            // What is left in the buffer cannot be written either.
            let _ = output.into_parts();
            Err(OutputError::from(error).into())
        }
        Err(error) => Err(error.into()),
    }
}

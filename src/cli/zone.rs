//! `newbee zone …`: the business time zone of the installation.

use std::time::Duration;

use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::json;

use super::{database, output};
use crate::config::{DatabaseArgs, Problems};
use crate::domain::audit::Author;
use crate::service::Failure;
use crate::service::business_zone::{DEFAULT_ZONE, ZoneChange, ZoneRejection, change_zone};
use crate::store::bounded::PgPool;
use crate::store::installation;
use crate::store::job_runs::listing::database_time;
use crate::store::pools::PoolBounds;

/// Number of retries, and the delay between them, before other sessions on the database are reported as running
/// processes.
const LOOKS: u32 = 10;
const LOOK_EVERY: Duration = Duration::from_millis(200);

#[derive(Debug, Subcommand)]
pub enum ZoneCommand {
    /// Show the business time zone stored in the database
    Show(ShowArgs),
    /// Change the business time zone
    #[command(
        after_help = "Example:\n  newbee zone change Europe/London --reason 'we moved' --dry-run\n\n\
        Stop every newbee process first. The change is rejected while the two zones have different dates (the message says\n\
        when they agree), while a day that is over is not closed, or if today or a later day is closed. After the change,\n\
        start the processes with NEWBEE_TIME_ZONE set to the new zone, or without it."
    )]
    Change(ChangeArgs),
}

#[derive(Args, Debug)]
pub struct ShowArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

#[derive(Args, Debug)]
pub struct ChangeArgs {
    /// IANA name of the new zone
    #[arg(value_name = "ZONE")]
    zone: String,
    /// Reason, recorded in the audit log
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Run all checks without changing anything
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    database: DatabaseArgs,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

/// Runs `newbee zone …`.
///
/// # Errors
/// The configuration is invalid, the change is rejected, or the database fails.
pub async fn run(command: ZoneCommand, problems: Problems) -> anyhow::Result<()> {
    match command {
        ZoneCommand::Show(args) => show(&args, problems).await,
        ZoneCommand::Change(args) => change(&args, problems).await,
    }
}

async fn show(args: &ShowArgs, mut problems: Problems) -> anyhow::Result<()> {
    let settings = args.database.read(&mut problems);
    problems.into_result()?;
    let database = database::check(&settings.context("no problem was found")?).await?;
    let pool = PgPool::connect_lazily(&database, PoolBounds::standard(1).api);
    let stored = installation::find(&pool).await?;
    if args.json {
        let zone = stored.as_ref().map(|stored| &stored.time_zone);
        let changed_at = stored.as_ref().map(|stored| output::api_time(stored.changed_at));
        output::json(&json!({ "timeZone": zone, "changedAt": changed_at }))?;
        return Ok(());
    }
    match stored {
        Some(stored) => output::line(format_args!(
            "{}, since {}",
            stored.time_zone,
            stored.changed_at.format("%Y-%m-%d %H:%M UTC")
        ))?,
        None => output::line(format_args!(
            "None yet: the first start stores NEWBEE_TIME_ZONE, or {DEFAULT_ZONE} if it is not set."
        ))?,
    }
    Ok(())
}

async fn change(args: &ChangeArgs, mut problems: Problems) -> anyhow::Result<()> {
    let settings = args.database.read(&mut problems);
    let zone = args.zone.parse().ok();
    if zone.is_none() {
        problems.add(format!(
            "ZONE: expected an IANA zone such as Asia/Shanghai or Europe/London, got {:?}",
            args.zone
        ));
    }
    problems.into_result()?;
    let (settings, zone) = settings.zip(zone).context("no problem was found")?;
    let database = database::check(&settings).await?;
    let pool = PgPool::connect_lazily(&database, PoolBounds::standard(1).api);
    let author = Author::at_the_command_line(database_time(&pool).await?);
    let mut looks = 0;
    let changed = loop {
        match change_zone(&pool, zone, &args.reason, args.dry_run, &author).await {
            Ok(changed) => break changed,
            // A session that has just ended, such as that of the check above, may still be listed briefly.
            Err(Failure::Rejected(ZoneRejection::ProcessesRunning { .. })) if looks < LOOKS => looks += 1,
            Err(failure) => return Err(failure.into()),
        }
        tokio::time::sleep(LOOK_EVERY).await;
    };
    if args.json {
        let from = match &changed {
            ZoneChange::Changed { from } => from,
            ZoneChange::Unchanged => zone.name(),
        };
        let changed = changed != ZoneChange::Unchanged && !args.dry_run;
        output::json(&json!({ "from": from, "timeZone": zone.name(), "changed": changed, "dryRun": args.dry_run }))?;
        return Ok(());
    }
    match changed {
        ZoneChange::Unchanged => output::line(format_args!(
            "The business time zone is already {zone}. Nothing was changed."
        ))?,
        ZoneChange::Changed { from } if args.dry_run => {
            output::line(format_args!(
                "The business time zone can be changed from {from} to {zone} now. Nothing was changed."
            ))?;
        }
        ZoneChange::Changed { from } => output::line(format_args!(
            "Changed the business time zone from {from} to {zone}. Start the processes with NEWBEE_TIME_ZONE={zone}, or \
             without it."
        ))?,
    }
    Ok(())
}

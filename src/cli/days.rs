//! `newbee day …`: bridged days.

use anyhow::Context;
use chrono::{DateTime, NaiveDate, Utc};
use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::{Value, json};

use super::admin::{Admin, read};
use super::common::CommonArgs;
use super::day::DayArg;
use super::output;
use super::table::{Rows, utc};
use crate::clock::Clock;
use crate::config::Problems;

const BRIDGED: &str = "{ bridgedDays { day reason bridgedBy bridgedAt } }";
const BRIDGE: &str = "mutation ($day: Date!, $reason: String!, $dryRun: Boolean!) {
    bridgeDay(day: $day, reason: $reason, dryRun: $dryRun) {
        changed streaksKept streaksJoined bonusAwards freezesGivenBack complete problems { code message }
    }
}";

#[derive(Args, Debug)]
pub struct DayArgs {
    #[command(subcommand)]
    command: DayCommand,
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Debug, Subcommand)]
enum DayCommand {
    /// Bridge a day after an outage: nobody's streak ends because of it
    #[command(
        after_help = "Examples:\n  newbee day bridge yesterday --reason 'outage from 9 to 23' --dry-run\n  \
        newbee day bridge 2026-11-20 --reason 'outage from 9 to 23'\n\n\
        Streaks that ended because of the day are joined, and the bonuses for the lengths that they reach are paid. The day \
        is\nnot counted in any streak unless the user signed in on it. This cannot be undone; repeating it changes nothing."
    )]
    Bridge {
        /// Business day: YYYY-MM-DD, yesterday or today
        day: DayArg,
        /// Reason, kept with the day and in the audit log
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Count the streaks without changing anything
        #[arg(long)]
        dry_run: bool,
    },
    /// Show the bridged days
    Bridged,
}

/// Result of one call of `bridgeDay`.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    changed: bool,
    streaks_kept: i64,
    streaks_joined: i64,
    bonus_awards: i64,
    freezes_given_back: i64,
    complete: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BridgedDay {
    day: NaiveDate,
    reason: String,
    bridged_by: String,
    bridged_at: DateTime<Utc>,
}

/// Runs `newbee day …`.
///
/// # Errors
/// The configuration is invalid, a read or write fails, the request is rejected, or standard output cannot be written.
pub async fn run(args: DayArgs, problems: Problems, clock: Clock) -> anyhow::Result<()> {
    let admin = Admin::open(&args.common, problems, clock).await?;
    let as_json = args.common.json;
    match args.command {
        DayCommand::Bridge { day, reason, dry_run } => {
            let day = day.resolve(admin.calendar, admin.author.at);
            bridge(&admin, day, &reason, dry_run, as_json).await
        }
        DayCommand::Bridged => bridged(&admin, as_json).await,
    }
}

async fn bridge(admin: &Admin, day: NaiveDate, reason: &str, dry_run: bool, as_json: bool) -> anyhow::Result<()> {
    let variables = json!({ "day": day, "reason": reason, "dryRun": dry_run });
    let mut done: Payload = read(&admin.change("bridgeDay", BRIDGE, variables.clone()).await?)?;
    while !done.complete {
        let payload = admin.change("bridgeDay", BRIDGE, variables.clone()).await;
        let payload: Payload = read(&payload.context("Run the command again to mend the other streaks")?)?;
        done = Payload {
            changed: done.changed || payload.changed,
            streaks_kept: payload.streaks_kept,
            streaks_joined: done.streaks_joined + payload.streaks_joined,
            bonus_awards: done.bonus_awards + payload.bonus_awards,
            freezes_given_back: done.freezes_given_back + payload.freezes_given_back,
            complete: payload.complete,
        };
    }
    if as_json {
        return output::json(&json!({
            "day": day,
            "changed": done.changed,
            "streaksKept": done.streaks_kept,
            "streaksJoined": done.streaks_joined,
            "bonusAwards": done.bonus_awards,
            "freezesGivenBack": done.freezes_given_back,
            "dryRun": dry_run,
        }));
    }
    let counts = format!(
        "Streaks that go on with a sign-in today: {}. Streaks joined: {}.",
        done.streaks_kept, done.streaks_joined
    );
    Ok(output::line(match (dry_run, done.changed) {
        (true, _) => format!("Would bridge {day}. {counts} Nothing was changed."),
        (false, changed) => format!(
            "{} {day}. {counts} Bonuses paid: {}. Freezes given back: {}.",
            if changed { "Bridged" } else { "Already bridged:" },
            done.bonus_awards,
            done.freezes_given_back
        ),
    })?)
}

async fn bridged(admin: &Admin, as_json: bool) -> anyhow::Result<()> {
    let value: Value = admin.ask("bridgedDays", BRIDGED, json!({})).await?;
    if as_json {
        return output::json(&value);
    }
    let days: Vec<BridgedDay> = read(&value)?;
    if days.is_empty() {
        return Ok(output::line("No day is bridged.")?);
    }
    let mut rows = Rows::new(&["DAY", "BRIDGED AT (UTC)", "BY", "REASON"]);
    for day in days {
        rows.add([day.day.to_string(), utc(day.bridged_at), day.bridged_by, day.reason]);
    }
    Ok(output::line(rows.into_text())?)
}

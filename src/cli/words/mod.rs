//! `newbee word …`: word campaigns.

mod beacon;
mod create;
mod published;
mod show;
mod verify;

use std::process::ExitCode;

use anyhow::{anyhow, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::admin::Admin;
use super::common::{CommonArgs, author};
use super::lists::{self, LengthArgs};
use super::output;
use crate::clock::Clock;
use crate::config::Problems;
use crate::domain::audit::Author;
use crate::domain::rejection::change::ChangeRejection;
use crate::domain::word::WordCampaign;
use crate::service::word_campaigns::end_word_campaign;
use crate::service::{Applied, Failure};

#[derive(Debug, Subcommand)]
pub enum WordCommand {
    /// Create a word campaign, or preview its possible shares
    #[command(
        after_help = "Examples:\n  newbee word create 口令 --amount 100 --coin 1 --count 50 --split random \\\n      \
        --opens-at 2030-01-01T00:00:00+08:00 --closes-at 2030-01-02T00:00:00+08:00 \\\n      \
        --beacon-at 2029-12-31T23:00:00+08:00 --reason 'new year' --dry-run\n  \
        the same without --dry-run creates the campaign\n\n\
        Publish the printed hash before the time of --beacon-at. From that time on, enter the public randomness with\n\
        `newbee word beacon`; this proves that no one, not even the operator, chose the shares. Without --beacon-at, the\n\
        draw only proves that nothing was changed after the campaign was created.\n\n\
        NEWBEE_DRAW_KEY must be the same here and in every `newbee serve` of this database."
    )]
    Create(Box<create::CreateArgs>),
    /// List the word campaigns, newest first
    List(show::ListArgs),
    /// Show a campaign; with --json also its draw once it is over, in the format of `verify`
    Show(show::ShowArgs),
    /// Enter the public randomness of a campaign created with --beacon-at
    #[command(
        after_help = "Example:\n  curl -s https://api.drand.sh/52db…e971/public/ROUND | newbee word beacon 7\n\n\
        `newbee word show 7` prints the URL for the campaign. Only the valid signature of its round is accepted, so the\n\
        source does not have to be trusted. Entering it again changes nothing."
    )]
    Beacon(beacon::BeaconArgs),
    /// Show who claimed which share of a campaign, in the order of the claims
    #[command(after_help = "Examples:\n  newbee word claims 7\n  newbee word claims 7 --all --json > claims.json")]
    Claims(ClaimsArgs),
    /// End a campaign early; claims already made are kept
    End(EndArgs),
    /// Verify a published draw, without a database or network
    #[command(after_help = "Examples:\n  newbee word show 7 --json | newbee word verify\n  \
        newbee word verify draw.json --hash 8f43…\n  \
        newbee word verify draw.json --user 17 --proof 93ab…\n\n\
        The draw is JSON as returned by the API field `wordDraw`. Checks: the hash of all committed terms; the public\n\
        randomness, with the public key of drand; the seed, with the public key of the draw; the number and sum of the\n\
        shares; and the place and amount of every claim. --hash also compares the hash with the one you noted; --user and\n\
        --proof also check that the claim of this user has the place determined by the draw.\n\n\
        Exit code 0: valid, and no one could choose the shares; 1: invalid; 3: valid, but the draw has no public\n\
        randomness, so the operator could have chosen among many draws.")]
    Verify(verify::VerifyArgs),
}

#[derive(Args, Debug)]
pub struct ClaimsArgs {
    /// Campaign ID
    #[arg(value_parser = super::values::word_id)]
    id: i64,
    #[command(flatten)]
    length: LengthArgs,
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Args, Debug)]
pub struct EndArgs {
    /// Campaign ID
    #[arg(value_parser = super::values::word_id)]
    id: i64,
    /// Reason, recorded in the audit log
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    common: CommonArgs,
}

/// Runs `newbee word …` and returns the exit code of the process.
///
/// # Errors
/// The configuration is invalid, the database fails, the request is rejected, or standard output cannot be written.
pub async fn run(command: WordCommand, problems: Problems, clock: Clock) -> anyhow::Result<ExitCode> {
    let author = author(clock.now());
    match command {
        WordCommand::Create(args) => create::run(*args, problems, &author).await,
        WordCommand::List(args) => show::list(&args, problems, author.at).await,
        WordCommand::Show(args) => show::show(&args, problems, author.at).await,
        WordCommand::Beacon(args) => beacon::run(&args, problems, &author).await,
        WordCommand::Claims(args) => {
            let admin = Admin::open(&args.common, problems, clock).await?;
            let id = args.id.to_string();
            lists::print(&admin, &lists::CLAIMS, &id, args.length, args.common.json).await
        }
        WordCommand::End(args) => end(&args, problems, &author).await,
        WordCommand::Verify(args) => return verify::run(&args, problems),
    }?;
    Ok(ExitCode::SUCCESS)
}

async fn end(args: &EndArgs, problems: Problems, author: &Author) -> anyhow::Result<()> {
    let (pool, _) = args.common.open(problems).await?;
    let Applied {
        state: campaign,
        changed,
    } = match end_word_campaign(&pool, args.id, &args.reason, author).await {
        Err(Failure::Rejected(ChangeRejection::CampaignUnknown)) => return Err(unknown(args.id)),
        Err(Failure::Rejected(rejection)) => bail!("--reason: {rejection}"),
        ended => ended?,
    };
    if args.common.json {
        return print_payload(&campaign, changed);
    }
    Ok(output::line(match changed {
        true => format!(
            "Ended campaign {}: {} of {} shares were claimed. Its draw is now public: newbee word show {} --json",
            campaign.id, campaign.used_count, campaign.share_count, campaign.id
        ),
        false => format!("Campaign {} was already over. Nothing was changed.", campaign.id),
    })?)
}

/// Returns the campaigns as JSON, without their draws.
pub fn as_values(campaigns: &[WordCampaign]) -> Vec<Value> {
    campaigns
        .iter()
        .map(|campaign| published::campaign(campaign, None))
        .collect()
}

/// Prints a campaign as JSON in the format of the admin API's mutation payloads.
fn print_payload(campaign: &WordCampaign, changed: bool) -> anyhow::Result<()> {
    output::json(&json!({ "changed": changed, "campaign": published::campaign(campaign, None) }))
}

/// Returns the error for an unknown campaign ID.
fn unknown(id: i64) -> anyhow::Error {
    anyhow!("There is no word campaign {id}. See: newbee word list")
}

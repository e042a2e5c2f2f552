//! `newbee word …`

mod beacon;
mod create;
mod published;
mod show;
mod verify;

use std::process::ExitCode;

use anyhow::{anyhow, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::common::{CommonArgs, author};
use super::output;
use crate::clock::Clock;
use crate::config::Problems;
use crate::domain::audit::Author;
use crate::domain::language::Language;
use crate::domain::word::WordCampaign;
use crate::messages::Message;
use crate::service::word_campaigns::{EndOutcome, end_word_campaign};

#[derive(Debug, Subcommand)]
pub enum WordCommand {
    /// Make a word campaign, or preview the shares it may have
    #[command(
        after_help = "Examples:\n  newbee word create 口令 --amount 100 --coin 1 --count 50 --split random \\\n      \
        --opens-at 2030-01-01T00:00:00+08:00 --closes-at 2030-01-02T00:00:00+08:00 \\\n      \
        --beacon-at 2029-12-31T23:00:00+08:00 --reason 'new year' --dry-run\n  \
        the same without --dry-run makes the campaign\n\n\
        Publish the hash that is printed before the time of --beacon-at. From that time on enter the public randomness with\n\
        `newbee word beacon`; then nobody, not even the operator, can have chosen the shares. Without --beacon-at only this\n\
        is proven: nothing was changed after the campaign was made.\n\n\
        NEWBEE_DRAW_KEY must be the same here and in every `newbee serve` of this database."
    )]
    Create(Box<create::CreateArgs>),
    /// List the word campaigns, the newest first
    List(show::ListArgs),
    /// Show a campaign; with --json its draw, once it is over, as `verify` takes it
    Show(show::ShowArgs),
    /// Enter the public randomness of a campaign that was made with --beacon-at
    #[command(
        after_help = "Example:\n  curl -s https://api.drand.sh/52db…e971/public/ROUND | newbee word beacon 7\n\n\
        `newbee word show 7` prints the address for the campaign. Only the true signature of its round is accepted, so it\n\
        can come from anywhere. Entering it again changes nothing."
    )]
    Beacon(beacon::BeaconArgs),
    /// End a campaign before its time; what was claimed stays
    End(EndArgs),
    /// Check a published draw, without a database and without a network
    #[command(after_help = "Examples:\n  newbee word show 7 --json | newbee word verify\n  \
        newbee word verify draw.json --hash 8f43…\n  \
        newbee word verify draw.json --user 17 --proof 93ab…\n\n\
        The draw is JSON as the field `wordDraw` of the API answers it. Checked are: the hash of everything that was fixed;\n\
        the public randomness, by the public key of drand; the seed, by the public key of the draw; the shares, their number\n\
        and sum; and the place and amount of every claim. With --hash also that it is the hash which you noted; with --user\n\
        and --proof that the claim of this user stands at the place that the draw gives them.\n\n\
        Exit code 0: everything is as promised, and nobody could choose the shares; 1: something is not as promised;\n\
        3: all is as promised, but the draw has no public randomness, so the operator could have chosen among many draws.")]
    Verify(verify::VerifyArgs),
}

#[derive(Args, Debug)]
pub struct EndArgs {
    /// The campaign's number
    #[arg(value_parser = super::values::word_id)]
    id: i64,
    /// Why; kept in the audit log
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    common: CommonArgs,
}

pub async fn run(command: WordCommand, problems: Problems, clock: Clock) -> anyhow::Result<ExitCode> {
    let author = author(clock.now());
    match command {
        WordCommand::Create(args) => create::run(*args, problems, &author).await,
        WordCommand::List(args) => show::list(&args, problems, author.at).await,
        WordCommand::Show(args) => show::show(&args, problems, author.at).await,
        WordCommand::Beacon(args) => beacon::run(&args, problems, &author).await,
        WordCommand::End(args) => end(&args, problems, &author).await,
        WordCommand::Verify(args) => return verify::run(&args, problems),
    }?;
    Ok(ExitCode::SUCCESS)
}

async fn end(args: &EndArgs, problems: Problems, author: &Author) -> anyhow::Result<()> {
    let (pool, _) = args.common.open(problems).await?;
    let (campaign, changed) = match end_word_campaign(&pool, args.id, &args.reason, author).await? {
        EndOutcome::Ended(campaign) => (campaign, true),
        EndOutcome::AlreadyOver(campaign) => (campaign, false),
        EndOutcome::Unknown => return Err(unknown(args.id)),
        EndOutcome::ReasonInvalid => bail!("--reason: {}", Message::ReasonInvalid.text(Language::English)),
    };
    if args.common.json {
        return print_payload(&campaign, changed);
    }
    Ok(output::line(match changed {
        true => format!(
            "Ended campaign {}: {} of {} shares were claimed. Its draw is public now: newbee word show {} --json",
            campaign.id, campaign.used_count, campaign.share_count, campaign.id
        ),
        false => format!("Campaign {} was over already. Nothing was changed.", campaign.id),
    })?)
}

/// Returns campaigns as JSON, without their draws.
pub fn as_values(campaigns: &[WordCampaign]) -> Vec<Value> {
    campaigns
        .iter()
        .map(|campaign| published::campaign(campaign, None))
        .collect()
}

/// Prints a campaign that a command may have changed as JSON, like the payload of the admin API.
fn print_payload(campaign: &WordCampaign, changed: bool) -> anyhow::Result<()> {
    output::json(&json!({ "changed": changed, "campaign": published::campaign(campaign, None) }))
}

/// The error for the number of no campaign.
fn unknown(id: i64) -> anyhow::Error {
    anyhow!("There is no word campaign {id}. See: newbee word list")
}

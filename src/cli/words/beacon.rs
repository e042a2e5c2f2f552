//! `newbee word beacon`

use anyhow::{Context, bail};
use clap::Args;
use serde_json::Value;

use super::published::{bytes, read_text};
use super::unknown;
use crate::cli::database;
use crate::config::{BusinessArgs, DatabaseArgs, Problems};
use crate::domain::audit::Author;
use crate::domain::beacon;
use crate::domain::bls::SignatureBytes;
use crate::domain::language::Language;
use crate::messages::Message;
use crate::service::enter_beacon::{BeaconOutcome, enter_beacon};

#[derive(Args, Debug)]
pub struct BeaconArgs {
    /// The campaign's number
    #[arg(value_parser = crate::cli::values::word_id)]
    id: i64,
    /// A file with the round as drand answers it (JSON), or with its signature alone; left out, or -, standard input
    file: Option<std::path::PathBuf>,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    business: BusinessArgs,
}

pub async fn run(args: &BeaconArgs, problems: Problems, author: &Author) -> anyhow::Result<()> {
    let (pool, _) = database::open(&args.database, &args.business, problems).await?;
    let signature = signature(&read_text(args.file.as_deref())?)?;
    match enter_beacon(&pool, args.id, &signature, author).await? {
        BeaconOutcome::Entered(campaign) => println!(
            "Entered the public randomness of campaign {}. Its shares are decided now; they can be claimed once it is open.",
            campaign.id
        ),
        BeaconOutcome::AlreadyEntered(campaign) => {
            println!(
                "Campaign {} had its public randomness already. Nothing was changed.",
                campaign.id
            );
        }
        BeaconOutcome::Invalid { round } => {
            let url = beacon::round_url(round);
            bail!("{}", Message::BeaconInvalid { round, url }.text(Language::English))
        }
        BeaconOutcome::NotPromised => bail!("{}", Message::BeaconNotPromised.text(Language::English)),
        BeaconOutcome::Unknown => return Err(unknown(args.id)),
    }
    Ok(())
}

/// Reads a signature: the field of that name of an object, or the text itself.
fn signature(text: &str) -> anyhow::Result<SignatureBytes> {
    let round: Option<Value> = serde_json::from_str(text).ok();
    let of_round = round.as_ref().and_then(|round| round["signature"].as_str());
    bytes(of_round.unwrap_or(text.trim()), "The signature").context(
        "Give the round as https://api.drand.sh answers it, or its signature alone; `newbee word show` names the address",
    )
}

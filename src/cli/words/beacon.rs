//! `newbee word beacon`: public randomness of a word campaign.

use anyhow::Context;
use clap::Args;
use serde_json::Value;

use super::published::{bytes, read_text};
use super::{print_payload, unknown};
use crate::cli::common::CommonArgs;
use crate::cli::output;
use crate::config::Problems;
use crate::domain::audit::Author;
use crate::domain::beacon::BeaconRejection;
use crate::domain::bls::SignatureBytes;
use crate::domain::rejection::change::ChangeRejection;
use crate::service::enter_beacon::enter_beacon;
use crate::service::{Applied, Failure};

#[derive(Args, Debug)]
pub struct BeaconArgs {
    /// Campaign ID
    #[arg(value_parser = crate::cli::values::word_id)]
    id: i64,
    /// File with the drand response of the round (JSON) or with its signature only [default: standard input, also -]
    file: Option<std::path::PathBuf>,
    #[command(flatten)]
    common: CommonArgs,
}

/// Enters the public randomness of a campaign and prints the result.
///
/// # Errors
/// The campaign is unknown, the signature is invalid, the database fails, or standard output cannot be written.
pub async fn run(args: &BeaconArgs, problems: Problems, author: &Author) -> anyhow::Result<()> {
    let (pool, _) = args.common.open(problems).await?;
    let signature = signature(&read_text(args.file.as_deref())?)?;
    let Applied {
        state: campaign,
        changed,
    } = match enter_beacon(&pool, args.id, &signature, author).await {
        Err(Failure::Rejected(BeaconRejection::Change(ChangeRejection::CampaignUnknown))) => {
            return Err(unknown(args.id));
        }
        entered => entered?,
    };
    if args.common.json {
        return print_payload(&campaign, changed);
    }
    let id = campaign.id;
    Ok(output::line(match changed {
        true => format!(
            "Entered the public randomness of campaign {id}. Its shares are now final and can be claimed once it is open."
        ),
        false => format!("Campaign {id} already has its public randomness. Nothing was changed."),
    })?)
}

/// Parses a signature: the field `signature` of a JSON object, or the text itself.
fn signature(text: &str) -> anyhow::Result<SignatureBytes> {
    let round: Option<Value> = serde_json::from_str(text).ok();
    let of_round = round.as_ref().and_then(|round| round["signature"].as_str());
    bytes(of_round.unwrap_or(text.trim()), "The signature").context(
        "Expected the response of https://api.drand.sh for the round, or its signature only; `newbee word show` prints the URL",
    )
}

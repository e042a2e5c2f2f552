//! `newbee word list` and `newbee word show`.

use crate::store::bounded::PgPool;
use anyhow::anyhow;
use chrono::{DateTime, Utc};
use clap::Args;
use data_encoding::HEXLOWER;

use super::{as_values, published, unknown};
use crate::cli::common::CommonArgs;
use crate::cli::output;
use crate::cli::table::{table, utc};
use crate::cli::values::word_id;
use crate::config::{DrawKeyArgs, Problems};
use crate::domain::beacon;
use crate::domain::draw_keys::DrawKeys;
use crate::domain::money::wire_amount;
use crate::domain::word::WordCampaign;
use crate::loaders::words;

/// Maximum number of listed campaigns.
const LISTED: i64 = 50;
/// Page size for reading claims.
const PAGE_OF_CLAIMS: i64 = 10_000;

#[derive(Args, Debug)]
pub struct ListArgs {
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Args, Debug)]
pub struct ShowArgs {
    /// Campaign ID, or the word of its newest campaign
    campaign: String,
    #[command(flatten)]
    common: CommonArgs,
    #[command(flatten)]
    draw_keys: DrawKeyArgs,
}

/// Prints the word campaigns, newest first.
///
/// # Errors
/// A read fails, or standard output cannot be written.
pub async fn list(args: &ListArgs, problems: Problems, now: DateTime<Utc>) -> anyhow::Result<()> {
    let (pool, _) = args.common.open(problems).await?;
    let campaigns = words::word_campaigns(&pool, None, LISTED).await?;
    if args.common.json {
        return output::json(&as_values(&campaigns));
    }
    if campaigns.is_empty() {
        println!("There are no word campaigns. To create one: newbee word create --help");
        return Ok(());
    }
    let mut rows = table(&[
        "ID",
        "WORD",
        "STATE",
        "CLAIMED",
        "AMOUNT",
        "COIN",
        "SPLIT",
        "OPENS (UTC)",
        "CLOSES (UTC)",
    ]);
    for campaign in &campaigns {
        rows.add_row([
            campaign.id.to_string(),
            campaign.word.clone(),
            state(campaign, now).to_owned(),
            format!("{} of {}", campaign.used_count, campaign.share_count),
            wire_amount(campaign.amount),
            campaign.coin_id.clone(),
            campaign.split.name().to_lowercase(),
            utc(campaign.opens_at),
            utc(campaign.closes_at),
        ]);
    }
    println!("{rows}");
    Ok(())
}

fn state(campaign: &WordCampaign, now: DateTime<Utc>) -> &'static str {
    if campaign.is_over(now) {
        "over"
    } else if campaign.awaits_beacon() {
        "awaits beacon"
    } else if campaign.opens_at > now {
        "upcoming"
    } else if campaign.is_exhausted() {
        "claimed"
    } else {
        "open"
    }
}

/// Returns the campaign with an ID, or the newest campaign of a word.
async fn find(pool: &PgPool, text: &str) -> anyhow::Result<WordCampaign> {
    let by_number = match word_id(text) {
        Ok(id) => words::word_campaign(pool, id).await?,
        Err(_) => None,
    };
    if let Some(campaign) = by_number {
        return Ok(campaign);
    }
    let newest = words::word_campaigns(pool, None, LISTED).await?;
    let wanted = text.trim().to_lowercase();
    let by_word = newest
        .into_iter()
        .find(|campaign| campaign.word.trim().to_lowercase() == wanted);
    by_word.ok_or_else(|| match word_id(text) {
        Ok(id) => unknown(id),
        Err(_) => anyhow!("No campaign among the newest {LISTED} has the word {text:?}. See: newbee word list"),
    })
}

/// Prints a campaign; as JSON with its draw once it is over.
///
/// # Errors
/// The campaign is unknown, a read fails, or standard output cannot be written.
pub async fn show(args: &ShowArgs, mut problems: Problems, now: DateTime<Utc>) -> anyhow::Result<()> {
    let keys = args.draw_keys.read(&mut problems);
    let (pool, _) = args.common.open(problems).await?;
    let keys = keys.expect("no problem was found");
    let campaign = find(&pool, &args.campaign).await?;
    if args.common.json {
        let revealed = match campaign.is_revealed(now) {
            true => reveal(&pool, &keys, &campaign).await?,
            false => None,
        };
        return output::json(&published::campaign(&campaign, revealed));
    }
    print(&campaign, &keys, now);
    Ok(())
}

/// Returns the parts published after the end; `None` if the public randomness of the draw was never entered.
async fn reveal(
    pool: &PgPool,
    keys: &DrawKeys,
    campaign: &WordCampaign,
) -> anyhow::Result<Option<published::Revealed>> {
    let Some(drawing) = keys.drawing(campaign)? else {
        return Ok(None);
    };
    let mut claims = Vec::new();
    loop {
        let after = claims
            .last()
            .map_or(0, |claim: &crate::domain::word_commitment::PublishedClaim| claim.number);
        let page = words::claims(pool, campaign.id, after, PAGE_OF_CLAIMS).await?;
        if page.is_empty() {
            return Ok(Some(published::Revealed { drawing, claims }));
        }
        claims.extend(page);
    }
}

fn print(campaign: &WordCampaign, keys: &DrawKeys, now: DateTime<Utc>) {
    let seed = match keys.drawing(campaign) {
        _ if !campaign.is_revealed(now) => "published after the end".to_owned(),
        Ok(Some(drawing)) => HEXLOWER.encode(&drawing.seed),
        Ok(None) => "none: the draw never took place".to_owned(),
        Err(_) => "not available without the draw key of the campaign (NEWBEE_DRAW_KEY)".to_owned(),
    };
    let commitment = campaign.commitment.as_ref();
    let beacon = match commitment.and_then(|commitment| commitment.beacon_round) {
        None => "none: the draw only proves that nothing was changed".to_owned(),
        Some(round) => match campaign.beacon_signature {
            Some(signature) => format!("round {round}: {}", HEXLOWER.encode(&signature)),
            None => format!(
                "round {round} of {} UTC, not entered yet",
                utc(beacon::round_time(round))
            ),
        },
    };
    let mut rows = table(&["", ""]);
    for (name, value) in [
        ("campaign", campaign.id.to_string()),
        ("word", campaign.word.clone()),
        ("state", state(campaign, now).to_owned()),
        (
            "amount",
            format!("{} of coin {}", wire_amount(campaign.amount), campaign.coin_id),
        ),
        (
            "claimed",
            format!(
                "{} of {} shares, {} ({})",
                campaign.used_count,
                campaign.share_count,
                wire_amount(campaign.used_amount),
                campaign.split.name().to_lowercase()
            ),
        ),
        ("opens (UTC)", utc(campaign.opens_at)),
        ("closes (UTC)", utc(campaign.closes_at)),
        ("created by", format!("{} ({})", campaign.created_by, campaign.reason)),
        (
            "hash",
            commitment.map_or("none: created by an earlier version".to_owned(), |commitment| {
                HEXLOWER.encode(&commitment.hash())
            }),
        ),
        ("beacon", beacon),
        ("seed", seed),
    ] {
        rows.add_row([name.to_owned(), value]);
    }
    println!("{}", rows.to_string().trim_start());
    // Printed below the table, so that the terminal width does not break the command.
    if let Some(round) = commitment.and_then(|commitment| commitment.beacon_round)
        && campaign.awaits_beacon()
    {
        println!(
            "\nTo enter the public randomness:\n  curl -s {} | newbee word beacon {}",
            beacon::round_url(round),
            campaign.id
        );
    }
}

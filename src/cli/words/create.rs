//! `newbee word create`: new word campaigns and previews of their shares.

use anyhow::anyhow;
use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, ValueEnum};
use data_encoding::HEXLOWER;
use rust_decimal::Decimal;
use serde_json::json;

use super::print_payload;
use crate::cli::common::CommonArgs;
use crate::cli::table::{table, utc};
use crate::cli::{output, values};
use crate::config::{DrawKeyArgs, Problems};
use crate::domain::audit::Author;
use crate::domain::beacon;
use crate::domain::money::wire_amount;
use crate::domain::word::{Split, WordCampaign, WordCampaignRejection, WordTerms};
use crate::service::word_campaigns::{create_word_campaign, preview_word_campaign};

/// Number of shares in a text preview.
const SHOWN_SHARES: usize = 10;
/// Number of shares in a JSON preview, the same as in the admin API.
const SHARES_IN_JSON: usize = 20;

// The variants have no descriptions: with them, clap uses another layout for `--help`.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum SplitArg {
    Fixed,
    Random,
}

#[derive(Args, Debug)]
pub struct CreateArgs {
    /// The word, 1 to 12 visible characters; case, width, invisible characters and surrounding spaces are ignored
    word: String,
    /// Total amount of all shares
    #[arg(long, value_parser = values::amount)]
    amount: Decimal,
    /// Coin ID assigned by the host application
    #[arg(long, value_name = "ID")]
    coin: String,
    /// Number of shares, at most 100000
    #[arg(long, value_name = "NUMBER", value_parser = values::count)]
    count: i32,
    /// Split of the amount: equal shares (fixed), or any split with equal probability (random)
    #[arg(long, value_enum)]
    split: SplitArg,
    /// Time from which shares can be claimed, such as 2030-01-01T00:00:00+08:00 [default: now]
    #[arg(long, value_name = "TIME", value_parser = values::instant)]
    opens_at: Option<DateTime<Utc>>,
    /// Time until which shares can be claimed
    #[arg(long, value_name = "TIME", value_parser = values::instant)]
    closes_at: DateTime<Utc>,
    /// Earliest time of the public randomness that determines the shares: at least one minute from now, no later than
    /// --opens-at
    #[arg(long, value_name = "TIME", value_parser = values::instant)]
    beacon_at: Option<DateTime<Utc>>,
    /// Time from an award to its settlement, such as 3days
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = values::duration)]
    hold: TimeDelta,
    /// Reason, recorded with the campaign
    #[arg(long)]
    reason: String,
    /// Preview possible shares without creating the campaign
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    common: CommonArgs,
    #[command(flatten)]
    draw_keys: DrawKeyArgs,
}

/// Creates a word campaign, or prints a preview of its shares.
///
/// # Errors
/// The configuration or the campaign is invalid, the database fails, or standard output cannot be written.
pub async fn run(args: CreateArgs, mut problems: Problems, author: &Author) -> anyhow::Result<()> {
    let keys = args.draw_keys.read(&mut problems);
    let terms = WordTerms {
        word: args.word,
        amount: args.amount,
        coin_id: args.coin,
        share_count: args.count,
        split: match args.split {
            SplitArg::Fixed => Split::Fixed,
            SplitArg::Random => Split::Random,
        },
        hold: args.hold,
        opens_at: args.opens_at.unwrap_or(author.at),
        closes_at: args.closes_at,
        beacon_at: args.beacon_at,
        reason: args.reason,
    };
    if args.dry_run {
        problems.into_result()?;
        let shares = preview_word_campaign(&terms, author).map_err(|problems| explain(&problems))?;
        return preview(&terms, shares, args.common.json);
    }
    let (pool, _) = args.common.open(problems).await?;
    let keys = keys.expect("no problem was found");
    let campaign = match create_word_campaign(&pool, &keys, &terms, author).await {
        Ok(campaign) => campaign,
        Err(failure) => return Err(explain(&failure.rejection()?)),
    };
    if args.common.json {
        return print_payload(&campaign, true);
    }
    print_made(&campaign);
    Ok(())
}

fn print_made(campaign: &WordCampaign) {
    println!(
        "Created campaign {}: {} in {} shares of coin {}, until {} UTC.",
        campaign.id,
        wire_amount(campaign.amount),
        campaign.share_count,
        campaign.coin_id,
        utc(campaign.closes_at),
    );
    let Some(commitment) = &campaign.commitment else {
        return;
    };
    println!("Hash of the draw: {}", HEXLOWER.encode(&commitment.hash()));
    match commitment.beacon_round {
        Some(round) => println!(
            "Publish the hash before {} UTC. Then enter the public randomness; no share can be claimed before that:\n  \
             curl -s {} | newbee word beacon {}",
            utc(beacon::round_time(round)),
            beacon::round_url(round),
            campaign.id
        ),
        None => println!(
            "This draw has no public randomness: it proves that nothing was changed afterwards, but not that the shares \
             were not chosen. To prove that too, create a campaign with --beacon-at."
        ),
    }
}

/// Returns an error with all problems, one per line.
fn explain(problems: &[WordCampaignRejection]) -> anyhow::Error {
    let sentences: Vec<_> = problems.iter().map(|problem| format!("\n  - {problem}")).collect();
    anyhow!("The campaign cannot be created:{}", sentences.concat())
}

/// Prints a sample of possible shares; as JSON with the fields of `previewWordCampaign`.
fn preview(terms: &WordTerms, shares: Vec<Decimal>, as_json: bool) -> anyhow::Result<()> {
    let shown = if as_json { SHARES_IN_JSON } else { SHOWN_SHARES };
    let first: Vec<_> = shares.iter().take(shown).copied().map(wire_amount).collect();
    let more = if shares.len() > first.len() { ", …" } else { "" };
    let mut sorted = shares;
    sorted.sort_unstable();
    let share = |place: usize| sorted.get(place).copied().map(wire_amount).unwrap_or_default();
    let (least, median, most) = (share(0), share(sorted.len() / 2), share(sorted.len() - 1));
    let sum = wire_amount(sorted.iter().sum());
    if as_json {
        return output::json(
            &json!({ "least": least, "median": median, "most": most, "sum": sum, "firstShares": first }),
        );
    }
    let mut rows = table(&["SHARES", "SUM", "LEAST", "MEDIAN", "MOST"]);
    rows.add_row([sorted.len().to_string(), sum, least, median, most]);
    println!("{rows}");
    println!("First shares: {}{more}", first.join(", "));
    println!(
        "Nothing was created. The actual shares of {:?} will differ: they are derived from a key of the campaign.",
        terms.word.trim()
    );
    Ok(())
}

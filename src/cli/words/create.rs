//! `newbee word create`

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
use crate::domain::language::Language;
use crate::domain::money::wire_amount;
use crate::domain::word::{Split, WordCampaign, WordProblem, WordTerms};
use crate::messages::Message;
use crate::service::word_campaigns::{create_word_campaign, preview_word_campaign};

/// Shares that a preview shows as text.
const SHOWN_SHARES: usize = 10;
/// Shares that a preview shows as JSON, as many as the admin API.
const SHARES_IN_JSON: usize = 20;

// Variants without descriptions: with them, clap gives the whole `--help` another layout.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum SplitArg {
    Fixed,
    Random,
}

#[derive(Args, Debug)]
pub struct CreateArgs {
    /// The word, 1 to 12 visible characters; case, width, invisible characters and outer spaces do not matter
    word: String,
    /// What all shares are worth together
    #[arg(long, value_parser = values::amount)]
    amount: Decimal,
    /// The host's own id of the coin
    #[arg(long, value_name = "ID")]
    coin: String,
    /// How many shares there are, at most 100000
    #[arg(long, value_name = "NUMBER", value_parser = values::count)]
    count: i32,
    /// How the amount is split: in equal shares (fixed), or in any way, each as likely (random)
    #[arg(long, value_enum)]
    split: SplitArg,
    /// From when on shares can be claimed, such as 2030-01-01T00:00:00+08:00; left out, from now on
    #[arg(long, value_name = "TIME", value_parser = values::instant)]
    opens_at: Option<DateTime<Utc>>,
    /// Until when shares can be claimed
    #[arg(long, value_name = "TIME", value_parser = values::instant)]
    closes_at: DateTime<Utc>,
    /// Earliest time of the public randomness that decides the shares: at least a minute from now, no later than --opens-at
    #[arg(long, value_name = "TIME", value_parser = values::instant)]
    beacon_at: Option<DateTime<Utc>>,
    /// From an award to its settlement, such as 3days
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = values::duration)]
    hold: TimeDelta,
    /// Why it is made; kept with it
    #[arg(long)]
    reason: String,
    /// Only show what the shares may be like, and make nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    common: CommonArgs,
    #[command(flatten)]
    draw_keys: DrawKeyArgs,
}

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
        let shares = preview_word_campaign(&terms, author).map_err(explain)?;
        return preview(&terms, shares, args.common.json);
    }
    let (pool, _) = args.common.open(problems).await?;
    let keys = keys.expect("no problem was found");
    let campaign = create_word_campaign(&pool, &keys, &terms, author)
        .await?
        .map_err(explain)?;
    if args.common.json {
        return print_payload(&campaign, true);
    }
    print_made(&campaign);
    Ok(())
}

fn print_made(campaign: &WordCampaign) {
    println!(
        "Made campaign {}: {} in {} shares of coin {}, until {} UTC.",
        campaign.id,
        wire_amount(campaign.amount),
        campaign.share_count,
        campaign.coin_id,
        utc(campaign.closes_at),
    );
    let Some(commitment) = &campaign.commitment else {
        return;
    };
    println!("The hash of its draw: {}", HEXLOWER.encode(&commitment.hash()));
    match commitment.beacon_round {
        Some(round) => println!(
            "Publish the hash before {} UTC. Then enter the public randomness, or no share can be claimed:\n  \
             curl -s {} | newbee word beacon {}",
            utc(beacon::round_time(round)),
            beacon::round_url(round),
            campaign.id
        ),
        None => println!(
            "This draw has no public randomness: it proves that nothing was changed since, but not that nobody chose the \
             shares. For that, make a campaign with --beacon-at."
        ),
    }
}

/// Everything that is wrong, one a line.
fn explain(problems: Vec<WordProblem>) -> anyhow::Error {
    let sentences: Vec<_> = problems
        .into_iter()
        .map(|problem| format!("\n  - {}", Message::from(problem).text(Language::English)))
        .collect();
    anyhow!("The campaign cannot be made:{}", sentences.concat())
}

/// Prints shares as a campaign may have them; as JSON with the fields of `previewWordCampaign`.
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
    println!("The first of them: {}{more}", first.join(", "));
    println!(
        "Nothing was made. The shares of {:?} will be others: they follow from a key of the campaign.",
        terms.word.trim()
    );
    Ok(())
}

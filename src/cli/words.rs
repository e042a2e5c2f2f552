//! `newbee word …`

mod published;

use std::io::Read;
use std::path::PathBuf;

use anyhow::{Context, anyhow, bail};
use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, Subcommand, ValueEnum};
use data_encoding::HEXLOWER;
use rust_decimal::Decimal;

use super::database;
use super::table::{table, utc};
use super::values;
use crate::clock::Clock;
use crate::config::{BusinessArgs, DatabaseArgs, Problems};
use crate::domain::audit::Author;
use crate::domain::language::Language;
use crate::domain::money::wire_amount;
use crate::domain::word::{Split, WordCampaign, WordProblem, WordTerms};
use crate::domain::word_draw::Draw;
use crate::messages::Message;
use crate::read::words;
use crate::service::word_campaigns::{EndOutcome, create_word_campaign, end_word_campaign, preview_word_campaign};

/// How many campaigns a list shows, and how many shares a preview.
const LISTED: i64 = 50;
const SHOWN_SHARES: usize = 10;

#[derive(Debug, Subcommand)]
pub enum WordCommand {
    /// Make a word campaign, or look at the shares it would have
    #[command(
        after_help = "Examples:\n  newbee word create 口令 --amount 100 --coin 1 --count 50 --split random \\\n      \
        --closes-at 2030-01-01T00:00:00+08:00 --reason 'new year' --dry-run\n  \
        the same without --dry-run makes the campaign\n\n\
        The shares are drawn and shuffled when the campaign is made. The hash that is printed is a promise of them: publish\n\
        it, and after the end anybody can check the draw by `newbee word verify`."
    )]
    Create(Box<CreateArgs>),
    /// List the word campaigns, the newest first
    List(ListArgs),
    /// Show a campaign; with --json its draw, once it is over, as `verify` takes it
    Show(ShowArgs),
    /// End a campaign before its time; what was claimed stays
    End(EndArgs),
    /// Check a published draw, without a database
    #[command(
        after_help = "Examples:\n  newbee word show 7 --json | newbee word verify\n  newbee word verify draw.json\n\n\
        The draw is JSON as the field `wordDraw` of the API answers it: amount, shareCount, split, hash, nonce and shares.\n\
        Checked are the number and the sum of the shares, that the hash is that of nonce and shares, and that the shares\n\
        are those that the nonce draws. Exit code 0: it is what was promised; 1: it is not."
    )]
    Verify(VerifyArgs),
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum SplitArg {
    /// Equal shares
    Fixed,
    /// Any split, each as likely
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
    #[arg(long, value_name = "NUMBER")]
    count: i32,
    /// How the amount is split
    #[arg(long, value_enum)]
    split: SplitArg,
    /// From when on shares can be claimed, such as 2030-01-01T00:00:00+08:00; left out, from now on
    #[arg(long, value_name = "TIME")]
    opens_at: Option<DateTime<Utc>>,
    /// Until when shares can be claimed
    #[arg(long, value_name = "TIME")]
    closes_at: DateTime<Utc>,
    /// From an award to its settlement, such as 3days
    #[arg(long, value_name = "DURATION", default_value = "0s")]
    hold: humantime::Duration,
    /// Why it is made; kept with it
    #[arg(long)]
    reason: String,
    /// Only show what the shares may be like, and make nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    business: BusinessArgs,
}

#[derive(Args, Debug)]
pub struct ListArgs {
    /// As JSON, for programs
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    business: BusinessArgs,
}

#[derive(Args, Debug)]
pub struct ShowArgs {
    /// The campaign's number
    id: i64,
    /// As JSON, for programs
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    business: BusinessArgs,
}

#[derive(Args, Debug)]
pub struct EndArgs {
    /// The campaign's number
    id: i64,
    /// Why; kept in the audit log
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    business: BusinessArgs,
}

#[derive(Args, Debug)]
pub struct VerifyArgs {
    /// A file with the draw; left out, or -, standard input
    file: Option<PathBuf>,
}

pub async fn run(command: WordCommand, problems: Problems, clock: Clock) -> anyhow::Result<()> {
    let author = Author::at_the_command_line(clock.now());
    match command {
        WordCommand::Create(args) => create(*args, problems, &author).await,
        WordCommand::List(args) => list(&args, problems, author.at).await,
        WordCommand::Show(args) => show(&args, problems, author.at).await,
        WordCommand::End(args) => end(&args, problems, &author).await,
        WordCommand::Verify(args) => verify(&args, problems),
    }
}

async fn create(args: CreateArgs, problems: Problems, author: &Author) -> anyhow::Result<()> {
    let terms = WordTerms {
        word: args.word,
        amount: args.amount,
        coin_id: args.coin,
        share_count: args.count,
        split: match args.split {
            SplitArg::Fixed => Split::Fixed,
            SplitArg::Random => Split::Random,
        },
        hold: TimeDelta::from_std(*args.hold).unwrap_or(TimeDelta::MAX),
        opens_at: args.opens_at.unwrap_or(author.at),
        closes_at: args.closes_at,
        reason: args.reason,
    };
    if args.dry_run {
        problems.into_result()?;
        let draw = preview_word_campaign(&terms, author).map_err(explain)?;
        preview(&terms, &draw);
        return Ok(());
    }
    let (pool, _) = database::open(&args.database, &args.business, problems).await?;
    let campaign = create_word_campaign(&pool, &terms, author).await?.map_err(explain)?;
    println!(
        "Made campaign {}: {} in {} shares of coin {}, until {} UTC.\nThe hash of its draw: {}",
        campaign.id,
        wire_amount(campaign.amount),
        campaign.share_count,
        campaign.coin_id,
        utc(campaign.closes_at),
        HEXLOWER.encode(&campaign.draw_hash),
    );
    Ok(())
}

/// Everything that is wrong, one a line.
fn explain(problems: Vec<WordProblem>) -> anyhow::Error {
    let sentences: Vec<_> = problems
        .into_iter()
        .map(|problem| format!("\n  - {}", Message::from(problem).text(Language::English)))
        .collect();
    anyhow!("The campaign cannot be made:{}", sentences.concat())
}

fn preview(terms: &WordTerms, draw: &Draw) {
    let mut sorted = draw.shares.clone();
    sorted.sort_unstable();
    let share = |place: usize| sorted.get(place).copied().map(wire_amount).unwrap_or_default();
    let mut rows = table(&["SHARES", "SUM", "LEAST", "MEDIAN", "MOST"]);
    rows.add_row([
        draw.shares.len().to_string(),
        wire_amount(draw.shares.iter().sum()),
        share(0),
        share(sorted.len() / 2),
        share(sorted.len() - 1),
    ]);
    println!("{rows}");
    let first: Vec<_> = draw
        .shares
        .iter()
        .take(SHOWN_SHARES)
        .copied()
        .map(wire_amount)
        .collect();
    println!(
        "The first in the order of claims: {}{}",
        first.join(", "),
        if draw.shares.len() > first.len() { ", …" } else { "" }
    );
    println!(
        "Nothing was made. The shares of {:?} are drawn anew when it is made.",
        terms.word.trim()
    );
}

async fn list(args: &ListArgs, problems: Problems, now: DateTime<Utc>) -> anyhow::Result<()> {
    let (pool, _) = database::open(&args.database, &args.business, problems).await?;
    let campaigns = words::word_campaigns(&pool, None, LISTED).await?;
    if args.json {
        let campaigns: Vec<_> = campaigns
            .iter()
            .map(|campaign| published::campaign(campaign, None))
            .collect();
        println!("{}", serde_json::to_string_pretty(&campaigns)?);
        return Ok(());
    }
    if campaigns.is_empty() {
        println!("There are no word campaigns. Make one: newbee word create --help");
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
    } else if campaign.opens_at > now {
        "upcoming"
    } else if campaign.is_exhausted() {
        "claimed"
    } else {
        "open"
    }
}

async fn show(args: &ShowArgs, problems: Problems, now: DateTime<Utc>) -> anyhow::Result<()> {
    let (pool, _) = database::open(&args.database, &args.business, problems).await?;
    let Some(campaign) = words::word_campaign(&pool, args.id).await? else {
        bail!("There is no word campaign {}. See: newbee word list", args.id);
    };
    let draw = match campaign.is_revealed(now) {
        true => Some(words::draw_of(&pool, &campaign).await?),
        false => None,
    };
    if args.json {
        println!(
            "{}",
            serde_json::to_string_pretty(&published::campaign(&campaign, draw.as_ref()))?
        );
        return Ok(());
    }
    let nonce = draw.map_or("told after the end".to_owned(), |draw| {
        HEXLOWER.encode(&draw.draw.nonce)
    });
    let mut rows = table(&["", ""]);
    for (name, value) in [
        ("campaign", campaign.id.to_string()),
        ("word", campaign.word.clone()),
        ("state", state(&campaign, now).to_owned()),
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
        ("made by", format!("{} ({})", campaign.created_by, campaign.reason)),
        ("hash", HEXLOWER.encode(&campaign.draw_hash)),
        ("nonce", nonce),
    ] {
        rows.add_row([name.to_owned(), value]);
    }
    println!("{rows}");
    Ok(())
}

async fn end(args: &EndArgs, problems: Problems, author: &Author) -> anyhow::Result<()> {
    let (pool, _) = database::open(&args.database, &args.business, problems).await?;
    match end_word_campaign(&pool, args.id, &args.reason, author).await? {
        EndOutcome::Ended(campaign) => println!(
            "Ended campaign {}: {} of {} shares were claimed. Its draw can be told: newbee word show {} --json",
            campaign.id, campaign.used_count, campaign.share_count, campaign.id
        ),
        EndOutcome::AlreadyOver(campaign) => {
            println!("Campaign {} was over already. Nothing was changed.", campaign.id);
        }
        EndOutcome::Unknown => bail!("There is no word campaign {}. See: newbee word list", args.id),
        EndOutcome::ReasonInvalid => bail!("--reason: {}", Message::ReasonInvalid.text(Language::English)),
    }
    Ok(())
}

fn verify(args: &VerifyArgs, problems: Problems) -> anyhow::Result<()> {
    problems.into_result()?;
    let text = match args.file.as_deref().filter(|file| file.as_os_str() != "-") {
        Some(file) => std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?,
        None => {
            let mut text = String::new();
            std::io::stdin()
                .read_to_string(&mut text)
                .context("Standard input could not be read as text")?;
            text
        }
    };
    let draw = published::read(&text)?;
    match draw.verify() {
        Ok(()) => println!(
            "The draw is what was promised: {} shares, {} together, drawn from the nonce.",
            draw.share_count,
            wire_amount(draw.amount)
        ),
        Err(mismatch) => bail!("The draw is not what was promised: {mismatch}."),
    }
    Ok(())
}

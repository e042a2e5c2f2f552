//! `newbee award …`: awards and their corrections.

mod correct;

use anyhow::bail;
use chrono::{DateTime, NaiveDate, Utc};
use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::json;

use super::admin::{Admin, read};
use super::common::CommonArgs;
use super::table::{Rows, utc};
use super::{output, values};
use crate::clock::Clock;
use crate::config::Problems;

#[derive(Args, Debug)]
pub struct AwardArgs {
    #[command(subcommand)]
    command: AwardCommand,
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Debug, Subcommand)]
enum AwardCommand {
    /// Show the awards that could not be settled, and why
    #[command(after_help = "Example:\n  newbee award parked\n\n\
        A parked award stays parked until it is retried or voided: use `newbee award retry` after fixing the cause, or \
        `newbee award void` to cancel it. Other awards are not affected.")]
    Parked,
    /// Show one award and its history
    #[command(after_help = "Example:\n  newbee award show award_22")]
    Show {
        /// Award ID
        #[arg(value_name = "AWARD", value_parser = values::award_id)]
        id: i64,
    },
    /// Show the awards of a user, an item or a business day, newest first
    #[command(
        after_help = "Examples:\n  newbee award list --user 17\n  newbee award list --item join_group --day 2026-11-22"
    )]
    List {
        /// Awards of this user
        #[arg(long, value_name = "USER_ID", value_parser = values::user_id)]
        user: Option<i64>,
        /// Awards of this item
        #[arg(long, value_name = "ITEM")]
        item: Option<String>,
        /// Awards of this business day
        #[arg(long, value_name = "YYYY-MM-DD", value_parser = values::day)]
        day: Option<NaiveDate>,
        /// Number of awards to show, at most 100
        #[arg(long, value_name = "NUMBER", default_value = "20", value_parser = values::page)]
        limit: u16,
        /// Only awards older than this one: the last one shown
        #[arg(long, value_name = "AWARD", value_parser = values::award_id)]
        below: Option<i64>,
    },
    /// Release parked awards for settlement
    #[command(
        after_help = "Examples:\n  newbee award retry award_22 --reason 'the balance was corrected'\n  \
        newbee award retry --parked --reason 'the balance was corrected' --dry-run\n\n\
        The next run of settle_awards pays them within a minute. Fix the cause first, or they are parked again."
    )]
    Retry(correct::CorrectArgs),
    /// Void pending or parked awards before they are paid
    #[command(
        after_help = "Examples:\n  newbee award void award_22 award_23 --reason 'recorded by mistake'\n  \
        newbee award void --user 17 --item join_group --reason 'a bot' --dry-run\n\n\
        Awards in another status are left unchanged. For an award that is already paid: newbee award reverse."
    )]
    Void(correct::CorrectArgs),
    /// Reverse settled awards with a compensating ledger entry
    #[command(
        after_help = "Examples:\n  newbee award reverse award_22 --reason 'recorded by mistake'\n  \
        newbee award reverse --user 17 --day 2026-11-22 --reason 'a bot' --dry-run\n\n\
        The balance can become negative. Reversing an award again changes nothing."
    )]
    Reverse(correct::CorrectArgs),
}

/// An award as returned by the admin API.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Award {
    pub id: String,
    pub user_id: String,
    pub item: String,
    #[serde(rename = "type")]
    pub award_type: String,
    pub amount: String,
    pub coin_id: String,
    pub target_id: Option<String>,
    pub status: String,
    pub business_day: NaiveDate,
    pub settles_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub source: String,
    pub source_key: String,
    pub rule_version: Option<i64>,
    pub recorded_by: Option<String>,
    pub settle_error: Option<String>,
    #[serde(default)]
    pub timeline: Option<Vec<Event>>,
}

/// An event in the timeline of an award.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    at: DateTime<Utc>,
    event: String,
    actor: Option<String>,
    job: Option<String>,
    run_id: Option<String>,
    reason: Option<String>,
}

const PARKED: &str = concat!("{ parkedAwards { ", award_fields!(), " } }");
const AWARD: &str = concat!(
    "query ($id: ID!) { award(id: $id) { ",
    award_fields!(),
    " timeline { at event actor job runId reason } } }"
);
const AWARDS: &str = concat!(
    "query ($selection: AwardSelectionInput!, $first: Int!, $below: ID) {
        awards(selection: $selection, first: $first, below: $below) { ",
    award_fields!(),
    " } }"
);

/// Runs `newbee award …`.
///
/// # Errors
/// The configuration is invalid, a read or write fails, the request is rejected, or standard output cannot be written.
pub async fn run(args: AwardArgs, problems: Problems, clock: Clock) -> anyhow::Result<()> {
    let admin = Admin::open(&args.common, problems, clock).await?;
    let as_json = args.common.json;
    match args.command {
        AwardCommand::Parked => print_parked(&admin, as_json).await,
        AwardCommand::Show { id } => show(&admin, id, as_json).await,
        AwardCommand::List {
            user,
            item,
            day,
            limit,
            below,
        } => {
            let selection = json!({
                "userId": user.map(|user| user.to_string()),
                "item": item,
                "businessDay": day,
            });
            let variables = json!({
                "selection": selection,
                "first": limit,
                "below": below.map(|id| format!("award_{id}")),
            });
            list(&admin, variables, as_json).await
        }
        AwardCommand::Retry(args) => correct::run(&admin, &correct::RETRY, &args, as_json).await,
        AwardCommand::Void(args) => correct::run(&admin, &correct::VOID, &args, as_json).await,
        AwardCommand::Reverse(args) => correct::run(&admin, &correct::REVERSE, &args, as_json).await,
    }
}

/// Returns the parked awards, oldest first, at most 100: as JSON and deserialised.
///
/// # Errors
/// The read fails.
pub async fn parked(admin: &Admin) -> anyhow::Result<(serde_json::Value, Vec<Award>)> {
    let value = admin.ask("parkedAwards", PARKED, json!({})).await?;
    let awards = read(&value)?;
    Ok((value, awards))
}

async fn print_parked(admin: &Admin, as_json: bool) -> anyhow::Result<()> {
    let (value, awards) = parked(admin).await?;
    if as_json {
        return output::json(&value);
    }
    if awards.is_empty() {
        return Ok(output::line("No award is parked.")?);
    }
    let mut rows = Rows::new(&["AWARD", "USER", "AMOUNT", "COIN", "ITEM", "WHY"]);
    for award in &awards {
        rows.add([
            award.id.clone(),
            award.user_id.clone(),
            award.amount.clone(),
            award.coin_id.clone(),
            award.item.clone(),
            award.settle_error.clone().unwrap_or_default(),
        ]);
    }
    let mut text = rows.into_text();
    text.push_str(
        "\n\nAfter fixing the cause: newbee award retry AWARD --reason '…'\nTo cancel an award: newbee award void AWARD --reason '…'",
    );
    Ok(output::line(text)?)
}

async fn list(admin: &Admin, variables: serde_json::Value, as_json: bool) -> anyhow::Result<()> {
    let value = admin.ask("awards", AWARDS, variables).await?;
    if as_json {
        return output::json(&value);
    }
    let awards: Vec<Award> = read(&value)?;
    if awards.is_empty() {
        return Ok(output::line("No award matches.")?);
    }
    Ok(output::line(table(&awards).into_text())?)
}

/// Returns a table of awards.
pub fn table(awards: &[Award]) -> Rows {
    let mut rows = Rows::new(&["AWARD", "DAY", "ITEM", "AMOUNT", "COIN", "STATUS"]);
    for award in awards {
        let status = match &award.settle_error {
            Some(error) => format!("PARKED: {error}"),
            None => award.status.clone(),
        };
        rows.add([
            award.id.clone(),
            award.business_day.to_string(),
            award.item.clone(),
            award.amount.clone(),
            award.coin_id.clone(),
            status,
        ]);
    }
    rows
}

async fn show(admin: &Admin, id: i64, as_json: bool) -> anyhow::Result<()> {
    let value = admin
        .ask("award", AWARD, json!({ "id": format!("award_{id}") }))
        .await?;
    if value.is_null() {
        bail!("There is no award_{id}. See: newbee award list --user USER_ID");
    }
    if as_json {
        return output::json(&value);
    }
    let award: Award = read(&value)?;
    let mut rows = Rows::without_header(2);
    rows.fact("award", &award.id);
    rows.fact("user", &award.user_id);
    rows.fact("item", format_args!("{} ({})", award.item, award.award_type));
    rows.fact("amount", format_args!("{} of coin {}", award.amount, award.coin_id));
    rows.fact("status", &award.status);
    if let Some(error) = &award.settle_error {
        rows.fact("parked", error);
    }
    if let Some(target) = &award.target_id {
        rows.fact("target", target);
    }
    rows.fact("business day", award.business_day);
    rows.fact("created (UTC)", utc(award.created_at));
    rows.fact("settles (UTC)", utc(award.settles_at));
    let version = award
        .rule_version
        .map_or(String::new(), |version| format!(", rule version {version}"));
    rows.fact("source", format_args!("{} {}{version}", award.source, award.source_key));
    if let Some(by) = &award.recorded_by {
        rows.fact("recorded by", by);
    }
    let mut text = rows.into_text();
    if let Some(events) = award.timeline.filter(|events| !events.is_empty()) {
        text.push_str(&format!("\n\n{}", timeline(&events).into_text()));
    }
    Ok(output::line(text)?)
}

fn timeline(events: &[Event]) -> Rows {
    let mut rows = Rows::new(&["AT (UTC)", "EVENT", "BY", "WHY"]);
    for event in events {
        let by = match (&event.actor, &event.job, &event.run_id) {
            (Some(actor), ..) => actor.clone(),
            (None, Some(job), Some(run)) => format!("{job}, run {run}"),
            (None, Some(job), None) => job.clone(),
            (None, None, _) => "-".to_owned(),
        };
        rows.add([
            utc(event.at),
            event.event.clone(),
            by,
            event.reason.clone().unwrap_or_default(),
        ]);
    }
    rows
}

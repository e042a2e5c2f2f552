//! `newbee reservation …`: reservation campaigns.

mod change;

use anyhow::bail;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::{Value, json};

use super::admin::{Admin, read};
use super::common::CommonArgs;
use super::lists::{self, LengthArgs};
use super::output;
use super::table::{Rows, grouped, utc};
use crate::clock::Clock;
use crate::config::Problems;
use crate::domain::reservation::normalise_key;

#[derive(Args, Debug)]
pub struct ReservationArgs {
    #[command(subcommand)]
    command: ReservationCommand,
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Debug, Subcommand)]
enum ReservationCommand {
    /// List the reservation campaigns, newest first
    List,
    /// Show a campaign
    Show {
        /// Key of the campaign
        key: String,
    },
    /// Show the places of a campaign, by user
    #[command(after_help = "Examples:\n  newbee reservation places libra\n  \
        newbee reservation places libra --all --json > places.json")]
    Places {
        /// Key of the campaign
        key: String,
        #[command(flatten)]
        length: LengthArgs,
    },
    /// Create a campaign
    #[command(
        after_help = "Example:\n  newbee reservation create libra --title Libra --capacity 1000 --reward-amount 5 \\\n      \
        --reward-coin 1 --reason 'the launch in May'"
    )]
    Create(Box<change::TermsArgs>),
    /// Change a campaign: omitted options keep their values
    #[command(
        after_help = "Examples:\n  newbee reservation change libra --capacity 2000 --reason 'more places'\n  \
        newbee reservation change libra --closed on --reason 'fraud'\n\n\
        After the launch, only the title and the legacy default can be changed."
    )]
    Change(Box<change::TermsArgs>),
    /// Launch a campaign once: its places become final, and each is paid the reward
    #[command(
        after_help = "Example:\n  newbee reservation launch libra --reason 'launched today'\n\n\
        This cannot be undone. The job pay_reservations pays the rewards within a minute. Launching again changes nothing."
    )]
    Launch {
        /// Key of the campaign
        key: String,
        /// Reason, recorded in the audit log
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

/// A campaign as returned by the admin API.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Campaign {
    key: String,
    title: Option<String>,
    state: String,
    count: i64,
    capacity: Option<i64>,
    opens_at: Option<DateTime<Utc>>,
    closes_at: Option<DateTime<Utc>>,
    closed: bool,
    reward_amount: Option<String>,
    reward_coin_id: Option<String>,
    reward_hold_seconds: Option<i64>,
    legacy_default: bool,
    launched_at: Option<DateTime<Utc>>,
    rewards_paid_at: Option<DateTime<Utc>>,
    created_by: String,
    reason: String,
    created_at: DateTime<Utc>,
}

const CAMPAIGNS: &str = concat!(
    "query ($first: Int!) { reservationCampaigns(first: $first) { ",
    reservation_fields!(),
    " } }"
);
const LAUNCH: &str = concat!(
    "mutation ($key: String!, $reason: String!) { launchReservations(key: $key, reason: $reason) { changed campaign { ",
    reservation_fields!(),
    " } problems { code message } } }"
);

/// Runs `newbee reservation …`.
///
/// # Errors
/// The configuration is invalid, a read or write fails, the request is rejected, or standard output cannot be written.
pub async fn run(args: ReservationArgs, problems: Problems, clock: Clock) -> anyhow::Result<()> {
    let admin = Admin::open(&args.common, problems, clock).await?;
    let as_json = args.common.json;
    match args.command {
        ReservationCommand::List => list(&admin, as_json).await,
        ReservationCommand::Show { key } => show(&admin, &key, as_json).await,
        ReservationCommand::Places { key, length } => lists::print(&admin, &lists::PLACES, &key, length, as_json).await,
        ReservationCommand::Create(terms) => change::create(&admin, &terms, as_json).await,
        ReservationCommand::Change(terms) => {
            let (_, before) = find(&admin, &terms.key).await?;
            change::change(&admin, &terms, &before, as_json).await
        }
        ReservationCommand::Launch { key, reason } => {
            let payload = admin
                .change("launchReservations", LAUNCH, json!({ "key": key, "reason": reason }))
                .await?;
            if as_json {
                return output::json(&payload);
            }
            let campaign: Campaign = read(&payload["campaign"])?;
            Ok(output::line(match payload["changed"].as_bool() {
                Some(true) => format!(
                    "Launched {key} with {} taken. {}",
                    places(campaign.count),
                    match campaign.reward_amount {
                        Some(_) =>
                            "pay_reservations pays the rewards within a minute: newbee jobs history pay_reservations",
                        None => "It pays no reward.",
                    }
                ),
                _ => format!("{key} was already launched before. Nothing was changed."),
            })?)
        }
    }
}

fn places(count: i64) -> String {
    super::table::counted(count, "place")
}

async fn campaigns(admin: &Admin) -> anyhow::Result<Value> {
    admin
        .ask("reservationCampaigns", CAMPAIGNS, json!({ "first": 100 }))
        .await
}

/// Returns a campaign by its key: as JSON and deserialised.
async fn find(admin: &Admin, key: &str) -> anyhow::Result<(Value, Campaign)> {
    let all = campaigns(admin).await?;
    let wanted = normalise_key(key).unwrap_or_default();
    let found = all
        .as_array()
        .into_iter()
        .flatten()
        .find(|campaign| campaign["key"] == wanted.as_str());
    match found {
        Some(value) => Ok((value.clone(), read(value)?)),
        None => bail!("There is no reservation campaign {key:?} among the newest 100. See: newbee reservation list"),
    }
}

async fn list(admin: &Admin, as_json: bool) -> anyhow::Result<()> {
    let value = campaigns(admin).await?;
    if as_json {
        return output::json(&value);
    }
    let campaigns: Vec<Campaign> = read(&value)?;
    if campaigns.is_empty() {
        return Ok(output::line(
            "There are no reservation campaigns. Create one: newbee reservation create --help",
        )?);
    }
    let mut rows = Rows::new(&["KEY", "STATE", "PLACES", "REWARD", "CLOSES (UTC)", "TITLE"]);
    for campaign in &campaigns {
        rows.add([
            campaign.key.clone(),
            campaign.state.to_lowercase(),
            campaign.taken(),
            campaign.reward(),
            campaign.closes_at.map_or("-".to_owned(), utc),
            campaign.title.clone().unwrap_or_default(),
        ]);
    }
    Ok(output::line(rows.into_text())?)
}

async fn show(admin: &Admin, key: &str, as_json: bool) -> anyhow::Result<()> {
    let (value, campaign) = find(admin, key).await?;
    if as_json {
        return output::json(&value);
    }
    Ok(output::line(campaign.facts().into_text())?)
}

impl Campaign {
    fn taken(&self) -> String {
        match self.capacity {
            Some(capacity) => format!("{} of {}", grouped(self.count), grouped(capacity)),
            None => grouped(self.count),
        }
    }

    fn reward(&self) -> String {
        match (&self.reward_amount, &self.reward_coin_id) {
            (Some(amount), Some(coin)) => format!("{amount} of coin {coin}"),
            _ => "-".to_owned(),
        }
    }

    fn facts(&self) -> Rows {
        let time = |at: Option<DateTime<Utc>>| at.map_or("-".to_owned(), utc);
        let mut rows = Rows::without_header(2);
        rows.fact("campaign", &self.key);
        rows.fact("title", self.title.as_deref().unwrap_or("-"));
        let by_hand = if self.closed && self.launched_at.is_none() {
            " (manually, or since its end)"
        } else {
            ""
        };
        rows.fact("state", format_args!("{}{by_hand}", self.state.to_lowercase()));
        rows.fact("places", self.taken());
        rows.fact("opens (UTC)", time(self.opens_at));
        rows.fact("closes (UTC)", time(self.closes_at));
        rows.fact("reward", self.reward());
        if let Some(seconds) = self.reward_hold_seconds.filter(|seconds| *seconds > 0) {
            rows.fact("reward held", format_args!("{seconds} s"));
        }
        rows.fact("legacy default", if self.legacy_default { "yes" } else { "no" });
        rows.fact("launched (UTC)", time(self.launched_at));
        rows.fact("rewards paid (UTC)", time(self.rewards_paid_at));
        rows.fact("created (UTC)", utc(self.created_at));
        rows.fact("created by", format_args!("{} ({})", self.created_by, self.reason));
        rows
    }
}

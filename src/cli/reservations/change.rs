//! `newbee reservation create` and `change`.

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::Campaign;
use crate::cli::admin::{Admin, read};
use crate::cli::output;
use crate::cli::values::{self, OrNone, Switch};

const CREATE: &str = concat!(
    "mutation ($input: ReservationCampaignInput!) { createReservationCampaign(input: $input) { changed campaign { ",
    reservation_fields!(),
    " } problems { code message } } }"
);
const CHANGE: &str = concat!(
    "mutation ($input: ReservationCampaignInput!) { changeReservationCampaign(input: $input) { changed campaign { ",
    reservation_fields!(),
    " } problems { code message } } }"
);

#[derive(Args, Debug)]
pub struct TermsArgs {
    /// The key by which clients ask for it: a lowercase letter, then letters, digits, _ and -, at most 40
    pub key: String,
    /// The name that people see, or none
    #[arg(long, value_name = "TEXT|none", value_parser = values::or_none(values::text))]
    title: Option<OrNone<String>>,
    /// Number of places, or none for no limit
    #[arg(long, value_name = "NUMBER|none", value_parser = values::or_none(values::count))]
    capacity: Option<OrNone<i32>>,
    /// From when on places can be taken, or none for at once
    #[arg(long, value_name = "TIME|none", value_parser = values::or_none(values::instant))]
    opens_at: Option<OrNone<DateTime<Utc>>>,
    /// Until when places can be taken and given back, or none for until the launch
    #[arg(long, value_name = "TIME|none", value_parser = values::or_none(values::instant))]
    closes_at: Option<OrNone<DateTime<Utc>>>,
    /// Close it by hand, or open it again: on or off
    #[arg(long, value_name = "on|off")]
    closed: Option<Switch>,
    /// What each place is paid after the launch, or none
    #[arg(long, value_name = "AMOUNT|none", value_parser = values::or_none(values::amount))]
    reward_amount: Option<OrNone<Decimal>>,
    /// The host's id of the coin of the reward
    #[arg(long, value_name = "ID")]
    reward_coin: Option<String>,
    /// The time from the reward to its settlement, such as 3days
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    reward_hold: Option<TimeDelta>,
    /// Whether the legacy method subscribe_counts counts it when no key is given: on or off
    #[arg(long, value_name = "on|off")]
    legacy_default: Option<Switch>,
    /// Why; kept in the audit log
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Creates a campaign and prints it.
///
/// # Errors
/// A campaign that is refused, a failed write, or a standard output that cannot be written.
pub async fn create(admin: &Admin, args: &TermsArgs, as_json: bool) -> anyhow::Result<()> {
    let variables = json!({ "input": args.input(None, admin.author.at) });
    let payload = admin.change("createReservationCampaign", CREATE, variables).await?;
    print("Created", &payload, as_json)
}

/// Changes a campaign and prints it.
///
/// # Errors
/// A change that is refused, a failed write, or a standard output that cannot be written.
pub async fn change(admin: &Admin, args: &TermsArgs, before: &Campaign, as_json: bool) -> anyhow::Result<()> {
    let variables = json!({ "input": args.input(Some(before), admin.author.at) });
    let payload = admin.change("changeReservationCampaign", CHANGE, variables).await?;
    print("Changed", &payload, as_json)
}

fn print(done: &str, payload: &Value, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return output::json(payload);
    }
    let campaign: Campaign = read(&payload["campaign"])?;
    Ok(output::line(format_args!(
        "{done} {}.\n\n{}",
        campaign.key,
        campaign.facts().into_text()
    ))?)
}

impl TermsArgs {
    /// Returns the whole campaign as the API takes it: the given terms, and those in force for the others.
    fn input(&self, before: Option<&Campaign>, now: DateTime<Utc>) -> Value {
        let amount = match &self.reward_amount {
            Some(OrNone(amount)) => amount.map(|amount| amount.to_string()),
            None => before.and_then(|campaign| campaign.reward_amount.clone()),
        };
        let coin = self
            .reward_coin
            .clone()
            .or(before.and_then(|campaign| campaign.reward_coin_id.clone()));
        let has_no_reward = matches!(self.reward_amount, Some(OrNone(None)));
        let hold = self.reward_hold.map(|hold| hold.num_seconds());
        json!({
            "key": before.map_or(self.key.as_str(), |campaign| campaign.key.as_str()),
            "title": either(self.title.as_ref(), before.and_then(|campaign| campaign.title.clone())),
            "capacity": either(
                self.capacity.as_ref().map(|given| OrNone(given.0.map(i64::from))).as_ref(),
                before.and_then(|campaign| campaign.capacity),
            ),
            "opensAt": either(self.opens_at.as_ref(), before.and_then(|campaign| campaign.opens_at)).map(output::api_time),
            "closesAt": either(self.closes_at.as_ref(), before.and_then(|campaign| campaign.closes_at)).map(output::api_time),
            "closed": self.closed.map_or_else(|| before.is_some_and(|campaign| self.stays_closed(campaign, now)), |switch| switch.0),
            "rewardAmount": amount,
            "rewardCoinId": coin.filter(|_| !has_no_reward || self.reward_coin.is_some()),
            "rewardHoldSeconds": hold.or(before.and_then(|campaign| campaign.reward_hold_seconds)).unwrap_or(0),
            "legacyDefault": self.legacy_default.map(|switch| switch.0).or(before.map(|campaign| campaign.legacy_default)).unwrap_or(false),
            "reason": self.reason,
        })
    }
}

impl TermsArgs {
    /// Reports whether a campaign stays closed when nothing is said of that: not when it closed at its end and gets another.
    fn stays_closed(&self, campaign: &Campaign, now: DateTime<Utc>) -> bool {
        let closed_at_its_end = campaign.closes_at.is_some_and(|closes| closes <= now);
        campaign.closed && !(closed_at_its_end && self.closes_at.is_some())
    }
}

/// Returns the given value, which may be none, or else the one from before.
fn either<T: Clone>(given: Option<&OrNone<T>>, before: Option<T>) -> Option<T> {
    match given {
        Some(OrNone(value)) => value.clone(),
        None => before,
    }
}

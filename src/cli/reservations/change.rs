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
    /// Key that clients use: at most 40 lowercase letters, digits, _ and -, starting with a letter
    pub key: String,
    /// Displayed name, or none
    #[arg(long, value_name = "TEXT|none", value_parser = values::or_none(values::text))]
    title: Option<OrNone<String>>,
    /// Number of places, or none for no limit
    #[arg(long, value_name = "NUMBER|none", value_parser = values::or_none(values::count))]
    capacity: Option<OrNone<i32>>,
    /// Time from which places can be reserved, or none for immediately
    #[arg(long, value_name = "TIME|none", value_parser = values::or_none(values::instant))]
    opens_at: Option<OrNone<DateTime<Utc>>>,
    /// Time until which places can be reserved and cancelled, or none for until the launch
    #[arg(long, value_name = "TIME|none", value_parser = values::or_none(values::instant))]
    closes_at: Option<OrNone<DateTime<Utc>>>,
    /// Close the campaign manually, or reopen it: on or off
    #[arg(long, value_name = "on|off")]
    closed: Option<Switch>,
    /// Reward for each place after the launch, or none
    #[arg(long, value_name = "AMOUNT|none", value_parser = values::or_none(values::amount))]
    reward_amount: Option<OrNone<Decimal>>,
    /// Coin ID of the reward, assigned by the host application
    #[arg(long, value_name = "ID")]
    reward_coin: Option<String>,
    /// Time from the reward to its settlement, such as 3days
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    reward_hold: Option<TimeDelta>,
    /// Count this campaign in the legacy method subscribe_counts if no key is given: on or off
    #[arg(long, value_name = "on|off")]
    legacy_default: Option<Switch>,
    /// Reason, recorded in the audit log
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Creates a campaign and prints it.
///
/// # Errors
/// The campaign is rejected, the write fails, or standard output cannot be written.
pub async fn create(admin: &Admin, args: &TermsArgs, as_json: bool) -> anyhow::Result<()> {
    let variables = json!({ "input": args.input(None, admin.author.at) });
    let payload = admin.change("createReservationCampaign", CREATE, variables).await?;
    print("Created", &payload, as_json)
}

/// Changes a campaign and prints it.
///
/// # Errors
/// The change is rejected, the write fails, or standard output cannot be written.
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
    /// Returns the complete input of the API: the given terms, and the current value of all others.
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
    /// Returns true if a campaign stays closed when `--closed` is omitted. A campaign that closed at its end reopens if
    /// it is given a new end.
    fn stays_closed(&self, campaign: &Campaign, now: DateTime<Utc>) -> bool {
        let closed_at_its_end = campaign.closes_at.is_some_and(|closes| closes <= now);
        campaign.closed && !(closed_at_its_end && self.closes_at.is_some())
    }
}

/// Returns the given value, which may be `none`, or the previous value if it is omitted.
fn either<T: Clone>(given: Option<&OrNone<T>>, before: Option<T>) -> Option<T> {
    match given {
        Some(OrNone(value)) => value.clone(),
        None => before,
    }
}

//! `newbee rule …`: reward rules.

mod budgets;
mod invite;
mod set;
mod texts;

use anyhow::bail;
use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::{Value, json};

use super::admin::{Admin, read};
use super::common::CommonArgs;
use super::output;
use super::table::{Rows, utc};
use crate::clock::Clock;
use crate::config::Problems;

#[derive(Args, Debug)]
pub struct RuleArgs {
    #[command(subcommand)]
    command: RuleCommand,
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Debug, Subcommand)]
enum RuleCommand {
    /// Show the current rules
    List,
    /// Show all versions of an item's rule, newest first
    #[command(after_help = "Example:\n  newbee rule show join_group")]
    Show {
        /// Item of the rule catalogue
        item: String,
    },
    /// Show what is left of the budgets, and when they will be used up
    #[command(after_help = "Example:\n  newbee rule budgets\n\n\
        Today's budget is extrapolated from the day so far, the total from the average of the last seven closed days.")]
    Budgets,
    /// Change the rule of an item, or add an item: omitted options keep their values
    #[command(
        after_help = "Examples:\n  newbee rule set join_group --amount 2 --reason 'a campaign'\n  \
        newbee rule set join_group --daily-limit none --reason 'limit removed'\n  \
        newbee rule set sign_in --enabled off --reason 'maintenance'\n  \
        newbee rule set sign_in --day-budget 5000 --reason 'at most 5000 a day' --dry-run\n  \
        newbee rule set sign_in --make-up-days 7 --make-ups-per-month 3 --reason 'make-up sign-ins'\n  \
        newbee rule set sign_in --freeze-every 10 --max-freezes 2 --reason 'a freeze per ten days'\n  \
        newbee rule set write_post --type daily --amount 1 --coin 1 --daily-limit 3 --reason 'a new task'\n  \
        newbee rule set invite_friend --sign-in-days 3 --within-days 7 --reason 'pay for active friends only'\n  \
        newbee rule set join_group --title-en 'Join a group' --title-zh 加入群组 --link chatapp://groups --reason texts\n  \
        newbee rule set three_friends --type invite --amount 50 --coin 1 --friends 3 --sign-in-days 1 --reason 'a milestone'\n\n\
        Each change of terms creates a new version with immediate effect. Earlier awards and bindings of invitation codes \
        keep their version. Titles, descriptions and links belong to no version. If the rule is changed concurrently, the \
        command fails without an effect."
    )]
    Set(Box<set::SetArgs>),
}

/// A version of a rule as returned by the admin API.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
struct Rule {
    item: String,
    version: i64,
    #[serde(rename = "type")]
    award_type: String,
    amount: String,
    max_amount: Option<String>,
    amount_step: Option<String>,
    coin_id: String,
    daily_limit: Option<i64>,
    hold_seconds: i64,
    enabled: bool,
    opens_at: Option<DateTime<Utc>>,
    closes_at: Option<DateTime<Utc>>,
    target_rule: String,
    streak_length: Option<i64>,
    streak_repeats: Option<bool>,
    day_budget: Option<String>,
    total_budget: Option<String>,
    make_up_days: Option<i64>,
    make_ups_per_month: Option<i64>,
    freeze_every: Option<i64>,
    max_freezes: Option<i64>,
    invite: Option<Invite>,
    texts: texts::Texts,
    changed_by: String,
    created_at: DateTime<Utc>,
    reason: String,
}

/// Conditions of an INVITE rule.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
struct Invite {
    pays: String,
    required_items: Vec<String>,
    sign_in_days: Option<i64>,
    within_days: Option<i64>,
    max_account_age_days: Option<i64>,
    friends: Option<i64>,
    lifetime_limit: Option<i64>,
}

const RULES: &str = concat!("{ rules { ", rule_fields!(), " } }");
const VERSIONS: &str = concat!(
    "query ($item: String!) { ruleVersions(item: $item) { ",
    rule_fields!(),
    " } }"
);

/// Runs `newbee rule …`.
///
/// # Errors
/// The configuration is invalid, a read or write fails, the change is rejected, or standard output cannot be written.
pub async fn run(args: RuleArgs, problems: Problems, clock: Clock) -> anyhow::Result<()> {
    let admin = Admin::open(&args.common, problems, clock).await?;
    let as_json = args.common.json;
    match args.command {
        RuleCommand::List => list(&admin, as_json).await,
        RuleCommand::Show { item } => show(&admin, &item, as_json).await,
        RuleCommand::Budgets => budgets::run(&admin, as_json).await,
        RuleCommand::Set(args) => set::run(&admin, *args, as_json).await,
    }
}

async fn list(admin: &Admin, as_json: bool) -> anyhow::Result<()> {
    let value = admin.ask("rules", RULES, json!({})).await?;
    if as_json {
        return output::json(&value);
    }
    let rules: Vec<Rule> = read(&value)?;
    let mut rows = Rows::new(&["ITEM", "TYPE", "AMOUNT", "COIN", "A DAY", "HOLD", "STATE"]);
    for rule in &rules {
        rows.add([
            rule.item.clone(),
            rule.award_type.to_lowercase(),
            rule.amounts(),
            rule.coin_id.clone(),
            rule.daily_limit.map_or("-".to_owned(), |limit| limit.to_string()),
            rule.hold(),
            rule.state(admin.author.at),
        ]);
    }
    Ok(output::line(rows.into_text())?)
}

async fn versions(admin: &Admin, item: &str) -> anyhow::Result<(Value, Vec<Rule>)> {
    let value = admin.ask("ruleVersions", VERSIONS, json!({ "item": item })).await?;
    let rules = read(&value)?;
    Ok((value, rules))
}

async fn show(admin: &Admin, item: &str, as_json: bool) -> anyhow::Result<()> {
    let (value, rules) = versions(admin, item).await?;
    if rules.is_empty() {
        bail!("The rule catalogue has no item {item:?}. See: newbee rule list");
    }
    if as_json {
        return output::json(&value);
    }
    let mut rows = Rows::new(&["VERSION", "SINCE (UTC)", "BY", "WHAT"]);
    for (index, rule) in rules.iter().enumerate() {
        let changes = match rules.get(index + 1) {
            Some(before) => rule.changes_since(before),
            None => rule.terms(),
        };
        rows.add([
            rule.version.to_string(),
            utc(rule.created_at),
            rule.changed_by.clone(),
            format!("{} ({})", changes.join(", "), rule.reason),
        ]);
    }
    let texts = rules[0].texts.lines();
    let lines = [rows.into_text()].into_iter().chain(texts).collect::<Vec<_>>();
    Ok(output::line(lines.join("\n"))?)
}

impl Invite {
    /// Returns the names and values of the conditions, with the option names of `rule set`.
    fn named(&self) -> [(&'static str, String); 7] {
        let number = |value: Option<i64>| value.map_or_else(|| "none".to_owned(), |value| value.to_string());
        let items = Some(self.required_items.join(",")).filter(|items| !items.is_empty());
        [
            ("pays", self.pays.to_lowercase()),
            ("required-items", items.unwrap_or_else(|| "none".to_owned())),
            ("sign-in-days", number(self.sign_in_days)),
            ("within-days", number(self.within_days)),
            ("max-account-age-days", number(self.max_account_age_days)),
            ("friends", number(self.friends)),
            ("lifetime-limit", number(self.lifetime_limit)),
        ]
    }
}

impl Rule {
    fn amounts(&self) -> String {
        match &self.max_amount {
            Some(most) => format!("{} to {most}", self.amount),
            None => self.amount.clone(),
        }
    }

    fn hold(&self) -> String {
        match self.hold_seconds {
            0 => "-".to_owned(),
            seconds => duration(seconds),
        }
    }

    fn state(&self, now: DateTime<Utc>) -> String {
        match (self.enabled, self.opens_at, self.closes_at) {
            (false, ..) => "off".to_owned(),
            (true, Some(opens), _) if now < opens => format!("opens {} UTC", utc(opens)),
            (true, _, Some(closes)) if closes <= now => format!("closed {} UTC", utc(closes)),
            (true, _, Some(closes)) => format!("on until {} UTC", utc(closes)),
            (true, ..) => "on".to_owned(),
        }
    }

    /// Returns the names and values of all terms, with the option names of `rule set`.
    fn named(&self) -> Vec<(&'static str, String)> {
        let or_none = |value: Option<String>| value.unwrap_or_else(|| "none".to_owned());
        let number = |value: Option<i64>| or_none(value.map(|value| value.to_string()));
        vec![
            ("type", self.award_type.to_lowercase()),
            ("amount", self.amount.clone()),
            ("max-amount", or_none(self.max_amount.clone())),
            ("amount-step", or_none(self.amount_step.clone())),
            ("coin", self.coin_id.clone()),
            ("daily-limit", or_none(self.daily_limit.map(|limit| limit.to_string()))),
            ("hold", duration(self.hold_seconds)),
            ("enabled", if self.enabled { "on" } else { "off" }.to_owned()),
            ("opens-at", or_none(self.opens_at.map(output::api_time))),
            ("closes-at", or_none(self.closes_at.map(output::api_time))),
            ("target", self.target_rule.to_lowercase().replace('_', "-")),
            (
                "streak-length",
                or_none(self.streak_length.map(|length| length.to_string())),
            ),
            (
                "streak-repeats",
                if self.streak_repeats == Some(true) { "on" } else { "off" }.to_owned(),
            ),
            ("day-budget", or_none(self.day_budget.clone())),
            ("total-budget", or_none(self.total_budget.clone())),
            ("make-up-days", number(self.make_up_days)),
            ("make-ups-per-month", number(self.make_ups_per_month)),
            ("freeze-every", number(self.freeze_every)),
            ("max-freezes", number(self.max_freezes)),
        ]
        .into_iter()
        .chain(self.invite.iter().flat_map(Invite::named))
        .collect()
    }

    /// Returns the terms with other values than `none`, `off` or `0s`.
    fn terms(&self) -> Vec<String> {
        let said = self
            .named()
            .into_iter()
            .filter(|(_, value)| !["none", "off", "0s"].contains(&value.as_str()));
        said.map(|(name, value)| format!("{name} {value}")).collect()
    }

    fn changes_since(&self, before: &Self) -> Vec<String> {
        let both = before.named().into_iter().zip(self.named());
        let changed = both.filter(|((_, was), (_, is))| was != is);
        changed
            .map(|((name, was), (_, is))| format!("{name} {was} → {is}"))
            .collect()
    }
}

fn duration(seconds: i64) -> String {
    let time = TimeDelta::try_seconds(seconds).and_then(|time| time.to_std().ok());
    time.map_or_else(
        || format!("{seconds} s"),
        |time| humantime::format_duration(time).to_string(),
    )
}

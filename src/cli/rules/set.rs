//! `newbee rule set`: changes the given terms of a rule and keeps all others.

use anyhow::{Context, bail};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use clap::{Args, ValueEnum};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use super::invite::InviteArgs;
use super::texts::TextArgs;
use super::{Rule, versions};
use crate::cli::admin::{Admin, read};
use crate::cli::output;
use crate::cli::table::Rows;
use crate::cli::values::{self, OrNone, Switch};

const SET: &str = concat!(
    "mutation ($input: RuleInput!, $dryRun: Boolean!) { setRule(input: $input, dryRun: $dryRun) { changed rule { ",
    rule_fields!(),
    " } replay { day awardCount paid { coinId amount } wouldAwardCount wouldPay } problems { code message } } }"
);

#[derive(Clone, Copy, Debug, ValueEnum)]
enum TypeArg {
    Newbee,
    Daily,
    Invite,
    Bonus,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum TargetArg {
    None,
    OnceADay,
    Once,
    Repeatable,
}

#[derive(Args, Debug)]
pub struct SetArgs {
    /// Item: lowercase letters, digits and underscores
    item: String,
    /// Award type of a new item; the type of an existing item cannot be changed
    #[arg(long = "type", value_name = "TYPE", value_enum)]
    award_type: Option<TypeArg>,
    /// Amount of one award, or its minimum
    #[arg(long, value_name = "AMOUNT", value_parser = values::amount, allow_negative_numbers = true)]
    amount: Option<Decimal>,
    /// Maximum amount of one award, or none for a fixed amount
    #[arg(long, value_name = "AMOUNT|none", value_parser = values::or_none(values::amount))]
    max_amount: Option<OrNone<Decimal>>,
    /// Step between the minimum and the maximum amount
    #[arg(long, value_name = "AMOUNT", value_parser = values::amount)]
    amount_step: Option<Decimal>,
    /// Coin ID assigned by the host application
    #[arg(long, value_name = "ID")]
    coin: Option<String>,
    /// Maximum number of awards per user and business day, or none for no limit
    #[arg(long, value_name = "NUMBER|none", value_parser = values::or_none(values::count))]
    daily_limit: Option<OrNone<i32>>,
    /// Time from an award to its settlement, such as 3days
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    hold: Option<TimeDelta>,
    /// Enable or disable the rule: on or off
    #[arg(long, value_name = "on|off")]
    enabled: Option<Switch>,
    /// Time from which the rule applies, or none for always
    #[arg(long, value_name = "TIME|none", value_parser = values::or_none(values::instant))]
    opens_at: Option<OrNone<DateTime<Utc>>>,
    /// Time until which the rule applies, or none for always
    #[arg(long, value_name = "TIME|none", value_parser = values::or_none(values::instant))]
    closes_at: Option<OrNone<DateTime<Utc>>>,
    /// Counting of targets
    #[arg(long, value_enum)]
    target: Option<TargetArg>,
    /// Number of consecutive sign-ins that earn the bonus (bonus rules)
    #[arg(long, value_name = "NUMBER", value_parser = values::count)]
    streak_length: Option<i32>,
    /// Pay again at each multiple of that length (bonus rules): on or off
    #[arg(long, value_name = "on|off")]
    streak_repeats: Option<Switch>,
    /// Sum of the rule's awards per business day, or none for no limit
    #[arg(long, value_name = "AMOUNT|none", value_parser = values::or_none(values::amount))]
    day_budget: Option<OrNone<Decimal>>,
    /// Sum of all awards of the rule while it has such a budget, or none for no limit
    #[arg(long, value_name = "AMOUNT|none", value_parser = values::or_none(values::amount))]
    total_budget: Option<OrNone<Decimal>>,
    /// Number of days back that users can make up (sign_in), or none for no make-up sign-ins
    #[arg(long, value_name = "NUMBER|none", value_parser = values::or_none(values::count))]
    make_up_days: Option<OrNone<i32>>,
    /// Number of days of a calendar month that a user can make up (sign_in)
    #[arg(long, value_name = "NUMBER|none", value_parser = values::or_none(values::count))]
    make_ups_per_month: Option<OrNone<i32>>,
    /// Number of days of a streak that earn a freeze (sign_in), or none for no freezes
    #[arg(long, value_name = "NUMBER|none", value_parser = values::or_none(values::count))]
    freeze_every: Option<OrNone<i32>>,
    /// Number of freezes that a user can hold (sign_in)
    #[arg(long, value_name = "NUMBER|none", value_parser = values::or_none(values::count))]
    max_freezes: Option<OrNone<i32>>,
    #[command(flatten)]
    invite: InviteArgs,
    #[command(flatten)]
    texts: TextArgs,
    /// Reason, recorded with the version and in the audit log
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Show what the rule would have paid on the last seven days, without changing anything
    #[arg(long)]
    dry_run: bool,
}

/// A past day as returned by the admin API.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReplayedDay {
    day: NaiveDate,
    award_count: i64,
    paid: Vec<Paid>,
    would_award_count: i64,
    would_pay: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Paid {
    coin_id: String,
    amount: String,
}

/// Changes a rule and prints the difference.
///
/// # Errors
/// The change is rejected, the write fails, or standard output cannot be written.
pub async fn run(admin: &Admin, args: SetArgs, as_json: bool) -> anyhow::Result<()> {
    let (_, known) = versions(admin, &args.item).await?;
    let before = known.into_iter().next();
    let input = args.input(before.as_ref())?;
    let payload = admin
        .change("setRule", SET, json!({ "input": input, "dryRun": args.dry_run }))
        .await?;
    if as_json {
        return output::json(&payload);
    }
    let rule: Rule = read(&payload["rule"])?;
    let item = &rule.item;
    let texts = rule.texts.changes_since(before.as_ref().map(|before| &before.texts));
    if args.dry_run {
        let days: Vec<ReplayedDay> = read(&payload["replay"])?;
        return Ok(output::line(replay_text(&rule, &days, &texts))?);
    }
    Ok(output::line(match (&before, payload["changed"].as_bool()) {
        (_, Some(false)) => format!(
            "The rule of {item} already has these terms and texts (version {}). Nothing was changed.",
            rule.version
        ),
        (None, _) => format!("Added {item}: {}.", [rule.terms(), texts].concat().join(", ")),
        (Some(before), _) if before.version == rule.version => {
            format!("Changed the texts of {item}: {}.", texts.join(", "))
        }
        (Some(before), _) => format!(
            "Changed {item} to version {}: {}.",
            rule.version,
            [rule.changes_since(before), texts].concat().join(", ")
        ),
    })?)
}

fn replay_text(rule: &Rule, days: &[ReplayedDay], texts: &[String]) -> String {
    let mut rows = Rows::new(&["DAY", "AWARDS", "PAID", "WOULD BE AWARDS", "WOULD PAY"]);
    for day in days {
        let paid = day
            .paid
            .iter()
            .map(|paid| format!("{} of coin {}", paid.amount, paid.coin_id));
        let paid = paid.collect::<Vec<_>>().join(", ");
        rows.add([
            day.day.to_string(),
            day.award_count.to_string(),
            if paid.is_empty() { "-".to_owned() } else { paid },
            day.would_award_count.to_string(),
            format!("{} of coin {}", day.would_pay, rule.coin_id),
        ]);
    }
    let texts = match texts.is_empty() {
        true => String::new(),
        false => format!("\nTexts: {}", texts.join(", ")),
    };
    format!("{}{texts}\n\nNothing was changed.", rows.into_text().trim_end())
}

impl SetArgs {
    /// Returns the complete input of the API: the given terms, and the current value of all others.
    fn input(&self, before: Option<&Rule>) -> anyhow::Result<Value> {
        let kind = match (self.award_type, before) {
            (Some(TypeArg::Newbee), _) => "NEWBEE",
            (Some(TypeArg::Daily), _) => "DAILY",
            (Some(TypeArg::Invite), _) => "INVITE",
            (Some(TypeArg::Bonus), _) => "BONUS",
            (None, Some(before)) => before.award_type.as_str(),
            (None, None) => bail!(
                "The rule catalogue has no item {:?}. To add it, set --type, --amount and --coin; `newbee rule list` shows \
                 the items.",
                self.item
            ),
        };
        let amount = self
            .amount
            .map(|amount| amount.to_string())
            .or(before.map(|rule| rule.amount.clone()));
        let coin = self.coin.clone().or(before.map(|rule| rule.coin_id.clone()));
        let is_bonus = kind == "BONUS";
        let most = match &self.max_amount {
            Some(OrNone(most)) => most.map(|most| most.to_string()),
            None => before.and_then(|rule| rule.max_amount.clone()),
        };
        let step = self.amount_step.map(|step| step.to_string());
        let step = step.or(before
            .and_then(|rule| rule.amount_step.clone())
            .filter(|_| most.is_some()));
        Ok(json!({
            "item": self.item,
            "type": kind,
            "amount": amount.context("A new item requires --amount")?,
            "maxAmount": most,
            "amountStep": step,
            "coinId": coin.context("A new item requires --coin")?,
            "dailyLimit": number(self.daily_limit.as_ref(), before.and_then(|rule| rule.daily_limit)),
            "holdSeconds": self.hold.map(|hold| hold.num_seconds()).or(before.map(|rule| rule.hold_seconds)).unwrap_or(0),
            "enabled": self.enabled.map(|switch| switch.0).or(before.map(|rule| rule.enabled)).unwrap_or(true),
            "opensAt": instant(self.opens_at.as_ref(), before.and_then(|rule| rule.opens_at)),
            "closesAt": instant(self.closes_at.as_ref(), before.and_then(|rule| rule.closes_at)),
            "targetRule": match (self.target, before) {
                (Some(TargetArg::OnceADay), _) => "ONCE_A_DAY",
                (Some(TargetArg::Once), _) => "ONCE",
                (Some(TargetArg::Repeatable), _) => "REPEATABLE",
                (Some(TargetArg::None), _) | (None, None) => "NONE",
                (None, Some(before)) => before.target_rule.as_str(),
            },
            "streakLength": self.streak_length.map(i64::from).or(before.and_then(|rule| rule.streak_length)),
            "streakRepeats": is_bonus
                && self.streak_repeats.map(|switch| switch.0).or(before.and_then(|rule| rule.streak_repeats)).unwrap_or(false),
            "dayBudget": budget(self.day_budget.as_ref(), before.and_then(|rule| rule.day_budget.as_ref())),
            "totalBudget": budget(self.total_budget.as_ref(), before.and_then(|rule| rule.total_budget.as_ref())),
            "makeUpDays": number(self.make_up_days.as_ref(), before.and_then(|rule| rule.make_up_days)),
            "makeUpsPerMonth": number(self.make_ups_per_month.as_ref(), before.and_then(|rule| rule.make_ups_per_month)),
            "freezeEvery": number(self.freeze_every.as_ref(), before.and_then(|rule| rule.freeze_every)),
            "maxFreezes": number(self.max_freezes.as_ref(), before.and_then(|rule| rule.max_freezes)),
            "invite": self.invite.input(kind, before.and_then(|rule| rule.invite.as_ref())),
            "texts": self.texts.input(),
            "expectedVersion": before.map_or(0, |rule| rule.version),
            "reason": self.reason,
        }))
    }
}

fn instant(given: Option<&OrNone<DateTime<Utc>>>, before: Option<DateTime<Utc>>) -> Option<String> {
    match given {
        Some(OrNone(at)) => at.map(output::api_time),
        None => before.map(output::api_time),
    }
}

fn budget(given: Option<&OrNone<Decimal>>, before: Option<&String>) -> Option<String> {
    match given {
        Some(OrNone(budget)) => budget.map(|budget| budget.to_string()),
        None => before.cloned(),
    }
}

fn number(given: Option<&OrNone<i32>>, before: Option<i64>) -> Option<i64> {
    match given {
        Some(OrNone(number)) => number.map(i64::from),
        None => before,
    }
}

//! The rule catalogue: what it says, what it said, and changing it.

use async_graphql::{Context, Enum, InputObject, Object, Result, SimpleObject};
use chrono::TimeDelta;

use super::problem::Problem;
use super::scope::AdminContext;
use crate::domain::api_key::Scope;
use crate::domain::rule::{self as domain, AmountRule, RuleTerms, StreakRule};
use crate::graphql::NullableField;
use crate::graphql::award_kinds::AwardType;
use crate::graphql::scalars::{DateTime, Decimal};
use crate::service::set_rule::{RuleChange, RuleOutcome, set_rule};

#[derive(Default)]
pub(super) struct RuleQueries;

#[Object]
impl RuleQueries {
    /// The rules in force, by item. Needs OPS_READ.
    async fn rules(&self, ctx: &Context<'_>) -> NullableField<Vec<Rule>> {
        let scope = match AdminContext::allowing(ctx, Scope::OpsRead) {
            Ok(scope) => scope,
            Err(error) => return Some(Err(error)),
        };
        let rules = scope.ops.rules(None, false).await;
        Some(
            rules
                .map(|rules| rules.into_iter().map(Rule::from).collect())
                .map_err(|error| scope.read_failed(&error)),
        )
    }

    /// Every version of an item's rule, the newest first; empty when there is no such item. Needs OPS_READ.
    async fn rule_versions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "An item of the catalogue, such as `join_group`.")] item: String,
    ) -> NullableField<Vec<Rule>> {
        let scope = match AdminContext::allowing(ctx, Scope::OpsRead) {
            Ok(scope) => scope,
            Err(error) => return Some(Err(error)),
        };
        let rules = scope.ops.rules(Some(&item), true).await;
        Some(
            rules
                .map(|rules| rules.into_iter().map(Rule::from).collect())
                .map_err(|error| scope.read_failed(&error)),
        )
    }
}

#[derive(Default)]
pub(super) struct RuleMutations;

#[Object]
impl RuleMutations {
    /// Changes a rule, or adds an item: a new version, in force at once. What was paid by an older one stays. The same terms
    /// again change nothing. Needs OPS_WRITE.
    async fn set_rule(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The rule as it is to be, whole: what is left out has its default, not its old value.")]
        input: RuleInput,
    ) -> NullableField<SetRulePayload> {
        Some(change(ctx, input).await)
    }
}

async fn change(ctx: &Context<'_>, input: RuleInput) -> Result<SetRulePayload> {
    let scope = AdminContext::allowing(ctx, Scope::OpsWrite)?;
    let outcome = set_rule(&scope.pool, &input.into(), &scope.author())
        .await
        .map_err(|error| scope.write_failed(&error))?;
    Ok(match outcome {
        Ok(RuleOutcome::Changed(rule)) => SetRulePayload {
            rule: Some(rule.into()),
            changed: true,
            problems: Vec::new(),
        },
        Ok(RuleOutcome::Unchanged(rule)) => SetRulePayload {
            rule: Some(rule.into()),
            changed: false,
            problems: Vec::new(),
        },
        Err(refusal) => SetRulePayload {
            rule: None,
            changed: false,
            problems: Problem::of_rule(&refusal, scope.language),
        },
    })
}

/// What `setRule` did.
#[derive(SimpleObject)]
struct SetRulePayload {
    /// The version in force; null when the change was refused.
    rule: Option<Rule>,
    /// Whether there is a new version.
    changed: bool,
    /// Everything that is wrong with the change; empty when it was made.
    problems: Vec<Problem>,
}

/// What the target of a task has to do with how often it counts.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::TargetRule")]
enum TargetRule {
    /// The item has no target.
    None,
    /// Each target counts once a day.
    OnceADay,
    /// The same target may count again: what repeats a report is its idempotency key.
    Repeatable,
}

/// One version of a rule.
#[derive(SimpleObject)]
struct Rule {
    /// The item that it pays.
    item: String,
    /// The kind of its awards, for ever the same.
    #[graphql(name = "type")]
    award_type: AwardType,
    /// Counts from 1; an award names the one that it was paid by.
    version: i32,
    /// What one award is worth, or the least of it.
    amount: Decimal,
    /// The most that one award may be worth; null where the amount is fixed.
    max_amount: Option<Decimal>,
    /// The steps between the least and the most; null where the amount is fixed.
    amount_step: Option<Decimal>,
    /// The host's own id of the coin.
    coin_id: String,
    /// Awards per user and business day; null is no cap.
    daily_limit: Option<i32>,
    /// What the target of a task has to do with how often it counts.
    target_rule: TargetRule,
    /// Seconds from an award to its settlement.
    hold_seconds: i64,
    /// From when on it pays; null is always.
    opens_at: Option<DateTime>,
    /// Until when it pays; null is for ever.
    closes_at: Option<DateTime>,
    /// Whether it pays at all.
    enabled: bool,
    /// How many sign-ins in a row earn it; of BONUS rules alone.
    streak_length: Option<i32>,
    /// Whether each multiple of that length earns it again; of BONUS rules alone.
    streak_repeats: Option<bool>,
    /// Who made this version.
    changed_by: String,
    /// Why it was made.
    reason: String,
    /// When it was made, and so from when on it is in force.
    created_at: DateTime,
}

impl From<domain::Rule> for Rule {
    fn from(rule: domain::Rule) -> Self {
        let terms = rule.terms;
        let step = match terms.amount {
            AmountRule::Fixed(_) => None,
            AmountRule::Range { step, .. } => Some(step),
        };
        Self {
            item: rule.item,
            award_type: rule.award_type.into(),
            version: rule.version,
            amount: Decimal(terms.amount.least()),
            max_amount: terms.amount.most().map(Decimal),
            amount_step: step.map(Decimal),
            coin_id: terms.coin_id,
            daily_limit: terms.daily_limit,
            target_rule: terms.target_rule.into(),
            hold_seconds: terms.hold.num_seconds(),
            opens_at: terms.opens_at.map(DateTime),
            closes_at: terms.closes_at.map(DateTime),
            enabled: terms.enabled,
            streak_length: terms.streak.map(|streak| streak.length),
            streak_repeats: terms.streak.map(|streak| streak.repeats),
            changed_by: rule.changed_by,
            reason: rule.reason,
            created_at: DateTime(rule.created_at),
        }
    }
}

/// A rule as it is to be.
#[derive(InputObject)]
struct RuleInput {
    /// The item: small letters, digits and underscores, at most 40.
    item: String,
    /// The kind of its awards: NEWBEE, DAILY, INVITE or BONUS. That of an item never changes.
    #[graphql(name = "type")]
    award_type: AwardType,
    /// What one award is worth, or the least of it.
    amount: Decimal,
    /// The most that one award may be worth; left out, the amount is fixed.
    max_amount: Option<Decimal>,
    /// The steps between the least and the most; left out, 0.01.
    amount_step: Option<Decimal>,
    /// The host's own id of the coin.
    coin_id: String,
    /// Awards per user and business day; left out, there is no cap.
    daily_limit: Option<i32>,
    /// What the target of a task has to do with how often it counts.
    #[graphql(default_with = "TargetRule::None")]
    target_rule: TargetRule,
    /// Seconds from an award to its settlement.
    #[graphql(default = 0)]
    hold_seconds: i64,
    /// From when on it pays; left out, always.
    opens_at: Option<DateTime>,
    /// Until when it pays; left out, for ever.
    closes_at: Option<DateTime>,
    /// Whether it pays at all.
    #[graphql(default = true)]
    enabled: bool,
    /// How many sign-ins in a row earn it; for BONUS rules, and for all of them.
    streak_length: Option<i32>,
    /// Whether each multiple of that length earns it again.
    #[graphql(default = false)]
    streak_repeats: bool,
    /// The version that you have seen, 0 for a new item: if somebody changed the rule since, nothing is done. Left out, the
    /// change is made whatever the rule is now.
    expected_version: Option<i32>,
    /// Why it is changed; kept with the version.
    reason: String,
}

impl From<RuleInput> for RuleChange {
    fn from(input: RuleInput) -> Self {
        let amount = match input.max_amount {
            None => AmountRule::Fixed(input.amount.0),
            Some(most) => AmountRule::Range {
                least: input.amount.0,
                most: most.0,
                step: input
                    .amount_step
                    .map_or_else(|| rust_decimal::Decimal::new(1, 2), |step| step.0),
            },
        };
        let repeats = input.streak_repeats;
        Self {
            item: input.item,
            award_type: input.award_type.into(),
            terms: RuleTerms {
                amount,
                coin_id: input.coin_id,
                daily_limit: input.daily_limit,
                target_rule: input.target_rule.into(),
                // What is too long to be a duration is too long to be a hold.
                hold: TimeDelta::try_seconds(input.hold_seconds).unwrap_or(TimeDelta::MAX),
                opens_at: input.opens_at.map(|at| at.0),
                closes_at: input.closes_at.map(|at| at.0),
                enabled: input.enabled,
                streak: input.streak_length.map(|length| StreakRule { length, repeats }),
            },
            expected_version: input.expected_version,
            reason: input.reason,
        }
    }
}

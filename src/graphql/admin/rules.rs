//! The rule catalogue: current rules, their versions, and changes.

use async_graphql::{Context, Enum, InputObject, Object, Result, SimpleObject};
use chrono::TimeDelta;

use super::context::AdminContext;
use super::invite_conditions::{InviteConditions, InviteConditionsInput};
use super::problem::Problem;
use super::rule_texts::{RuleTexts, RuleTextsInput};
use crate::domain::api_key::Scope;
use crate::domain::award as domain_award;
use crate::domain::budget::Budget;
use crate::domain::qualification::InviteTerms;
use crate::domain::replay;
use crate::domain::rule::{self as domain, AmountRule, RuleTerms, StreakRule};
use crate::domain::rule_texts::RuleTextsChange;
use crate::domain::streak::Forgiveness;
use crate::graphql::NullableField;
use crate::graphql::award_kinds::AwardType;
use crate::graphql::scalars::{Date, DateTime, Decimal};
use crate::service::set_rule::{RuleChange, RuleOutcome, RulePreview, preview_rule, set_rule};

#[derive(Default)]
pub(super) struct RuleQueries;

#[Object]
impl RuleQueries {
    /// Returns the rules in force, by item. Needs OPS_READ.
    async fn rules(&self, ctx: &Context<'_>) -> NullableField<Vec<Rule>> {
        let context = match AdminContext::allowing(ctx, Scope::OpsRead) {
            Ok(context) => context,
            Err(error) => return Some(Err(error)),
        };
        let rules = context.ops.rules(None, false).await;
        Some(
            rules
                .map(|rules| rules.into_iter().map(Rule::from).collect())
                .map_err(Into::into),
        )
    }

    /// Returns all versions of an item's rule, newest first; empty if there is no such item. Needs OPS_READ.
    async fn rule_versions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Item of the rule catalogue, such as `join_group`.")] item: String,
    ) -> NullableField<Vec<Rule>> {
        let context = match AdminContext::allowing(ctx, Scope::OpsRead) {
            Ok(context) => context,
            Err(error) => return Some(Err(error)),
        };
        let rules = context.ops.rules(Some(&item), true).await;
        Some(
            rules
                .map(|rules| rules.into_iter().map(Rule::from).collect())
                .map_err(Into::into),
        )
    }
}

#[derive(Default)]
pub(super) struct RuleMutations;

#[Object]
impl RuleMutations {
    /// Changes a rule or adds an item. The new version takes effect immediately; awards of older versions are not
    /// affected. Repeating the same terms adds no version, also with other texts. A dry run says what the terms would have
    /// paid on the last seven days. Needs OPS_WRITE.
    async fn set_rule(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Full definition of the rule; omitted terms are set to their defaults, omitted texts are unchanged."
        )]
        input: RuleInput,
        #[graphql(
            desc = "True makes all checks and replays the last seven days without changing anything.",
            default = false
        )]
        dry_run: bool,
    ) -> NullableField<SetRulePayload> {
        Some(change(ctx, input, dry_run).await)
    }
}

async fn change(ctx: &Context<'_>, input: RuleInput, dry_run: bool) -> Result<SetRulePayload> {
    let context = AdminContext::allowing(ctx, Scope::OpsWrite)?;
    let (change, author) = (RuleChange::from(input), context.author());
    let outcome = match dry_run {
        true => preview_rule(&context.pool, &change, &author, context.moment.day).await,
        false => set_rule(&context.pool, &change, &author)
            .await
            .map(|outcome| RulePreview {
                outcome,
                days: Vec::new(),
            }),
    };
    Ok(match outcome {
        Ok(RulePreview { outcome, days }) => {
            let (rule, changed) = match outcome {
                RuleOutcome::Changed(rule) => (rule, true),
                RuleOutcome::Unchanged(rule) => (rule, false),
            };
            SetRulePayload {
                rule: Some(rule.into()),
                changed,
                replay: dry_run.then(|| days.into_iter().map(ReplayedDay::from).collect()),
                problems: Vec::new(),
            }
        }
        Err(failure) => SetRulePayload {
            rule: None,
            changed: false,
            replay: None,
            problems: Problem::all(&failure.rejection()?, context.language),
        },
    })
}

/// Result of `setRule`.
#[derive(SimpleObject)]
struct SetRulePayload {
    /// Version in force after the request, or the version that a dry run would create; null if the change was rejected.
    rule: Option<Rule>,
    /// True if the request created a new version or changed a text, or would do so.
    changed: bool,
    /// For a dry run: the last seven business days under the proposed terms, oldest first; null otherwise.
    replay: Option<Vec<ReplayedDay>>,
    /// Why the request was rejected; empty on success.
    problems: Vec<Problem>,
}

/// A past business day: what the rule paid, and what the proposed terms would have paid for the same events.
#[derive(SimpleObject)]
struct ReplayedDay {
    /// Business day.
    day: Date,
    /// Number of awards made.
    award_count: i64,
    /// Sums of the awards made, by coin.
    paid: Vec<PaidSum>,
    /// Number of awards under the proposed terms. Events that earned nothing then are unknown and not counted.
    would_award_count: i64,
    /// Sum of the awards under the proposed terms, in their coin; for a drawn amount, its mean.
    would_pay: Decimal,
}

/// Sum of awards of one coin.
#[derive(SimpleObject)]
struct PaidSum {
    /// Host application's coin ID.
    coin_id: String,
    /// Total amount.
    amount: Decimal,
}

impl From<replay::ReplayedDay> for ReplayedDay {
    fn from(replayed: replay::ReplayedDay) -> Self {
        let sum = |(coin_id, amount)| PaidSum {
            coin_id,
            amount: Decimal(amount),
        };
        Self {
            day: Date(replayed.past.day),
            award_count: replayed.past.award_count,
            paid: replayed.past.paid.into_iter().map(sum).collect(),
            would_award_count: replayed.award_count,
            would_pay: Decimal(replayed.amount),
        }
    }
}

/// Effect of a task's target on counting.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::TargetRule")]
enum TargetRule {
    /// The item has no target.
    None,
    /// Each target counts once a day.
    OnceADay,
    /// Each target counts once for all time: leaving and re-joining a group pays once.
    Once,
    /// The same target may count again; reports are deduplicated by their idempotency key.
    Repeatable,
}

/// One version of a rule.
#[derive(SimpleObject)]
struct Rule {
    /// Item that the rule pays.
    item: String,
    /// Kind of the item's awards; it never changes.
    #[graphql(name = "type")]
    award_type: AwardType,
    /// Version number, starting at 1; each award records the version that paid it.
    version: i32,
    /// Amount of one award, or the minimum if the amount is drawn.
    amount: Decimal,
    /// Maximum amount of one award; null if the amount is fixed.
    max_amount: Option<Decimal>,
    /// Step between the minimum and the maximum; null if the amount is fixed.
    amount_step: Option<Decimal>,
    /// Host application's coin ID.
    coin_id: String,
    /// Maximum number of awards per user and business day; null if unlimited.
    daily_limit: Option<i32>,
    /// Effect of a task's target on counting.
    target_rule: TargetRule,
    /// Hold in seconds from an award to its settlement.
    hold_seconds: i64,
    /// Start of the rule's window; null if it has no start.
    opens_at: Option<DateTime>,
    /// End of the rule's window; null if it has no end.
    closes_at: Option<DateTime>,
    /// True if the rule pays awards.
    enabled: bool,
    /// Number of consecutive sign-ins that earns the award; null unless the type is BONUS.
    streak_length: Option<i32>,
    /// True if each multiple of `streakLength` earns the award again; null unless the type is BONUS.
    streak_repeats: Option<bool>,
    /// Sum of the awards that the rule may make per business day; null if unlimited.
    day_budget: Option<Decimal>,
    /// Sum of the awards that the rule may make in total; null if unlimited.
    total_budget: Option<Decimal>,
    /// For sign_in: number of days back that users can make up; null if none.
    make_up_days: Option<i32>,
    /// For sign_in: number of days of a calendar month that a user can make up; null if none.
    make_ups_per_month: Option<i32>,
    /// For sign_in: number of days of a streak that earn a freeze; null if there are no freezes.
    freeze_every: Option<i32>,
    /// For sign_in: number of freezes that a user can hold; null if there are no freezes.
    max_freezes: Option<i32>,
    /// Conditions on invitees, and who is paid; null unless the type is INVITE.
    invite: Option<InviteConditions>,
    /// Texts of the item, which customers see; the same for all versions.
    texts: RuleTexts,
    /// Author of this version.
    changed_by: String,
    /// Reason given for this version.
    reason: String,
    /// Creation time of this version, which is also the time it took effect.
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
            day_budget: terms.budget.day.map(Decimal),
            total_budget: terms.budget.total.map(Decimal),
            make_up_days: terms.forgiveness.make_up_days,
            make_ups_per_month: terms.forgiveness.make_ups_per_month,
            freeze_every: terms.forgiveness.freeze_every,
            max_freezes: terms.forgiveness.max_freezes,
            invite: (rule.award_type == domain_award::AwardType::Invite).then(|| terms.invite.into()),
            texts: rule.texts.into(),
            changed_by: rule.changed_by,
            reason: rule.reason,
            created_at: DateTime(rule.created_at),
        }
    }
}

/// Full definition of a rule.
#[derive(InputObject)]
struct RuleInput {
    /// Item name: lowercase letters, digits and underscores, at most 40 characters.
    item: String,
    /// Kind of award: NEWBEE, DAILY, INVITE or BONUS. The type of an existing item cannot change.
    #[graphql(name = "type")]
    award_type: AwardType,
    /// Amount of one award, or the minimum if `maxAmount` is set.
    amount: Decimal,
    /// Maximum amount of one award; the amount is fixed if omitted.
    max_amount: Option<Decimal>,
    /// Step between the minimum and the maximum; 0.01 if omitted.
    amount_step: Option<Decimal>,
    /// Host application's coin ID.
    coin_id: String,
    /// Maximum number of awards per user and business day; unlimited if omitted.
    daily_limit: Option<i32>,
    /// Effect of a task's target on counting.
    #[graphql(default_with = "TargetRule::None")]
    target_rule: TargetRule,
    /// Hold in seconds from an award to its settlement.
    #[graphql(default = 0)]
    hold_seconds: i64,
    /// Start of the rule's window; no start if omitted.
    opens_at: Option<DateTime>,
    /// End of the rule's window; no end if omitted.
    closes_at: Option<DateTime>,
    /// True if the rule pays awards.
    #[graphql(default = true)]
    enabled: bool,
    /// Number of consecutive sign-ins that earns the award; required for BONUS rules, not allowed for others.
    streak_length: Option<i32>,
    /// True if each multiple of `streakLength` earns the award again.
    #[graphql(default = false)]
    streak_repeats: bool,
    /// Sum of the awards that the rule may make per business day, at least one award; unlimited if omitted. Beyond it
    /// nothing is paid. Voided awards are not given back.
    day_budget: Option<Decimal>,
    /// Sum of the awards that the rule may make in total, counted while it has a total budget; unlimited if omitted.
    total_budget: Option<Decimal>,
    /// For sign_in: number of days back that users can make up, at most 31; set together with `makeUpsPerMonth`. None if
    /// omitted.
    make_up_days: Option<i32>,
    /// For sign_in: number of days of a calendar month that a user can make up, at most 31.
    make_ups_per_month: Option<i32>,
    /// For sign_in: number of days of a streak, at least 2, that earn a freeze: each multiple of it earns one, and a freeze
    /// covers a missed day. Set together with `maxFreezes`. No freezes if omitted.
    freeze_every: Option<i32>,
    /// For sign_in: number of freezes that a user can hold, at most 30.
    max_freezes: Option<i32>,
    /// Conditions on invitees, and who is paid; not allowed for other types than INVITE. If omitted, each binding pays the
    /// inviter.
    invite: Option<InviteConditionsInput>,
    /// Texts of the item, which customers see; unchanged if omitted. They belong to no version.
    texts: Option<RuleTextsInput>,
    /// Version that the change is based on, 0 for a new item: the request is rejected if the terms have changed since. If
    /// omitted, the change is made regardless of the current version. Changes of texts are not compared.
    expected_version: Option<i32>,
    /// Reason for the change; kept with the version and in the audit log.
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
                // Out of range for `TimeDelta`: the maximum is rejected as too long by the service.
                hold: TimeDelta::try_seconds(input.hold_seconds).unwrap_or(TimeDelta::MAX),
                opens_at: input.opens_at.map(|at| at.0),
                closes_at: input.closes_at.map(|at| at.0),
                enabled: input.enabled,
                streak: input.streak_length.map(|length| StreakRule { length, repeats }),
                budget: Budget {
                    day: input.day_budget.map(|budget| budget.0),
                    total: input.total_budget.map(|budget| budget.0),
                },
                forgiveness: Forgiveness {
                    make_up_days: input.make_up_days,
                    make_ups_per_month: input.make_ups_per_month,
                    freeze_every: input.freeze_every,
                    max_freezes: input.max_freezes,
                },
                invite: input.invite.map(InviteTerms::from).unwrap_or_default(),
            },
            texts: input.texts.map(RuleTextsChange::from).unwrap_or_default(),
            expected_version: input.expected_version,
            reason: input.reason,
        }
    }
}

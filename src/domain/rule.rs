//! A rule of the catalogue: the award of an item, its frequency and its time window. Rules are versioned, and each
//! award records the version that it was paid by.

use super::rejection::change::ChangeRejection;
use super::rejection::rejections;
use chrono::{DateTime, TimeDelta, Utc};

pub use super::amount_rule::AmountRule;
use super::award::AwardType;
use super::budget::Budget;
use super::money::is_amount;
use super::qualification::{InviteRejection, InviteTerms};
use super::rule_texts::{RuleTexts, TextsRejection};
pub use super::streak::StreakRule;
use super::streak::{Forgiveness, MAX_FREEZE_EVERY, MAX_FREEZES, MAX_MAKE_UP_DAYS, MAX_MAKE_UPS, MIN_FREEZE_EVERY};
use super::text::is_blank;

/// Maximum length of a coin ID, in characters.
pub const MAX_COIN_ID_LENGTH: usize = 32;
/// Maximum daily limit, in awards per user.
pub const MAX_DAILY_LIMIT: i32 = 1_000_000;
/// Maximum time from an award to its settlement.
pub const MAX_HOLD: TimeDelta = TimeDelta::days(366);
/// Maximum streak length of a bonus, in days.
pub const MAX_STREAK_LENGTH: i32 = 3_660;

/// Relation between the target of a task and the number of awards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetRule {
    /// The item has no target.
    None,
    /// Each target is awarded once per day.
    OnceADay,
    /// Each target is awarded once for all time.
    Once,
    /// The same target may be awarded again; repeated reports are recognised by their idempotency key.
    Repeatable,
}

impl TargetRule {
    pub const ALL: [Self; 4] = [Self::None, Self::OnceADay, Self::Once, Self::Repeatable];

    /// Returns its name in the database and in the APIs.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::OnceADay => "ONCE_A_DAY",
            Self::Once => "ONCE",
            Self::Repeatable => "REPEATABLE",
        }
    }
}

/// Terms of one version of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleTerms {
    pub amount: AmountRule,
    /// Coin ID, as assigned by the host application.
    pub coin_id: String,
    /// Maximum awards per user and business day; `None` means unlimited.
    pub daily_limit: Option<i32>,
    pub target_rule: TargetRule,
    /// Time from the award to its settlement.
    pub hold: TimeDelta,
    pub opens_at: Option<DateTime<Utc>>,
    pub closes_at: Option<DateTime<Utc>>,
    pub enabled: bool,
    /// Required for BONUS rules, not allowed for others.
    pub streak: Option<StreakRule>,
    pub budget: Budget,
    /// Terms of `sign_in` for missed days, not allowed for others.
    pub forgiveness: Forgiveness,
    /// The default for rules of other types than INVITE.
    pub invite: InviteTerms,
}

/// One version of a rule; the latest version is in force.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    pub item: String,
    pub award_type: AwardType,
    pub version: i32,
    pub terms: RuleTerms,
    /// Texts of the item, the same for all its versions.
    pub texts: RuleTexts,
    pub changed_by: String,
    pub reason: String,
    pub created_at: DateTime<Utc>,
}

rejections! {
    /// Reason why a rule was not changed.
    pub enum RuleRejection {
        /// The item is reserved for campaigns and cannot have a rule.
        PaidByCampaigns => "PAID_BY_CAMPAIGNS",
            "Words and reservations are paid by their campaigns. Create a campaign instead of a rule.",
            "口令和预约由各自的活动发放奖励，请创建活动而不是规则。";
        /// Awards of this type are granted by operators and have no rule.
        PaidByGrants => "PAID_BY_GRANTS",
            "Awards of type GRANT have no rule. Give them with grantAwards.",
            "GRANT 类型的奖励没有规则，请用 grantAwards 发放。";
        /// The maximum is not above the minimum by a whole number of steps.
        RangeInvalid => "RANGE_INVALID",
            "maxAmount must exceed amount by a multiple of amountStep.",
            "maxAmount 必须大于 amount，并且相差 amountStep 的整数倍。";
        /// The daily limit is less than 1 or too large.
        DailyLimitInvalid => "DAILY_LIMIT_INVALID",
            format!("dailyLimit must be 1 to {MAX_DAILY_LIMIT}; omit it for no limit."),
            format!("dailyLimit 为 1 到 {MAX_DAILY_LIMIT}；不限则不填。");
        /// The sign-in rule must be DAILY with a daily limit of 1.
        SignInOnceADay => "SIGN_IN_ONCE_A_DAY",
            "sign_in must be DAILY with dailyLimit 1: users sign in once a day.",
            "sign_in 必须是 DAILY 且 dailyLimit 为 1：每天签到一次。";
        /// The BONUS rule has no streak length.
        StreakMissing => "STREAK_MISSING",
            "A BONUS rule requires streakLength, the number of consecutive sign-ins that earn it.",
            "BONUS 规则需要 streakLength：连续签到多少天可以获得。";
        /// Only BONUS rules can have a streak length.
        StreakNotAllowed => "STREAK_NOT_ALLOWED",
            "Only BONUS rules have streakLength. Omit it.",
            "只有 BONUS 规则有 streakLength，请不要填写。";
        /// The streak length is less than 1 or too large.
        StreakInvalid => "STREAK_INVALID",
            format!("streakLength must be 1 to {MAX_STREAK_LENGTH} days."),
            format!("streakLength 为 1 到 {MAX_STREAK_LENGTH} 天。");
        /// A budget is not an amount, or less than one award.
        BudgetInvalid => "BUDGET_INVALID",
            "A budget must be an amount that covers at least one award; omit it for no budget.",
            "预算必须是金额，且至少够发放一次奖励；不限则不填。";
        /// The terms of made-up sign-ins are incomplete, out of bounds, or of another item than `sign_in`.
        MakeUpInvalid => "MAKE_UP_INVALID",
            format!("makeUpDays (1 to {MAX_MAKE_UP_DAYS}) and makeUpsPerMonth (1 to {MAX_MAKE_UPS}) are set together, \
                     and only for sign_in. Omit both for no make-up sign-ins."),
            format!("makeUpDays（1 到 {MAX_MAKE_UP_DAYS}）和 makeUpsPerMonth（1 到 {MAX_MAKE_UPS}）必须同时填写，且只用于 sign_in；不提供补签则都不填。");
        /// The terms of freezes are incomplete, out of bounds, or of another item than `sign_in`.
        FreezesInvalid => "FREEZES_INVALID",
            format!("freezeEvery ({MIN_FREEZE_EVERY} to {MAX_FREEZE_EVERY}) and maxFreezes (1 to {MAX_FREEZES}) are set \
                     together, and only for sign_in. Omit both for no freezes."),
            format!("freezeEvery（{MIN_FREEZE_EVERY} 到 {MAX_FREEZE_EVERY}）和 maxFreezes（1 到 {MAX_FREEZES}）必须同时填写，且只用于 sign_in；不提供保护则都不填。");
        /// Items of this type cannot have a target.
        TargetNotAllowed => "TARGET_NOT_ALLOWED",
            "Items of this type have no target: targetRule must be NONE.",
            "这类项目没有目标，targetRule 必须是 NONE。";
        /// The item has another type, which cannot be changed.
        TypeDiffers { kind: String } => "TYPE_DIFFERS",
            format!("This item has the type {kind}, which cannot be changed. Use another item."),
            format!("该项目的类型是{kind}，不能更改，请使用其他项目名。");
        /// The rule was changed by another author in the meantime.
        VersionDiffers { version: i32 } => "VERSION_DIFFERS",
            format!("This rule was changed by another request and is now at version {version}. Read it again before changing it."),
            format!("该规则已被他人修改，当前版本是{version}。请重新读取后再决定。");
    }
    with { Change(ChangeRejection), Invite(InviteRejection), Texts(TextsRejection) }
}

impl Rule {
    /// Returns true if the rule pays at that instant.
    pub fn is_open(&self, at: DateTime<Utc>) -> bool {
        let terms = &self.terms;
        terms.enabled
            && terms.opens_at.is_none_or(|opens| opens <= at)
            && terms.closes_at.is_none_or(|closes| at < closes)
    }
}

/// Returns true if a text is a valid item name: 1–40 lowercase letters, digits or underscores, starting with a letter.
pub fn is_valid_item(text: &str) -> bool {
    let mut characters = text.chars();
    text.len() <= 40
        && characters.next().is_some_and(|first| first.is_ascii_lowercase())
        && characters.all(|other| other.is_ascii_lowercase() || other.is_ascii_digit() || other == '_')
}

impl RuleTerms {
    /// Returns all problems of the terms for an item of that type; empty if they are valid.
    pub fn problems(&self, item: &str, award_type: AwardType) -> Vec<RuleRejection> {
        use RuleRejection as Problem;
        let coin_length = self.coin_id.chars().count();
        let has_daily_limit = |fits: fn(i32) -> bool| self.daily_limit.is_none_or(fits);
        let checks = [
            (ChangeRejection::ItemInvalid.into(), is_valid_item(item)),
            (
                Problem::PaidByCampaigns,
                !matches!(award_type, AwardType::Word | AwardType::Reservation),
            ),
            (Problem::PaidByGrants, award_type != AwardType::Grant),
            (ChangeRejection::AmountInvalid.into(), self.amount.is_made_of_amounts()),
            (Problem::RangeInvalid, self.amount.is_in_order()),
            (
                ChangeRejection::CoinInvalid.into(),
                (1..=MAX_COIN_ID_LENGTH).contains(&coin_length)
                    && !self.coin_id.contains(char::is_control)
                    && !is_blank(&self.coin_id),
            ),
            (
                Problem::DailyLimitInvalid,
                has_daily_limit(|limit| (1..=MAX_DAILY_LIMIT).contains(&limit)),
            ),
            (
                Problem::SignInOnceADay,
                item != "sign_in" || award_type == AwardType::Daily && self.daily_limit == Some(1),
            ),
            (
                ChangeRejection::HoldInvalid.into(),
                (TimeDelta::zero()..=MAX_HOLD).contains(&self.hold),
            ),
            (
                ChangeRejection::WindowEndsBeforeItStarts.into(),
                self.opens_at
                    .zip(self.closes_at)
                    .is_none_or(|(opens, closes)| opens < closes),
            ),
            (
                Problem::StreakMissing,
                award_type != AwardType::Bonus || self.streak.is_some(),
            ),
            (
                Problem::StreakNotAllowed,
                award_type == AwardType::Bonus || self.streak.is_none(),
            ),
            (
                Problem::StreakInvalid,
                self.streak
                    .is_none_or(|streak| (1..=MAX_STREAK_LENGTH).contains(&streak.length)),
            ),
            (
                Problem::BudgetInvalid,
                [self.budget.day, self.budget.total]
                    .into_iter()
                    .flatten()
                    .all(|budget| is_amount(budget) && budget >= self.amount.most().unwrap_or(self.amount.least())),
            ),
            (Problem::MakeUpInvalid, self.forgiveness.is_make_up_valid(item)),
            (Problem::FreezesInvalid, self.forgiveness.are_freezes_valid(item)),
            (
                Problem::TargetNotAllowed,
                !matches!(award_type, AwardType::Bonus | AwardType::Newbee) && item != "sign_in"
                    || self.target_rule == TargetRule::None,
            ),
            (
                InviteRejection::NotAllowed.into(),
                award_type == AwardType::Invite || self.invite == InviteTerms::default(),
            ),
        ];
        let wrong = checks.into_iter().filter(|(_, is_fine)| !is_fine);
        let of_invitees = self.invite.problems().into_iter().map(RuleRejection::from);
        wrong
            .map(|(problem, _)| problem)
            .chain(of_invitees.filter(|_| award_type == AwardType::Invite))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::*;

    fn terms() -> RuleTerms {
        RuleTerms {
            amount: AmountRule::Fixed(Decimal::TEN),
            coin_id: "1".into(),
            daily_limit: Some(3),
            target_rule: TargetRule::OnceADay,
            hold: TimeDelta::zero(),
            opens_at: None,
            closes_at: None,
            enabled: true,
            streak: None,
            budget: Budget::default(),
            forgiveness: Forgiveness::default(),
            invite: InviteTerms::default(),
        }
    }

    #[test]
    fn good_terms_have_no_problem() {
        assert_eq!(terms().problems("join_group", AwardType::Daily), []);
        let bonus = RuleTerms {
            daily_limit: None,
            target_rule: TargetRule::None,
            streak: Some(StreakRule {
                length: 7,
                repeats: true,
            }),
            ..terms()
        };
        assert_eq!(bonus.problems("streak_7", AwardType::Bonus), []);
    }

    #[test]
    fn only_invite_rules_have_conditions_on_invitees() {
        let conditional = RuleTerms {
            invite: InviteTerms {
                sign_in_days: Some(3),
                ..InviteTerms::default()
            },
            ..terms()
        };
        assert_eq!(conditional.problems("invite_colleague", AwardType::Invite), []);
        assert_eq!(
            conditional.problems("join_group", AwardType::Daily),
            [InviteRejection::NotAllowed.into()]
        );
    }

    #[test]
    fn every_problem_is_reported_at_once() {
        let bad = RuleTerms {
            amount: AmountRule::Range {
                least: Decimal::TEN,
                most: Decimal::ONE,
                step: Decimal::ZERO,
            },
            coin_id: String::new(),
            daily_limit: Some(0),
            hold: TimeDelta::days(-1),
            opens_at: Some(DateTime::UNIX_EPOCH + TimeDelta::days(1)),
            closes_at: Some(DateTime::UNIX_EPOCH),
            streak: Some(StreakRule {
                length: 0,
                repeats: false,
            }),
            ..terms()
        };
        use RuleRejection as Problem;
        assert_eq!(
            bad.problems("Join Group", AwardType::Daily),
            [
                ChangeRejection::ItemInvalid.into(),
                ChangeRejection::AmountInvalid.into(),
                Problem::RangeInvalid,
                ChangeRejection::CoinInvalid.into(),
                Problem::DailyLimitInvalid,
                ChangeRejection::HoldInvalid.into(),
                ChangeRejection::WindowEndsBeforeItStarts.into(),
                Problem::StreakNotAllowed,
                Problem::StreakInvalid,
            ]
        );
    }

    #[test]
    fn a_range_is_a_whole_number_of_steps() {
        let range = |step: &str| RuleTerms {
            amount: AmountRule::Range {
                least: Decimal::ONE,
                most: Decimal::TEN,
                step: step.parse().unwrap(),
            },
            ..terms()
        };
        assert_eq!(range("0.5").problems("join_group", AwardType::Daily), []);
        assert_eq!(
            range("0.7").problems("join_group", AwardType::Daily),
            [RuleRejection::RangeInvalid]
        );
    }
}

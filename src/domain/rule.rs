//! A rule of the catalogue: what an item pays, how often, and when. A change is a new version; an award names its own.

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;

use super::award::AwardType;
use super::money::is_amount;
use super::text::is_blank;

/// The only item of the type INVITE that is paid: a binding pays the inviter by its rule.
pub const INVITE_ITEM: &str = "invite_friend";
/// The longest id of a coin, in characters.
pub const MAX_COIN_ID_LENGTH: usize = 32;
/// The most awards a day that a limit may allow.
pub const MAX_DAILY_LIMIT: i32 = 1_000_000;
/// The longest that an award may be held back.
pub const MAX_HOLD: TimeDelta = TimeDelta::days(366);
/// The longest streak that a bonus may ask for, in days.
pub const MAX_STREAK_LENGTH: i32 = 3_660;

/// What the target of a task has to do with how often it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetRule {
    /// The item has no target.
    None,
    /// Each target counts once a day.
    OnceADay,
    /// The same target may count again: what repeats a report is its idempotency key.
    Repeatable,
}

impl TargetRule {
    pub const ALL: [Self; 3] = [Self::None, Self::OnceADay, Self::Repeatable];

    /// Its name in the database and on every wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::OnceADay => "ONCE_A_DAY",
            Self::Repeatable => "REPEATABLE",
        }
    }
}

/// What one award is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AmountRule {
    Fixed(Decimal),
    /// Drawn for each award: the least, or any number of steps above it up to the most, each as likely.
    Range {
        least: Decimal,
        most: Decimal,
        step: Decimal,
    },
}

/// Which streak of sign-ins earns a bonus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreakRule {
    /// Days in a row.
    pub length: i32,
    /// Whether each multiple of the length earns it again.
    pub repeats: bool,
}

/// What a version of a rule says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleTerms {
    pub amount: AmountRule,
    /// The host's own id of the coin.
    pub coin_id: String,
    /// Awards per user and business day; `None` is no cap.
    pub daily_limit: Option<i32>,
    pub target_rule: TargetRule,
    /// From the award to its settlement.
    pub hold: TimeDelta,
    pub opens_at: Option<DateTime<Utc>>,
    pub closes_at: Option<DateTime<Utc>>,
    pub enabled: bool,
    /// For BONUS rules, and for all of them.
    pub streak: Option<StreakRule>,
}

/// One version of a rule; what is in force is the last one.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    pub item: String,
    pub award_type: AwardType,
    pub version: i32,
    pub terms: RuleTerms,
    pub changed_by: String,
    pub reason: String,
    pub created_at: DateTime<Utc>,
}

/// What is wrong with the terms of a rule; each says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleProblem {
    ItemInvalid,
    /// Words and reservations are paid by their campaigns.
    PaidByCampaigns,
    /// An item of the type INVITE other than [`INVITE_ITEM`]: no event ever pays it.
    NeverPaid,
    AmountInvalid,
    RangeInvalid,
    CoinInvalid,
    DailyLimitInvalid,
    /// One sign-in a day is what the service means by signing in.
    SignInOnceADay,
    HoldInvalid,
    WindowEndsBeforeItStarts,
    StreakMissing,
    StreakNotAllowed,
    StreakInvalid,
    /// Newbee awards are once in a life, bonuses once a day: a target would say nothing.
    TargetNotAllowed,
}

impl Rule {
    /// Whether it pays at that instant.
    pub fn is_open(&self, at: DateTime<Utc>) -> bool {
        let terms = &self.terms;
        terms.enabled
            && terms.opens_at.is_none_or(|opens| opens <= at)
            && terms.closes_at.is_none_or(|closes| at < closes)
    }
}

/// Whether a text can name an item.
pub fn is_valid_item(text: &str) -> bool {
    let mut characters = text.chars();
    text.len() <= 40
        && characters.next().is_some_and(|first| first.is_ascii_lowercase())
        && characters.all(|other| other.is_ascii_lowercase() || other.is_ascii_digit() || other == '_')
}

impl RuleTerms {
    /// Everything that is wrong with them for an item of that type; empty when nothing is.
    pub fn problems(&self, item: &str, award_type: AwardType) -> Vec<RuleProblem> {
        use RuleProblem as Problem;
        let coin_length = self.coin_id.chars().count();
        let has_daily_limit = |fits: fn(i32) -> bool| self.daily_limit.is_none_or(fits);
        let checks = [
            (Problem::ItemInvalid, is_valid_item(item)),
            (
                Problem::PaidByCampaigns,
                !matches!(award_type, AwardType::Word | AwardType::Reservation),
            ),
            (
                Problem::NeverPaid,
                award_type != AwardType::Invite || item == INVITE_ITEM,
            ),
            (Problem::AmountInvalid, self.amount.is_made_of_amounts()),
            (Problem::RangeInvalid, self.amount.is_in_order()),
            (
                Problem::CoinInvalid,
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
                Problem::HoldInvalid,
                (TimeDelta::zero()..=MAX_HOLD).contains(&self.hold),
            ),
            (
                Problem::WindowEndsBeforeItStarts,
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
                Problem::TargetNotAllowed,
                !matches!(award_type, AwardType::Bonus | AwardType::Newbee) && item != "sign_in"
                    || self.target_rule == TargetRule::None,
            ),
        ];
        checks
            .into_iter()
            .filter(|(_, is_fine)| !is_fine)
            .map(|(problem, _)| problem)
            .collect()
    }
}

impl AmountRule {
    /// The least that it may pay.
    pub fn least(&self) -> Decimal {
        match self {
            Self::Fixed(amount) => *amount,
            Self::Range { least, .. } => *least,
        }
    }

    /// The most that it may pay, where that is more than the least.
    pub fn most(&self) -> Option<Decimal> {
        match self {
            Self::Fixed(_) => None,
            Self::Range { most, .. } => Some(*most),
        }
    }

    fn is_made_of_amounts(&self) -> bool {
        match self {
            Self::Fixed(amount) => is_amount(*amount),
            Self::Range { least, most, step } => [least, most, step].into_iter().all(|part| is_amount(*part)),
        }
    }

    fn is_in_order(&self) -> bool {
        match self {
            Self::Fixed(_) => true,
            Self::Range { least, most, step } => most > least && !step.is_zero() && ((most - least) % step).is_zero(),
        }
    }
}

#[cfg(test)]
mod tests {
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
    fn an_invite_item_that_no_binding_pays_is_a_problem() {
        assert_eq!(terms().problems(INVITE_ITEM, AwardType::Invite), []);
        assert_eq!(
            terms().problems("invite_colleague", AwardType::Invite),
            [RuleProblem::NeverPaid]
        );
    }

    #[test]
    fn every_problem_is_said_at_once() {
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
        use RuleProblem as Problem;
        assert_eq!(
            bad.problems("Join Group", AwardType::Daily),
            [
                Problem::ItemInvalid,
                Problem::AmountInvalid,
                Problem::RangeInvalid,
                Problem::CoinInvalid,
                Problem::DailyLimitInvalid,
                Problem::HoldInvalid,
                Problem::WindowEndsBeforeItStarts,
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
            [RuleProblem::RangeInvalid]
        );
    }
}

//! Conditions of INVITE rules, and the progress of invitees toward them.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::rejection::rejections;

/// Maximum number of items that an INVITE rule can require.
pub const MAX_REQUIRED_ITEMS: usize = 10;
/// Maximum number of days that an INVITE rule can require or allow.
pub const MAX_CONDITION_DAYS: i32 = 3_660;
/// Maximum number of friends of a milestone, and of awards per user.
pub const MAX_FRIENDS: i32 = 1_000_000;

/// User whom an INVITE rule pays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum InviteParty {
    /// The owner of the code.
    #[default]
    Inviter,
    /// The user who bound it.
    Invitee,
}

impl InviteParty {
    pub const ALL: [Self; 2] = [Self::Inviter, Self::Invitee];

    /// Returns its name in the database and in the APIs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Inviter => "INVITER",
            Self::Invitee => "INVITEE",
        }
    }
}

/// Terms that only INVITE rules have. By default the binding itself pays the inviter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InviteTerms {
    pub pays: InviteParty,
    /// Items that the invitee must do, each at least once.
    pub required_items: Vec<String>,
    /// Number of business days on which the invitee must sign in.
    pub sign_in_days: Option<i32>,
    /// Number of business days, from the day of the binding on, whose deeds count.
    pub within_days: Option<i32>,
    /// Maximum age of the invitee's account at the binding, in periods of 24 hours.
    pub max_account_age_days: Option<i32>,
    /// Number of qualified invitees that earns the award, once. Without it, each invitee earns one.
    pub friends: Option<i32>,
    /// Maximum number of awards per user.
    pub lifetime_limit: Option<i32>,
}

rejections! {
    /// Reason why the conditions of an INVITE rule are not valid.
    pub enum InviteRejection {
        /// Only INVITE rules have conditions on invitees.
        NotAllowed => "INVITE_NOT_ALLOWED",
            "Only INVITE rules have conditions on invitees. Omit `invite`.",
            "只有 INVITE 规则有对被邀请人的条件，请不要填写 invite。";
        /// The required items are too many, repeated or not valid.
        ItemsInvalid => "REQUIRED_ITEMS_INVALID",
            format!("requiredItems must be up to {MAX_REQUIRED_ITEMS} different items, such as join_group; omit it if none is required."),
            format!("requiredItems 最多{MAX_REQUIRED_ITEMS}个不同的项目，例如 join_group；没有要求则不填。");
        /// No invitee could meet the condition: a required item is closed, unknown, or no task.
        NeverPaid { item: String } => "NEVER_PAID",
            format!("No invitee could do {item}: a condition needs an enabled item of type NEWBEE or DAILY. Add the item, or enable its rule."),
            format!("被邀请人无法完成{item}：条件只能是启用的 NEWBEE 或 DAILY 项目。请先添加或启用它。");
        /// The number of sign-in days is out of range.
        SignInDaysInvalid => "SIGN_IN_DAYS_INVALID",
            format!("signInDays must be 1 to {MAX_CONDITION_DAYS}; omit it if none is required."),
            format!("signInDays 为 1 到 {MAX_CONDITION_DAYS}；没有要求则不填。");
        /// The period does not fit the conditions.
        WithinDaysInvalid => "WITHIN_DAYS_INVALID",
            format!("withinDays must be 1 to {MAX_CONDITION_DAYS}, at least signInDays, and needs requiredItems or signInDays."),
            format!("withinDays 为 1 到 {MAX_CONDITION_DAYS}，不少于 signInDays，并且需要 requiredItems 或 signInDays。");
        /// The maximum age of the account is out of range.
        AccountAgeInvalid => "ACCOUNT_AGE_INVALID",
            format!("maxAccountAgeDays must be 1 to {MAX_CONDITION_DAYS}; omit it for no limit."),
            format!("maxAccountAgeDays 为 1 到 {MAX_CONDITION_DAYS}；不限则不填。");
        /// The milestone is out of range, or would pay the invitee.
        FriendsInvalid => "FRIENDS_INVALID",
            format!("friends must be 1 to {MAX_FRIENDS} and pays the INVITER; omit it to pay for each invitee."),
            format!("friends 为 1 到 {MAX_FRIENDS}，且只能发放给 INVITER；按每位被邀请人发放则不填。");
        /// The limit per user is out of range.
        LifetimeLimitInvalid => "LIFETIME_LIMIT_INVALID",
            format!("lifetimeLimit must be 1 to {MAX_FRIENDS}; omit it for no limit."),
            format!("lifetimeLimit 为 1 到 {MAX_FRIENDS}；不限则不填。");
    }
}

impl InviteTerms {
    /// Returns the problems that need no look-up; empty if the terms are valid.
    pub fn problems(&self) -> Vec<InviteRejection> {
        use InviteRejection as Problem;
        let is_within = |value: Option<i32>, most: i32| value.is_none_or(|value| (1..=most).contains(&value));
        let mut items = self.required_items.clone();
        items.sort_unstable();
        items.dedup();
        let has_deeds = self.sign_in_days.is_some() || !items.is_empty();
        let checks = [
            (
                Problem::ItemsInvalid,
                items.len() == self.required_items.len()
                    && items.len() <= MAX_REQUIRED_ITEMS
                    && items.iter().all(|item| super::rule::is_valid_item(item)),
            ),
            (
                Problem::SignInDaysInvalid,
                is_within(self.sign_in_days, MAX_CONDITION_DAYS),
            ),
            (
                Problem::WithinDaysInvalid,
                is_within(self.within_days, MAX_CONDITION_DAYS)
                    && self
                        .within_days
                        .is_none_or(|days| has_deeds && days >= self.sign_in_days.unwrap_or(1)),
            ),
            (
                Problem::AccountAgeInvalid,
                is_within(self.max_account_age_days, MAX_CONDITION_DAYS),
            ),
            (
                Problem::FriendsInvalid,
                is_within(self.friends, MAX_FRIENDS) && (self.friends.is_none() || self.pays == InviteParty::Inviter),
            ),
            (
                Problem::LifetimeLimitInvalid,
                is_within(self.lifetime_limit, MAX_FRIENDS),
            ),
        ];
        let wrong = checks.into_iter().filter(|(_, is_fine)| !is_fine);
        wrong.map(|(problem, _)| problem).collect()
    }

    /// Returns the items that an invitee must be able to do.
    pub fn deeds(&self) -> impl Iterator<Item = &str> {
        let sign_in = self.sign_in_days.map(|_| "sign_in");
        self.required_items.iter().map(String::as_str).chain(sign_in)
    }
}

/// State of an invitee under the conditions of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum QualificationState {
    /// Deeds are missing, and there is time for them.
    Pending,
    /// All conditions are met.
    Qualified,
    /// The time for the deeds is over.
    Expired,
    /// The account was too old at the binding.
    Ineligible,
}

/// Reason why a qualified invitee is not paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum UnpaidReason {
    DailyLimit,
    LifetimeLimit,
    Budget,
    /// The milestone needs more invitees.
    MoreFriends,
    /// The milestone is paid once.
    AlreadyPaid,
    /// The user who would be paid is erased.
    Erased,
}

/// Progress of an invitee under one rule, in the version of the binding.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Qualification {
    pub item: String,
    pub rule_version: i32,
    pub pays: InviteParty,
    pub state: QualificationState,
    pub sign_in_days: i64,
    pub required_sign_in_days: i64,
    pub done_items: Vec<String>,
    pub required_items: Vec<String>,
    /// Last business day whose deeds count; `None` if there is no limit.
    pub last_day: Option<NaiveDate>,
    pub award_id: Option<i64>,
    pub unpaid: Option<UnpaidReason>,
}

/// Returns the state of an invitee under several rules: PENDING while one can still be met, otherwise the best of them.
/// `None` if no rule has conditions.
pub fn overall_state(qualifications: &[Qualification]) -> Option<QualificationState> {
    qualifications.iter().map(|qualification| qualification.state).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_that_no_invitee_could_meet_are_problems() {
        use InviteRejection as Problem;
        assert_eq!(InviteTerms::default().problems(), []);
        let good = InviteTerms {
            required_items: vec!["join_group".into()],
            sign_in_days: Some(3),
            within_days: Some(7),
            max_account_age_days: Some(30),
            friends: Some(3),
            lifetime_limit: Some(50),
            ..InviteTerms::default()
        };
        assert_eq!(good.problems(), []);
        assert_eq!(good.deeds().collect::<Vec<_>>(), ["join_group", "sign_in"]);
        let bad = InviteTerms {
            pays: InviteParty::Invitee,
            required_items: vec!["join_group".into(), "join_group".into()],
            sign_in_days: Some(0),
            within_days: Some(-1),
            max_account_age_days: Some(0),
            friends: Some(3),
            lifetime_limit: Some(0),
        };
        assert_eq!(
            bad.problems(),
            [
                Problem::ItemsInvalid,
                Problem::SignInDaysInvalid,
                Problem::WithinDaysInvalid,
                Problem::AccountAgeInvalid,
                Problem::FriendsInvalid,
                Problem::LifetimeLimitInvalid,
            ]
        );
        for within_days in [Some(2), Some(3)] {
            let terms = InviteTerms {
                within_days,
                ..good.clone()
            };
            assert_eq!(terms.problems().is_empty(), within_days == Some(3));
        }
        let without_deeds = InviteTerms {
            within_days: Some(7),
            ..InviteTerms::default()
        };
        assert_eq!(without_deeds.problems(), [Problem::WithinDaysInvalid]);
    }
}

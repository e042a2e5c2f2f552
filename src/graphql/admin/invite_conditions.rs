//! Conditions of INVITE rules, and the progress of invitees toward them.

use async_graphql::{Enum, ID, InputObject, SimpleObject};

use crate::domain::id::{AwardId, NodeId};
use crate::domain::qualification as domain;
use crate::graphql::award_kinds::{InviteParty, InviteeState};
use crate::graphql::scalars::Date;

/// Conditions under which an INVITE rule pays for an invitee. A binding keeps the version of its time, also if the rule is
/// changed or closed later.
#[derive(SimpleObject)]
pub(super) struct InviteConditions {
    /// User whom the rule pays.
    pays: InviteParty,
    /// Items of type NEWBEE or DAILY that the invitee must do after the binding, each at least once; one of type NEWBEE also
    /// counts if it was done before.
    required_items: Vec<String>,
    /// Number of business days on which the invitee must sign in after the binding; null if none is required.
    sign_in_days: Option<i32>,
    /// Number of business days, from the day of the binding on, whose deeds count; null if there is no limit.
    within_days: Option<i32>,
    /// Maximum age of the invitee's account at the binding, in days of 24 hours; null if there is no limit.
    max_account_age_days: Option<i32>,
    /// Number of qualified invitees for which the inviter is paid, once; null if each invitee is paid for.
    friends: Option<i32>,
    /// Maximum number of awards of the item per user, voided ones included; null if unlimited.
    lifetime_limit: Option<i32>,
}

impl From<domain::InviteTerms> for InviteConditions {
    fn from(terms: domain::InviteTerms) -> Self {
        Self {
            pays: terms.pays.into(),
            required_items: terms.required_items,
            sign_in_days: terms.sign_in_days,
            within_days: terms.within_days,
            max_account_age_days: terms.max_account_age_days,
            friends: terms.friends,
            lifetime_limit: terms.lifetime_limit,
        }
    }
}

/// Conditions under which an INVITE rule pays for an invitee.
#[derive(InputObject)]
pub(super) struct InviteConditionsInput {
    /// User whom the rule pays.
    #[graphql(default_with = "InviteParty::Inviter")]
    pays: InviteParty,
    /// Items of type NEWBEE or DAILY that the invitee must do after the binding, each at least once; at most 10.
    #[graphql(default)]
    required_items: Vec<String>,
    /// Number of business days on which the invitee must sign in after the binding; none if omitted.
    sign_in_days: Option<i32>,
    /// Number of business days, from the day of the binding on, whose deeds count; no limit if omitted.
    within_days: Option<i32>,
    /// Maximum age of the invitee's account at the binding, in days of 24 hours; no limit if omitted.
    max_account_age_days: Option<i32>,
    /// Number of qualified invitees for which the inviter is paid, once; if omitted, each invitee is paid for.
    friends: Option<i32>,
    /// Maximum number of awards of the item per user, voided ones included; unlimited if omitted.
    lifetime_limit: Option<i32>,
}

impl From<InviteConditionsInput> for domain::InviteTerms {
    fn from(input: InviteConditionsInput) -> Self {
        Self {
            pays: input.pays.into(),
            required_items: input.required_items,
            sign_in_days: input.sign_in_days,
            within_days: input.within_days,
            max_account_age_days: input.max_account_age_days,
            friends: input.friends,
            lifetime_limit: input.lifetime_limit,
        }
    }
}

/// Reason why a qualified invitee is not paid for.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::UnpaidReason")]
pub(super) enum UnpaidReason {
    /// The daily limit of the rule was reached.
    DailyLimit,
    /// The lifetime limit of the rule was reached.
    LifetimeLimit,
    /// The budget of the rule was used up.
    Budget,
    /// The milestone needs more invitees.
    MoreFriends,
    /// The milestone was paid before.
    AlreadyPaid,
    /// The user to be paid is erased.
    Erased,
}

/// Progress of an invitee under one rule with conditions.
#[derive(SimpleObject)]
pub(super) struct Qualification {
    /// Item of the rule.
    item: String,
    /// Version of the rule at the binding, which applies.
    rule_version: i32,
    /// User whom the rule pays.
    pays: InviteParty,
    /// State of the invitee.
    state: InviteeState,
    /// Number of business days since the binding on which the invitee signed in; as of the last deed.
    sign_in_days: i64,
    /// Number of such days that the rule requires; 0 if none is required.
    required_sign_in_days: i64,
    /// Required items that are done; as of the last deed.
    done_items: Vec<String>,
    /// Items that the rule requires.
    required_items: Vec<String>,
    /// Last business day whose deeds count; null if there is no limit.
    last_day: Option<Date>,
    /// ID of the award; null if it is not paid.
    award_id: Option<ID>,
    /// Why a qualified invitee is not paid for; null otherwise.
    unpaid: Option<UnpaidReason>,
}

impl From<domain::Qualification> for Qualification {
    fn from(qualification: domain::Qualification) -> Self {
        let award_id = |id| ID(NodeId::Award(AwardId(id)).to_string());
        Self {
            item: qualification.item,
            rule_version: qualification.rule_version,
            pays: qualification.pays.into(),
            state: qualification.state.into(),
            sign_in_days: qualification.sign_in_days,
            required_sign_in_days: qualification.required_sign_in_days,
            done_items: qualification.done_items,
            required_items: qualification.required_items,
            last_day: qualification.last_day.map(Date),
            award_id: qualification.award_id.map(award_id),
            unpaid: qualification.unpaid.map(UnpaidReason::from),
        }
    }
}

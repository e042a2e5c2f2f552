//! Kinds and states of awards and invitations, shared by both APIs.

use async_graphql::Enum;

use crate::domain::{award as domain, qualification};

/// Kind of award.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::AwardType")]
pub(in crate::graphql) enum AwardType {
    /// For a newcomer's step; once per user and item.
    Newbee,
    /// For a daily task.
    Daily,
    /// For an invitation: for a friend who bound the code, or for binding one.
    Invite,
    /// For a submitted word: a share of its campaign.
    Word,
    /// For a reservation, paid when the campaign is launched.
    Reservation,
    /// Bonus on top of other awards, such as for consecutive sign-ins.
    Bonus,
    /// Given by the operators of the service; `targetId` is its label.
    Grant,
}

/// Settlement status of an award.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::AwardStatus")]
pub(in crate::graphql) enum AwardStatus {
    /// Earned, but not yet in the balance. Status 0 of the legacy methods.
    Pending,
    /// Paid into the balance. Status 1 of the legacy methods.
    Settled,
    /// Paid, then reversed. Status 2 of the legacy methods.
    Reversed,
    /// Withdrawn before payment. Status 3 of the legacy methods.
    Void,
}

/// User whom an offer for invitations pays.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "qualification::InviteParty")]
pub(in crate::graphql) enum InviteParty {
    /// The owner of the code.
    Inviter,
    /// The user who bound the code.
    Invitee,
}

/// State of an invitee under the conditions of an offer.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "qualification::QualificationState")]
pub(in crate::graphql) enum InviteeState {
    /// The conditions can still be met.
    Pending,
    /// The conditions are met.
    Qualified,
    /// The time for the conditions is over.
    Expired,
    /// The account was too old when the code was bound.
    Ineligible,
}

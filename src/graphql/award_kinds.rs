//! Kind and status of awards, shared by both APIs.

use async_graphql::Enum;

use crate::domain::award as domain;

/// Kind of award.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::AwardType")]
pub(in crate::graphql) enum AwardType {
    /// For a newcomer's step; once per user and item.
    Newbee,
    /// For a daily task.
    Daily,
    /// For a friend who bound the user's invitation code.
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

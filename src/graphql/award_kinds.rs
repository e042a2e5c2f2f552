//! What awards are, and where they are on their way: the same in both APIs.

use async_graphql::Enum;

use crate::domain::award as domain;

/// What kind of earning an award is.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::AwardType")]
pub(in crate::graphql) enum AwardType {
    /// For a step of a newcomer, once in a life per item.
    Newbee,
    /// For a task of the day.
    Daily,
    /// For a friend who bound the user's invitation code.
    Invite,
    /// For a word that the user submitted: a share of its campaign.
    Word,
    /// For a reservation, when what was reserved is launched.
    Reservation,
    /// On top of something else, such as a number of sign-ins in a row.
    Bonus,
}

/// Where an award is on its way into the balance.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::AwardStatus")]
pub(in crate::graphql) enum AwardStatus {
    /// Earned, and not yet in the balance. Status 0 of the legacy methods.
    Pending,
    /// Paid into the balance. Status 1 of the legacy methods.
    Settled,
    /// Paid and taken back. Status 2 of the legacy methods.
    Reversed,
    /// Withdrawn before it was paid. Status 3 of the legacy methods.
    Void,
}

//! What awards are and where they are on their way, as the admin API names them.

use async_graphql::Enum;

use crate::domain::award as domain;

/// What kind of earning an award is.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::AwardType")]
pub(super) enum AwardType {
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
pub(super) enum AwardStatus {
    /// Earned, and not yet in the balance.
    Pending,
    /// Paid into the balance.
    Settled,
    /// Paid and taken back.
    Reversed,
    /// Withdrawn before it was paid.
    Void,
}

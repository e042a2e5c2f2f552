//! An award: one thing a user earned, and its status transitions.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use rust_decimal::Decimal;

use super::id::{AwardId, UserId};

/// Type of an award. The number is its representation in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i16)]
pub enum AwardType {
    /// Once per user and item.
    Newbee = 0,
    /// Once per business day.
    Daily = 1,
    /// For a friend who bound the user's invitation code.
    Invite = 2,
    /// A share of a word campaign.
    Word = 3,
    /// For a reservation, when its campaign is launched.
    Reservation = 4,
    /// In addition to something else, such as a streak of sign-ins.
    Bonus = 5,
}

impl AwardType {
    pub const ALL: [Self; 6] = [
        Self::Newbee,
        Self::Daily,
        Self::Invite,
        Self::Word,
        Self::Reservation,
        Self::Bonus,
    ];

    /// Returns the type for a number from the database; a database constraint admits no other numbers.
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as i16 == number)
    }
}

/// PENDING → SETTLED → REVERSED, or PENDING → VOID. The number is the same in the database and in the legacy API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i16)]
pub enum AwardStatus {
    Pending = 0,
    Settled = 1,
    Reversed = 2,
    Void = 3,
}

impl AwardStatus {
    pub const ALL: [Self; 4] = [Self::Pending, Self::Settled, Self::Reversed, Self::Void];

    /// Returns the status for a number from the database; a database constraint admits no other numbers.
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|status| *status as i16 == number)
    }
}

/// One award as its owner sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Award {
    pub id: AwardId,
    pub user_id: UserId,
    /// Item of the rule catalogue that earned it, such as `join_group`.
    pub item: String,
    pub award_type: AwardType,
    pub amount: Decimal,
    /// Coin ID, as assigned by the host application.
    pub coin_id: String,
    /// Target of the task, such as the group that was joined; `None` if the item has no target.
    pub target_id: Option<String>,
    pub status: AwardStatus,
    pub business_day: NaiveDate,
    /// Earliest time of settlement.
    pub settles_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Number of its last change, or a smaller one while an earlier change may still commit: see [`Award::position`].
    pub change: i64,
}

/// Position among the changes of a user's awards, in the order of the transactions that made them. A client that has
/// received everything up to this position can be sent the changes after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChangePosition {
    /// Transaction number.
    pub change: i64,
    pub award_id: AwardId,
}

impl ChangePosition {
    /// Position before the first change.
    pub const START: Self = Self {
        change: 0,
        award_id: AwardId(0),
    };

    /// Returns the position after every change with a smaller number than this.
    pub fn before(change: i64) -> Self {
        Self {
            change: change - 1,
            award_id: AwardId(i64::MAX),
        }
    }
}

impl Award {
    /// Returns true if the award was created at the given instant, compared with the database's precision of one
    /// microsecond.
    pub fn was_made_at(&self, at: DateTime<Utc>) -> bool {
        (self.created_at - at).abs() < TimeDelta::microseconds(1)
    }

    /// Returns the position to resume from after this version of the award was received: no later change is missed.
    /// Some changes may be received twice if the award was read while an earlier change was still in progress.
    pub fn position(&self) -> ChangePosition {
        ChangePosition {
            change: self.change,
            award_id: self.id,
        }
    }
}

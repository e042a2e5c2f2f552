//! An award: one thing a user earned, and the only ways its status can move.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use rust_decimal::Decimal;

use super::id::{AwardId, UserId};

/// What kind of earning an award is. The number is the database's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i16)]
pub enum AwardType {
    /// Once in a life per item.
    Newbee = 0,
    /// Per business day.
    Daily = 1,
    /// For a friend who bound the user's invitation code.
    Invite = 2,
    /// A share of a word campaign.
    Word = 3,
    /// For a reservation, when its campaign is launched.
    Reservation = 4,
    /// On top of something else, such as a streak of sign-ins.
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

    /// The type behind the database's number; the schema admits no other.
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as i16 == number)
    }
}

/// PENDING → SETTLED → REVERSED, or PENDING → VOID. The number is the database's and the legacy wire's.
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

    /// The status behind the database's number; the schema admits no other.
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|status| *status as i16 == number)
    }
}

/// One award as its owner sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Award {
    pub id: AwardId,
    pub user_id: UserId,
    /// The item of the rule catalogue that it was earned by, such as `join_group`.
    pub item: String,
    pub award_type: AwardType,
    pub amount: Decimal,
    /// The host's own id of the coin.
    pub coin_id: String,
    /// What the task was about (the group that was joined); `None` where the item has no target.
    pub target_id: Option<String>,
    pub status: AwardStatus,
    pub business_day: NaiveDate,
    /// When settlement may pay it.
    pub settles_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// The number of its last change, or a smaller one while an earlier change may still come: see [`Award::position`].
    pub change: i64,
}

/// Position among the changes of a user's awards, which are in the order of the transactions that made them. A client that has
/// everything up to here can be sent what came after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChangePosition {
    /// The number of the transaction.
    pub change: i64,
    pub award_id: AwardId,
}

impl ChangePosition {
    /// Before the first change of all.
    pub const START: Self = Self {
        change: 0,
        award_id: AwardId(0),
    };

    /// After every change with a smaller number than this.
    pub fn before(change: i64) -> Self {
        Self {
            change: change - 1,
            award_id: AwardId(i64::MAX),
        }
    }
}

impl Award {
    /// Returns whether the award was made at an instant, as exactly as the database keeps it.
    pub fn was_made_at(&self, at: DateTime<Utc>) -> bool {
        (self.created_at - at).abs() < TimeDelta::microseconds(1)
    }

    /// Where to go on after the award was seen like this: nothing that came later is missed. Some of it may be seen twice where
    /// the award was read while an earlier change was still under way.
    pub fn position(&self) -> ChangePosition {
        ChangePosition {
            change: self.change,
            award_id: self.id,
        }
    }
}

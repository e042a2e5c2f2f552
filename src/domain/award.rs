//! An award: one thing a user earned, and its status transitions.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use rust_decimal::Decimal;

use super::id::{AwardId, UserId};

/// Type of an award.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AwardType {
    /// Once per user and item.
    Newbee,
    /// Once per business day.
    Daily,
    /// For an invitation: for a friend who bound the code, or for binding one.
    Invite,
    /// A share of a word campaign.
    Word,
    /// For a reservation, when its campaign is launched.
    Reservation,
    /// In addition to something else, such as a streak of sign-ins.
    Bonus,
    /// Given by operators, with a reason.
    Grant,
}

impl AwardType {
    pub const ALL: [Self; 7] = [
        Self::Newbee,
        Self::Daily,
        Self::Invite,
        Self::Word,
        Self::Reservation,
        Self::Bonus,
        Self::Grant,
    ];

    /// Returns the name of the type in the database and in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Newbee => "NEWBEE",
            Self::Daily => "DAILY",
            Self::Invite => "INVITE",
            Self::Word => "WORD",
            Self::Reservation => "RESERVATION",
            Self::Bonus => "BONUS",
            Self::Grant => "GRANT",
        }
    }

    /// Returns the type with a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }
}

/// PENDING → SETTLED → REVERSED, or PENDING → VOID. The number is that of the legacy API.
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

    /// Returns the name of the status in the database and in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Settled => "SETTLED",
            Self::Reversed => "REVERSED",
            Self::Void => "VOID",
        }
    }

    /// Returns the status with a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
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
    /// Number of its last change among the changes of the user's awards; 0 if it has not changed since an import.
    pub change: i64,
}

/// Position among the changes of a user's awards: the number of a change. A client that has received everything up to
/// this position can be sent the changes after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChangePosition(pub i64);

impl ChangePosition {
    /// Position before the first change.
    pub const START: Self = Self(0);
}

impl Award {
    /// Returns true if the award was created at the given instant, compared with the database's precision of one
    /// microsecond.
    pub fn was_made_at(&self, at: DateTime<Utc>) -> bool {
        (self.created_at - at).abs() < TimeDelta::microseconds(1)
    }

    /// Returns the position to resume from after this version of the award was received: no later change is missed.
    pub fn position(&self) -> ChangePosition {
        ChangePosition(self.change)
    }
}

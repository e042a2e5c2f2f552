//! An award.

use async_graphql::{ID, SimpleObject};

use crate::domain::award as domain;
use crate::domain::id::NodeId;
use crate::graphql::award_kinds::{AwardStatus, AwardType};
use crate::graphql::cursor;
use crate::graphql::scalars::{Date, DateTime, Decimal};

/// One thing that the user earned. The legacy methods call it an award log.
#[derive(SimpleObject)]
pub(super) struct Award {
    /// The award's id, such as `award_22`.
    pub id: ID,
    /// What it was earned by: an item of the rule catalogue, such as `join_group`. The legacy `award_item`.
    pub item: String,
    /// The kind of earning. The legacy `award_type`.
    #[graphql(name = "type")]
    pub award_type: AwardType,
    /// How much was earned.
    pub amount: Decimal,
    /// The host application's own id of the coin.
    pub coin_id: String,
    /// What the task was about, such as the group that was joined; null where the item has no target.
    pub target_id: Option<String>,
    /// Where the award is on its way into the balance.
    pub status: AwardStatus,
    /// The business day that it counts for.
    pub business_day: Date,
    /// When a pending award may be paid into the balance; null once it is no longer pending.
    pub settles_at: Option<DateTime>,
    /// When it was earned. The legacy `create_time`.
    pub created_at: DateTime,
    /// When its status last changed. The legacy `update_time`.
    pub updated_at: DateTime,
    /// Position of this change among all changes of the user's awards. Pass it as `after` to `awardChanged` to get every later
    /// change.
    pub change_cursor: String,
}

impl From<domain::Award> for Award {
    fn from(award: domain::Award) -> Self {
        Self {
            change_cursor: cursor::encode(award.position()),
            id: ID(NodeId::Award(award.id).to_string()),
            item: award.item,
            award_type: award.award_type.into(),
            amount: Decimal(award.amount),
            coin_id: award.coin_id,
            target_id: award.target_id,
            status: award.status.into(),
            business_day: Date(award.business_day),
            settles_at: (award.status == domain::AwardStatus::Pending).then_some(DateTime(award.settles_at)),
            created_at: DateTime(award.created_at),
            updated_at: DateTime(award.updated_at),
        }
    }
}

//! An award.

use async_graphql::parser::types::Field;
use async_graphql::{ID, SimpleObject};
use chrono::Utc;

use super::flat::{FlatObject, Json};
use crate::domain::award as domain;
use crate::domain::id::NodeId;
use crate::domain::money::WireAmount;
use crate::graphql::award_kinds::{AwardStatus, AwardType};
use crate::graphql::cursor;
use crate::graphql::scalars::{Date, DateTime, Decimal};

/// An award earned by the user. The legacy methods call it an award log.
#[derive(SimpleObject)]
pub(super) struct Award {
    /// Award ID, such as `award_22`.
    pub id: ID,
    /// Item of the rule catalogue that the award was earned for, such as `join_group`. The legacy `award_item`.
    pub item: String,
    /// Kind of award. The legacy `award_type`.
    #[graphql(name = "type")]
    pub award_type: AwardType,
    /// Amount earned.
    pub amount: Decimal,
    /// Host application's coin ID.
    pub coin_id: String,
    /// Target of the task, such as the group that was joined; null if the item has no target.
    pub target_id: Option<String>,
    /// Settlement status of the award.
    pub status: AwardStatus,
    /// Business day that the award counts towards.
    pub business_day: Date,
    /// Earliest time at which a pending award can be paid into the balance; null once it is no longer pending.
    pub settles_at: Option<DateTime>,
    /// Time at which the award was earned. The legacy `create_time`.
    pub created_at: DateTime,
    /// Time of the last status change. The legacy `update_time`.
    pub updated_at: DateTime,
    /// Position of this change among all changes of the user's awards. Pass it as `after` to `awardChanged` to get
    /// every later change.
    pub change_cursor: String,
}

impl From<domain::Award> for Award {
    fn from(award: domain::Award) -> Self {
        Self {
            change_cursor: cursor::encode(award.position()),
            settles_at: settles_at(&award).map(DateTime),
            id: ID(NodeId::Award(award.id).to_string()),
            item: award.item,
            award_type: award.award_type.into(),
            amount: Decimal(award.amount),
            coin_id: award.coin_id,
            target_id: award.target_id,
            status: award.status.into(),
            business_day: Date(award.business_day),
            created_at: DateTime(award.created_at),
            updated_at: DateTime(award.updated_at),
        }
    }
}

impl FlatObject for domain::Award {
    type Derived = Award;

    fn write(&self, field: &Field, json: &mut Json) -> Option<()> {
        match field.name.node.as_str() {
            "id" => json.display(NodeId::Award(self.id)),
            "item" => json.text(&self.item),
            "type" => json.name_of(AwardType::from(self.award_type)),
            "amount" => json.display(WireAmount(self.amount)),
            "coinId" => json.text(&self.coin_id),
            "targetId" => json.optional(self.target_id.as_deref(), Json::text),
            "status" => json.name_of(AwardStatus::from(self.status)),
            "businessDay" => json.display(self.business_day),
            "settlesAt" => json.optional(settles_at(self), Json::time),
            "createdAt" => json.time(self.created_at),
            "updatedAt" => json.time(self.updated_at),
            "changeCursor" => json.quoted(|text| cursor::write(self.position(), text)),
            _ => return None,
        }
        Some(())
    }
}

fn settles_at(award: &domain::Award) -> Option<chrono::DateTime<Utc>> {
    (award.status == domain::AwardStatus::Pending).then_some(award.settles_at)
}

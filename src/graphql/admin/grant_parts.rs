//! Grants as operators see them: state, sums and lines.

use async_graphql::{ComplexObject, Context, Enum, ID, SimpleObject};

use super::awards::list_length;
use super::context::AdminContext;
use super::user_id::id_of;
use crate::domain::grant as domain;
use crate::domain::id::{AwardId, NodeId, UserId};
use crate::graphql::NullableField;
use crate::graphql::scalars::{DateTime, Decimal};
use crate::loaders::ops::{GrantLineRecord, GrantRecord};

/// State of a grant.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::GrantState")]
pub(super) enum GrantState {
    /// Waits for the approval of another key.
    Waiting,
    /// Its awards were made.
    Granted,
    /// Was rejected or withdrawn; no award was made.
    Rejected,
    /// Was neither approved nor rejected in time; no award was made.
    Expired,
}

/// Sum of the awards of one coin.
#[derive(SimpleObject)]
pub(super) struct GrantSum {
    /// Host application's coin ID.
    coin_id: String,
    /// Number of lines.
    count: i32,
    /// Total amount of the lines.
    amount: Decimal,
}

impl From<domain::GrantSum> for GrantSum {
    fn from(sum: domain::GrantSum) -> Self {
        Self {
            coin_id: sum.coin_id,
            count: sum.line_count,
            amount: Decimal(sum.amount),
        }
    }
}

/// Awards that operators give, or want to give, in one transaction.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(super) struct Grant {
    /// Grant ID, such as `grant_7`.
    id: ID,
    #[graphql(skip)]
    number: i64,
    /// State of the grant.
    state: GrantState,
    /// Reason given by the author of the grant.
    reason: String,
    /// Number of requested awards.
    line_count: i32,
    /// Number of awards made; less than `lineCount` if users were erased before the approval.
    award_count: i32,
    /// Author of the grant, such as `key:ann`.
    requested_by: String,
    /// Time of the request.
    requested_at: DateTime,
    /// End of the time for an approval; null if the grant needed none.
    expires_at: Option<DateTime>,
    /// Author of the approval or rejection; null if there was none.
    decided_by: Option<String>,
    /// Time of the approval or rejection.
    decided_at: Option<DateTime>,
    /// Reason for the rejection.
    decision_reason: Option<String>,
}

impl Grant {
    pub fn new(grant: GrantRecord, context: &AdminContext) -> Self {
        Self {
            id: ID(format!("grant_{}", grant.grant_id)),
            number: grant.grant_id,
            state: grant.state.at(context.moment.at, grant.expires_at).into(),
            reason: grant.reason,
            line_count: grant.line_count,
            award_count: grant.award_count,
            requested_by: grant.requested_by,
            requested_at: DateTime(grant.requested_at),
            expires_at: grant.expires_at.map(DateTime),
            decided_by: grant.decided_by,
            decided_at: grant.decided_at.map(DateTime),
            decision_reason: grant.decision_reason,
        }
    }
}

#[ComplexObject]
impl Grant {
    /// Sums per coin.
    #[graphql(complexity = "5 + 5 * child_complexity")]
    async fn sums(&self, ctx: &Context<'_>) -> NullableField<Vec<GrantSum>> {
        let sums = AdminContext::of(ctx).ops.grant_sums(self.number).await;
        Some(
            sums.map(|sums| sums.into_iter().map(GrantSum::from).collect())
                .map_err(Into::into),
        )
    }

    /// Lines of the grant, in the order of the request.
    #[graphql(complexity = "5 + 20 * child_complexity")]
    async fn lines(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Number of rows to return, at most 100.", default = 20)] first: i32,
        #[graphql(
            desc = "Only lines after this number; for paging, the last number of the previous page.",
            default = 0
        )]
        after: i32,
    ) -> NullableField<Vec<GrantLineRow>> {
        let found = async {
            let limit = list_length(first)?;
            let lines = AdminContext::of(ctx).ops.grant_lines(self.number, after, limit).await?;
            Ok(lines.into_iter().map(GrantLineRow::from).collect())
        };
        Some(found.await)
    }
}

/// One award of a grant.
#[derive(SimpleObject)]
#[graphql(name = "GrantLine")]
pub(super) struct GrantLineRow {
    /// Number in the order of the request, starting at 1.
    number: i32,
    /// Host application's ID of the user.
    user_id: ID,
    /// Text that the user sees as the target of the award.
    label: String,
    /// Amount of the award.
    amount: Decimal,
    /// Host application's coin ID.
    coin_id: String,
    /// Seconds from the award to its settlement.
    hold_seconds: i64,
    /// Award ID, such as `award_22`; null unless the award was made.
    award_id: Option<ID>,
}

impl From<GrantLineRecord> for GrantLineRow {
    fn from(line: GrantLineRecord) -> Self {
        Self {
            number: line.line,
            user_id: id_of(UserId(line.user_id)),
            label: line.label,
            amount: Decimal(line.amount),
            coin_id: line.coin_id,
            hold_seconds: line.hold_seconds,
            award_id: line.award_id.map(|award| ID(NodeId::Award(AwardId(award)).to_string())),
        }
    }
}

//! Lists that may be long: invitees of a user, places of a reservation campaign, claims of a word campaign.

use async_graphql::{Context, ID, Object, Result, SimpleObject};

use super::context::AdminContext;
use super::invite_conditions::Qualification;
use super::user_id::{id_of, user_id};
use crate::domain::api_key::Scope;
use crate::domain::id::{AwardId, NodeId, UserId};
use crate::domain::qualification::{InviteParty, overall_state};
use crate::graphql::NullableField;
use crate::graphql::award_kinds::{AwardStatus, InviteeState};
use crate::graphql::errors::bad_user_input;
use crate::graphql::scalars::{DateTime, Decimal};
use crate::loaders::ops::{InviteeRecord, ReservedPlaceRecord, WordClaimRecord};

/// Maximum number of rows in a page of these lists.
const MAX_PAGE: i32 = 1_000;

#[derive(Default)]
pub(super) struct ListQueries;

#[Object]
impl ListQueries {
    /// Returns the users who bound a user's invitation code, in the order of their bindings, with the award that the
    /// inviter received, and their progress under rules with conditions. Needs OPS_READ.
    #[graphql(complexity = "5 + 20 * child_complexity")]
    async fn invitees(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Host application's ID of the inviter.")] user_id: ID,
        #[graphql(desc = "Number of rows to return, at most 1,000.", default = 100)] first: i32,
        #[graphql(desc = "Only rows after this user; for paging, the last user ID of the previous page.")]
        after: Option<ID>,
    ) -> NullableField<Vec<Invitee>> {
        let found = async {
            let context = AdminContext::allowing(ctx, Scope::OpsRead)?;
            let after = after.as_ref().map(self::user_id).transpose()?;
            let invitees = context
                .ops
                .invitees(self::user_id(&user_id)?, after, page(first)?, context.moment.day)
                .await?;
            Ok(invitees.into_iter().map(Invitee::from).collect())
        };
        Some(found.await)
    }

    /// Returns the active places of a reservation campaign, by user, with their rewards. Needs OPS_READ.
    #[graphql(complexity = "5 + 20 * child_complexity")]
    async fn reservation_places(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Key of the campaign.")] key: String,
        #[graphql(desc = "Number of rows to return, at most 1,000.", default = 100)] first: i32,
        #[graphql(desc = "Only rows after this user; for paging, the last user ID of the previous page.")]
        after: Option<ID>,
    ) -> NullableField<Vec<ReservedPlace>> {
        let found = async {
            let context = AdminContext::allowing(ctx, Scope::OpsRead)?;
            let after = after.as_ref().map(user_id).transpose()?.unwrap_or(UserId(0));
            let places = context.ops.reserved_places(&key, after, page(first)?).await?;
            Ok(places.into_iter().map(ReservedPlace::from).collect())
        };
        Some(found.await)
    }

    /// Returns the claims of a word campaign, in their order. Needs OPS_READ.
    #[graphql(complexity = "5 + 20 * child_complexity")]
    async fn word_claims(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Campaign ID, such as `word_7`.")] id: ID,
        #[graphql(desc = "Number of rows to return, at most 1,000.", default = 100)] first: i32,
        #[graphql(
            desc = "Only rows after this number; for paging, the last number of the previous page.",
            default = 0
        )]
        after: i32,
    ) -> NullableField<Vec<ClaimedShare>> {
        let found = async {
            let context = AdminContext::allowing(ctx, Scope::OpsRead)?;
            let digits = id.strip_prefix("word_").unwrap_or(&id);
            let campaign = digits.parse().ok().filter(|number| *number > 0);
            let campaign = campaign
                .ok_or_else(|| bad_user_input(format!("{:?} is not a campaign ID such as word_7.", id.as_str())))?;
            let claims = context.ops.word_claims(campaign, after, page(first)?).await?;
            Ok(claims.into_iter().map(ClaimedShare::from).collect())
        };
        Some(found.await)
    }
}

fn page(first: i32) -> Result<i64> {
    match (0..=MAX_PAGE).contains(&first) {
        true => Ok(first.into()),
        false => Err(bad_user_input(format!("first must be between 0 and {MAX_PAGE}."))),
    }
}

fn award_id(award: i64) -> ID {
    ID(NodeId::Award(AwardId(award)).to_string())
}

/// A user who bound an invitation code.
#[derive(SimpleObject)]
struct Invitee {
    /// Host application's ID of the user.
    user_id: ID,
    /// Time of the binding.
    bound_at: DateTime,
    /// State under the rules with conditions that pay the inviter: PENDING while one can still be met, otherwise the best
    /// of their states; null if there were none at the binding.
    state: Option<InviteeState>,
    /// Progress under each rule with conditions, by item.
    qualifications: Vec<Qualification>,
    /// ID of the inviter's award of the item `invite_friend`; null if there is none, such as beyond the daily limit or before
    /// the invitee qualifies.
    award_id: Option<ID>,
    /// Settlement status of the award.
    award_status: Option<AwardStatus>,
    /// Amount of the award.
    amount: Option<Decimal>,
    /// Host application's coin ID of the award.
    coin_id: Option<String>,
}

impl From<InviteeRecord> for Invitee {
    fn from(record: InviteeRecord) -> Self {
        let mut for_inviter = record.qualifications.clone();
        for_inviter.retain(|qualification| qualification.pays == InviteParty::Inviter);
        Self {
            state: overall_state(&for_inviter).map(InviteeState::from),
            qualifications: record.qualifications.into_iter().map(Qualification::from).collect(),
            user_id: id_of(UserId(record.user_id)),
            bound_at: DateTime(record.bound_at),
            award_id: record.award_id.map(award_id),
            award_status: record.status.map(AwardStatus::from),
            amount: record.amount.map(Decimal),
            coin_id: record.coin_id,
        }
    }
}

/// An active place of a reservation campaign.
#[derive(SimpleObject)]
struct ReservedPlace {
    /// Host application's ID of the user.
    user_id: ID,
    /// Time of the reservation.
    reserved_at: DateTime,
    /// ID of the reward; null until it is paid.
    award_id: Option<ID>,
    /// Settlement status of the reward.
    award_status: Option<AwardStatus>,
}

impl From<ReservedPlaceRecord> for ReservedPlace {
    fn from(record: ReservedPlaceRecord) -> Self {
        Self {
            user_id: id_of(UserId(record.user_id)),
            reserved_at: DateTime(record.reserved_at),
            award_id: record.award_id.map(award_id),
            award_status: record.status.map(AwardStatus::from),
        }
    }
}

/// A claimed share of a word campaign.
#[derive(SimpleObject)]
struct ClaimedShare {
    /// Number of the claim, starting at 1.
    number: i32,
    /// Number of the share in the draw, starting at 1.
    place: i32,
    /// Host application's ID of the user.
    user_id: ID,
    /// Amount of the share.
    amount: Decimal,
    /// Award ID, such as `award_22`.
    award_id: ID,
    /// Settlement status of the award.
    award_status: AwardStatus,
    /// Time of the claim.
    claimed_at: DateTime,
}

impl From<WordClaimRecord> for ClaimedShare {
    fn from(record: WordClaimRecord) -> Self {
        Self {
            number: record.number,
            place: record.place,
            user_id: id_of(UserId(record.user_id)),
            amount: Decimal(record.amount),
            award_id: award_id(record.award_id),
            award_status: record.status.into(),
            claimed_at: DateTime(record.claimed_at),
        }
    }
}

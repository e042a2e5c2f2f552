//! Invitation of a user.

use async_graphql::parser::types::Field;
use async_graphql::{ComplexObject, Context, ID, Result, SimpleObject};

use super::flat::{FlatObject, Json};
use super::offers::{InvitationOffer, offers};
use super::qualification::{ChildStates, InvitationProgress};
use crate::domain::award::AwardType;
use crate::domain::id::NodeId;
use crate::domain::invitation as domain;
use crate::domain::qualification::InviteParty;
use crate::graphql::paging::list_cost;
use crate::graphql::scalars::DateTime;
use crate::graphql::{NullableField, RequestContext};
use crate::loaders::Part;
use crate::loaders::me::qualifications::{ReadBindableUntil, ReadChildStates, ReadQualifications};

/// Invitation of the user: their own code, and the code they bound.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(super) struct Invitation {
    /// Code that the user gives to others, at most 12 characters.
    code: String,
    /// Level of the user, 0 or 1: 0 until an inviter is bound, then 1, unless set otherwise by an operator.
    class: i32,
    /// ID of the inviter whose code was bound, such as `user_9`; null if none is bound.
    parent_id: Option<ID>,
    /// Code that was bound, as spelled by its owner; null if none is bound.
    parent_code: Option<String>,
    /// Time at which the code was bound; null if none is bound.
    bound_at: Option<DateTime>,
}

#[ComplexObject]
impl Invitation {
    /// Awards for invitations: what is offered to inviters and to the users who bind a code, with the conditions.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn offers(&self, ctx: &Context<'_>) -> NullableField<Vec<InvitationOffer>> {
        let context = RequestContext::of(ctx);
        let found = offers(ctx, AwardType::Invite).await;
        Some(found.map(|offers| {
            let shown = offers.into_iter().map(|offer| InvitationOffer::new(offer, context));
            shown.collect()
        }))
    }

    /// Time until which binding a code can earn an award; afterwards a code can still be bound, without an award. Null if
    /// there is no limit or no open offer, or an inviter is bound.
    async fn bindable_until(&self, ctx: &Context<'_>) -> NullableField<DateTime> {
        let at = RequestContext::of(ctx).moment.at;
        let until = read(ctx, ReadBindableUntil { at }).await;
        until.map(|until| until.map(DateTime)).transpose()
    }

    /// Progress of the user toward each offer with conditions that pays the user for their own binding, by item, in the
    /// version of the offer at the binding. Empty without an inviter.
    #[graphql(complexity = "1 + 2 * child_complexity")]
    async fn progress(&self, ctx: &Context<'_>) -> NullableField<Vec<InvitationProgress>> {
        let today = RequestContext::of(ctx).moment.day;
        let pays = InviteParty::Invitee;
        let found = read(ctx, ReadQualifications { pays, today }).await;
        Some(found.map(|found| found.into_iter().map(InvitationProgress::from).collect()))
    }

    /// Number of the user's children in each state, under the offers with conditions that pay the user.
    #[graphql(complexity = "5 + child_complexity")]
    async fn child_states(&self, ctx: &Context<'_>) -> NullableField<ChildStates> {
        let today = RequestContext::of(ctx).moment.day;
        Some(read(ctx, ReadChildStates { today }).await.map(ChildStates::from))
    }
}

/// Reads a part of the viewer's data.
async fn read<P: Part>(ctx: &Context<'_>, part: P) -> Result<P::Value> {
    let context = RequestContext::of(ctx);
    let user = context.require_viewer().await?;
    Ok(context.state.reads.read(user, part).await?)
}

impl From<domain::Invitation> for Invitation {
    fn from(invitation: domain::Invitation) -> Self {
        let parent = invitation.parent.as_ref();
        Self {
            parent_id: parent.map(|parent| ID(NodeId::User(parent.user_id).to_string())),
            bound_at: parent.map(|parent| DateTime(parent.bound_at)),
            class: invitation.class.into(),
            parent_code: invitation.parent.map(|parent| parent.code),
            code: invitation.code,
        }
    }
}

impl FlatObject for domain::Invitation {
    type Derived = Invitation;

    fn write(&self, field: &Field, json: &mut Json) -> Option<()> {
        let parent = self.parent.as_ref();
        match field.name.node.as_str() {
            "code" => json.text(&self.code),
            "class" => json.number(self.class.into()),
            "parentId" => json.optional(parent, |json, parent| json.display(NodeId::User(parent.user_id))),
            "parentCode" => json.optional(parent, |json, parent| json.text(&parent.code)),
            "boundAt" => json.optional(parent, |json, parent| json.time(parent.bound_at)),
            _ => return None,
        }
        Some(())
    }
}

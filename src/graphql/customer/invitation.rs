//! Invitation of a user.

use async_graphql::parser::types::Field;
use async_graphql::{ComplexObject, Context, ID, SimpleObject};

use super::flat::{FlatObject, Json};
use super::offers::{InvitationOffer, offers};
use crate::domain::award::AwardType;
use crate::domain::id::NodeId;
use crate::domain::invitation as domain;
use crate::graphql::paging::list_cost;
use crate::graphql::scalars::DateTime;
use crate::graphql::{NullableField, RequestContext};

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
    /// Awards for users who bind the code.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn offers(&self, ctx: &Context<'_>) -> NullableField<Vec<InvitationOffer>> {
        let context = RequestContext::of(ctx);
        let found = offers(ctx, AwardType::Invite).await;
        Some(found.map(|offers| {
            let shown = offers.into_iter().map(|offer| InvitationOffer::new(offer, context));
            shown.collect()
        }))
    }
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

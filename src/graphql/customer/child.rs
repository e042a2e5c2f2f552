//! A user as shown to their inviter.

use async_graphql::parser::types::Field;
use async_graphql::{ComplexObject, Context, ID, SimpleObject};

use super::flat::{FlatObject, Json};
use super::qualification::{InvitationProgress, InviteeState};
use crate::domain::id::{NodeId, UserId};
use crate::domain::qualification::{InviteParty, Qualification, overall_state};
use crate::graphql::scalars::DateTime;
use crate::graphql::{NullableField, RequestContext};
use crate::loaders as stored;
use crate::loaders::ServiceError;
use crate::loaders::me::qualifications::ReadQualifications;

/// A user who bound the viewer's invitation code, limited to the data that an inviter may see.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(super) struct Child {
    /// Child ID, such as `child_9`. It is not the user ID, which would give access to more than an inviter may see.
    pub id: ID,
    /// Name reported by the host application; null if there is none. The legacy `user_name`.
    name: Option<String>,
    /// Portrait address reported by the host application; null if there is none.
    portrait_uri: Option<String>,
    /// Time at which the child bound the viewer's code.
    bound_at: DateTime,
    #[graphql(skip)]
    user: UserId,
    #[graphql(skip)]
    children_count: Option<i64>,
    #[graphql(skip)]
    qualifications: Option<Vec<Qualification>>,
}

#[ComplexObject]
impl Child {
    /// Number of users who bound the child's own code.
    async fn children_count(&self, ctx: &Context<'_>) -> NullableField<i64> {
        let context = RequestContext::of(ctx);
        Some(match self.children_count {
            Some(count) => Ok(count),
            None => context.loaders().children_total(self.user).await.map_err(Into::into),
        })
    }

    /// State of the child under the offers with conditions that pay the viewer: PENDING while one of them can still be
    /// met, otherwise the best of their states. Null if the binding had no such offer.
    async fn state(&self, ctx: &Context<'_>) -> NullableField<InviteeState> {
        let found = self.qualifications(ctx).await;
        let state = found.map(|found| overall_state(&found).map(InviteeState::from));
        state.map_err(Into::into).transpose()
    }

    /// Progress of the child toward each offer with conditions that pays the viewer, by item, in the version of the offer
    /// at the binding.
    #[graphql(complexity = "1 + 2 * child_complexity")]
    async fn progress(&self, ctx: &Context<'_>) -> NullableField<Vec<InvitationProgress>> {
        let found = self.qualifications(ctx).await;
        let shown = found.map(|found| found.into_iter().map(InvitationProgress::from).collect());
        Some(shown.map_err(Into::into))
    }
}

impl Child {
    async fn qualifications(&self, ctx: &Context<'_>) -> Result<Vec<Qualification>, ServiceError> {
        if let Some(found) = &self.qualifications {
            return Ok(found.clone());
        }
        let context = RequestContext::of(ctx);
        let read = ReadQualifications {
            pays: InviteParty::Inviter,
            today: context.moment.day,
        };
        context.state.reads.read(self.user, read).await
    }
}

impl From<stored::Child> for Child {
    fn from(child: stored::Child) -> Self {
        Self {
            id: ID(NodeId::Child(child.user_id).to_string()),
            name: child.name,
            portrait_uri: child.portrait_uri,
            bound_at: DateTime(child.bound_at),
            user: child.user_id,
            children_count: child.children_count,
            qualifications: child.qualifications,
        }
    }
}

impl FlatObject for stored::Child {
    type Derived = Child;

    fn write(&self, field: &Field, json: &mut Json) -> Option<()> {
        match field.name.node.as_str() {
            "id" => json.display(NodeId::Child(self.user_id)),
            "name" => json.optional(self.name.as_deref(), Json::text),
            "portraitUri" => json.optional(self.portrait_uri.as_deref(), Json::text),
            "boundAt" => json.time(self.bound_at),
            "childrenCount" => json.number(self.children_count?),
            "state" => json.optional(overall_state(self.qualifications.as_deref()?), |json, state| {
                json.name_of(InviteeState::from(state));
            }),
            _ => return None,
        }
        Some(())
    }
}

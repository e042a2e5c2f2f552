//! A user as shown to their inviter.

use async_graphql::parser::types::Field;
use async_graphql::{ComplexObject, Context, ID, SimpleObject};

use super::flat::{FlatObject, Json};
use crate::domain::id::{NodeId, UserId};
use crate::graphql::scalars::DateTime;
use crate::graphql::{NullableField, RequestContext};
use crate::loaders as stored;

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
            _ => return None,
        }
        Some(())
    }
}

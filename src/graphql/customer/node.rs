//! Lookup of objects by ID.

use async_graphql::{ID, Interface};

use super::award::Award;
use super::child::Child;
use super::me::Customer;
use crate::domain::id::NodeId;
use crate::graphql::loaders::Reachable;
use crate::graphql::{NullableField, RequestContext};

/// An object that can be fetched again by its ID.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "&ID", desc = "Globally unique ID, such as `award_22`."))]
pub(super) enum Node {
    Customer(Customer),
    Child(Child),
    Award(Award),
}

/// Returns the object with this ID if the viewer can reach it from `me`: the viewer, their awards and their children.
pub(super) async fn reach(context: &RequestContext, id: &ID) -> NullableField<Node> {
    let id = NodeId::parse(id)?;
    let viewer = match context.viewer().await {
        Ok(viewer) => viewer?,
        Err(error) => return Some(Err(error)),
    };
    if let NodeId::User(user) = id {
        return (user == viewer).then(|| Ok(Node::Customer(Customer::new(user))));
    }
    match context.loaders().reachable(viewer, id).await {
        Ok(found) => found.map(|found| {
            Ok(match found {
                Reachable::Award(award) => Node::Award(award.into()),
                Reachable::Child(child) => Node::Child(child.into()),
            })
        }),
        Err(error) => Some(Err(error.into())),
    }
}

//! A user's invitation.

use async_graphql::{ID, SimpleObject};

use crate::domain::id::NodeId;
use crate::domain::invitation as domain;
use crate::graphql::scalars::DateTime;

/// The user's invitation: the code they give to others, and whose code they bound.
#[derive(SimpleObject)]
pub(super) struct Invitation {
    /// The code that the user gives to others, at most 12 characters.
    code: String,
    /// The user's level, 0 or 1: 0 until a parent is bound, then 1, unless the operators said otherwise.
    class: i32,
    /// The id of the user whose code was bound, such as `user_9`; null while none is.
    parent_id: Option<ID>,
    /// The code that was bound, as its owner has it; null while none is.
    parent_code: Option<String>,
    /// When the parent's code was bound; null while none is.
    bound_at: Option<DateTime>,
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

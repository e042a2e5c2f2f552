//! Checks before binding an invitation code, shared by binding and preview.

use crate::store::bounded::PgConnection;

use super::ServiceError;
use crate::domain::id::UserId;
use crate::domain::invitation::{Invitation, InvitationRejection};
use crate::store::invitations;

/// Relation of a user to the owner of a code, before any binding.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Standing {
    Refused(InvitationRejection),
    /// The owner is already the user's parent; contains the user's own invitation.
    Bound(Invitation),
    /// The user has no parent; it remains to be checked that the owner is not a descendant, see [`is_descendant`].
    Unbound,
}

/// Returns the relation of a user to the owner of a code. Takes no lock.
pub(super) async fn standing(
    connection: &mut PgConnection,
    user: UserId,
    parent: &Invitation,
) -> Result<Standing, ServiceError> {
    if parent.user_id == user {
        return Ok(Standing::Refused(InvitationRejection::CodeOwn));
    }
    let invitation = invitations::find(&mut *connection, user)
        .await?
        .ok_or(ServiceError::InconsistentData("a user has no invitation row"))?;
    Ok(match &invitation.parent {
        None => Standing::Unbound,
        Some(bound) if bound.user_id == parent.user_id => Standing::Bound(invitation),
        Some(_) => Standing::Refused(InvitationRejection::AlreadySet),
    })
}

/// Returns true if the owner of a code is a descendant of the user, so that binding it would create a cycle. The result
/// is stable only under [`invitations::lock_binding`].
pub(super) async fn is_descendant(
    connection: &mut PgConnection,
    user: UserId,
    parent: &Invitation,
) -> Result<bool, ServiceError> {
    Ok(invitations::is_self_or_ancestor(connection, user, parent.user_id).await?)
}

//! What stands against binding a code: the same for who binds it and for who only looks.

use crate::store::bounded::PgConnection;

use super::ServiceError;
use crate::domain::id::UserId;
use crate::domain::invitation::{Invitation, InvitationRejection};
use crate::store::invitations;

/// How a user stands towards the owner of a code, as long as nobody binds anything.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Standing {
    Refused(InvitationRejection),
    /// This very parent is bound: the user's own invitation.
    Bound(Invitation),
    /// Nothing is bound yet; whether the parent is a descendant is still to be asked, see [`is_descendant`].
    Unbound,
}

/// How a user stands towards the owner of a code. Takes no lock.
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
        .ok_or(ServiceError::InconsistentData("a user without an invitation row"))?;
    Ok(match &invitation.parent {
        None => Standing::Unbound,
        Some(bound) if bound.user_id == parent.user_id => Standing::Bound(invitation),
        Some(_) => Standing::Refused(InvitationRejection::AlreadySet),
    })
}

/// Whether the owner of a code stands below the user, so that binding it would close a circle. Only final under
/// [`invitations::lock_binding`].
pub(super) async fn is_descendant(
    connection: &mut PgConnection,
    user: UserId,
    parent: &Invitation,
) -> Result<bool, ServiceError> {
    Ok(invitations::is_self_or_ancestor(connection, user, parent.user_id).await?)
}

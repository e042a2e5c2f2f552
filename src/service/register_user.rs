//! Registering one new user, without changing existing users.

use crate::store::bounded::PgPool;

use super::register_users::{Existing, register_users};
use super::{Failure, ServiceError};
use crate::domain::audit::Author;
use crate::domain::invitation::Invitation;
use crate::domain::user::{UserRejection, UserReport};
use crate::store::invitations;
use crate::store::transaction::retrying_idempotent;

/// Registers a user with the given code, or else a random one.
///
/// # Errors
/// If the request is rejected, or the database fails.
pub async fn register_user(
    pool: &PgPool,
    user: &UserReport,
    author: &Author,
) -> Result<Invitation, Failure<UserRejection>> {
    let outcomes = register_users(pool, std::slice::from_ref(user), Existing::Refuse, author).await?;
    if let Some(Err(refusal)) = outcomes.first() {
        return Err((*refusal).into());
    }
    let invitation = retrying_idempotent!(invitations::find(pool, user.user_id))?;
    Ok(invitation.ok_or(ServiceError::InconsistentData("a user has no invitation row"))?)
}

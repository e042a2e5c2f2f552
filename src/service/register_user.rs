//! Registering one new user: nothing is changed of who is there.

use crate::store::bounded::PgPool;

use super::ServiceError;
use super::register_users::{Existing, register_users};
use crate::domain::audit::Author;
use crate::domain::invitation::Invitation;
use crate::domain::user::{UserRejection, UserReport};
use crate::store::invitations;
use crate::store::transaction::retrying_idempotent;

/// Registers a user with the code given, or else a random one.
pub async fn register_user(
    pool: &PgPool,
    user: &UserReport,
    author: &Author,
) -> Result<Result<Invitation, UserRejection>, ServiceError> {
    let outcomes = register_users(pool, std::slice::from_ref(user), Existing::Refuse, author).await?;
    if let Some(Err(refusal)) = outcomes.first() {
        return Ok(Err(*refusal));
    }
    let invitation = retrying_idempotent!(invitations::find(pool, user.user_id))?;
    Ok(Ok(invitation.ok_or(ServiceError::InconsistentData(
        "a user without an invitation row",
    ))?))
}

//! Preview of the owner of an invitation code before the user's only binding. Attempts are limited to prevent guessing.

use crate::store::bounded::{PgConnection, PgPool};

use super::ServiceError;
use super::invitation_checks::{Standing, is_descendant, standing};
use crate::domain::business_day::BusinessTime;
use crate::domain::id::UserId;
use crate::domain::invitation::{InvitationRejection, normalise_code};
use crate::domain::tries::{LimitedAction, TriesRejection};
use crate::store::me::profile::{self, Profile};
use crate::store::transaction::retrying;
use crate::store::{invitations, tries};

/// Result of a preview.
#[derive(Clone, Debug, PartialEq)]
pub enum Preview {
    /// No user has the code.
    Unknown,
    Known {
        inviter: Profile,
        binding: Binding,
    },
    /// The user made too many attempts; the code was not looked up.
    TooManyTries(TriesRejection),
}

/// Effect that binding the code would have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    Possible,
    /// The owner is already bound: binding again would succeed and change nothing.
    Done,
    Refused(InvitationRejection),
}

/// Returns the owner of `code` for the user, without binding it. Every call counts as an attempt, regardless of its
/// result.
///
/// # Errors
/// If the database fails, or the user's rows contradict each other.
pub async fn preview_invitation(
    pool: &PgPool,
    user: UserId,
    code: &str,
    moment: BusinessTime,
) -> Result<Preview, ServiceError> {
    // Check without a lock first: repeated requests of a locked-out user must not hold a connection.
    if let Some(until) = tries::locked_until(pool, user, LimitedAction::PreviewInvitation, moment.at).await? {
        return Ok(Preview::TooManyTries(TriesRejection::until(until, moment.at)));
    }
    let code = normalise_code(code);
    retrying!(look_in_transaction(pool, user, code.as_deref(), moment))
}

async fn look_in_transaction(
    pool: &PgPool,
    user: UserId,
    normalised_code: Option<&str>,
    moment: BusinessTime,
) -> Result<Preview, ServiceError> {
    let action = LimitedAction::PreviewInvitation;
    let mut transaction = pool.begin().await?;
    let before = tries::lock(&mut transaction, user, action, moment.at).await?;
    if let Some(until) = before.locked_until(moment.at) {
        return Ok(Preview::TooManyTries(TriesRejection::until(until, moment.at)));
    }
    let after = before.count_one(&action.limit(), moment.at);
    tries::save(&mut transaction, user, action, &after).await?;
    let preview = match normalised_code {
        Some(code) => look(&mut transaction, user, code).await?,
        None => Preview::Unknown,
    };
    transaction.commit().await?;
    Ok(preview)
}

async fn look(connection: &mut PgConnection, user: UserId, normalised_code: &str) -> Result<Preview, ServiceError> {
    let Some(parent) = invitations::find_by_code(&mut *connection, normalised_code).await? else {
        return Ok(Preview::Unknown);
    };
    let inviter = profile::find(&mut *connection, parent.user_id)
        .await?
        .ok_or(ServiceError::InconsistentData("an invitation has no user"))?;
    let binding = match standing(connection, user, &parent).await? {
        Standing::Refused(refusal) => Binding::Refused(refusal),
        Standing::Bound(_) => Binding::Done,
        Standing::Unbound if is_descendant(connection, user, &parent).await? => {
            Binding::Refused(InvitationRejection::CodeDescendant)
        }
        Standing::Unbound => Binding::Possible,
    };
    Ok(Preview::Known { inviter, binding })
}

//! Binding another user's invitation code: once, and never in a circle.

use crate::store::bounded::{PgConnection, PgPool};

use super::ServiceError;
use super::invitation_checks::{Standing, is_descendant, standing};
use crate::domain::business_day::Moment;
use crate::domain::id::UserId;
use crate::domain::invitation::{Invitation, InvitationRefusal, normalise_code};
use crate::store::awards::{self, NewAward};
use crate::store::invitations;
use crate::store::rules;
use crate::store::transaction::retrying;

/// The rule item that pays an inviter.
const INVITE_ITEM: &str = "invite_friend";

/// Binds the owner of `code` as the user's parent and pays the parent by the rule `invite_friend`, if it is open.
/// The same parent again is a success that changes nothing.
pub async fn set_invitation(
    pool: &PgPool,
    user: UserId,
    code: &str,
    moment: Moment,
) -> Result<Result<Invitation, InvitationRefusal>, ServiceError> {
    let Some(code) = normalise_code(code) else {
        return Ok(Err(InvitationRefusal::CodeUnknown));
    };
    retrying!(bind_in_transaction(pool, user, &code, moment))
}

async fn bind_in_transaction(
    pool: &PgPool,
    user: UserId,
    normalised_code: &str,
    moment: Moment,
) -> Result<Result<Invitation, InvitationRefusal>, ServiceError> {
    let mut transaction = pool.begin().await?;
    let answer = bind(&mut transaction, user, normalised_code, moment).await?;
    transaction.commit().await?;
    Ok(answer)
}

async fn bind(
    transaction: &mut PgConnection,
    user: UserId,
    normalised_code: &str,
    moment: Moment,
) -> Result<Result<Invitation, InvitationRefusal>, ServiceError> {
    let Some(parent) = invitations::find_by_code(&mut *transaction, normalised_code).await? else {
        return Ok(Err(InvitationRefusal::CodeUnknown));
    };
    // Bound users, who may knock for ever, never take the lock that all bindings wait for.
    if let Some(answer) = answer_unless_unbound(standing(transaction, user, &parent).await?) {
        return Ok(answer);
    }
    invitations::lock_binding(transaction).await?;
    if is_descendant(transaction, user, &parent).await? {
        return Ok(Err(InvitationRefusal::CodeDescendant));
    }
    match invitations::bind_parent(transaction, user, &parent, moment.at).await? {
        Some(invitation) => {
            pay_inviter(transaction, parent.user_id, user, moment).await?;
            Ok(Ok(invitation))
        }
        // Bound by another request while this one waited for the lock.
        None => answer_unless_unbound(standing(transaction, user, &parent).await?).ok_or(ServiceError::Contradiction(
            "a binding that was refused although nothing is bound",
        )),
    }
}

fn answer_unless_unbound(standing: Standing) -> Option<Result<Invitation, InvitationRefusal>> {
    match standing {
        Standing::Refused(refusal) => Some(Err(refusal)),
        Standing::Bound(invitation) => Some(Ok(invitation)),
        Standing::Unbound => None,
    }
}

/// Beyond the day's cap the binding stands and pays nothing.
async fn pay_inviter(
    transaction: &mut PgConnection,
    inviter: UserId,
    child: UserId,
    moment: Moment,
) -> Result<(), ServiceError> {
    let Some(rule) = rules::current_rule(&mut *transaction, INVITE_ITEM)
        .await?
        .filter(|rule| rule.is_open(moment.at))
    else {
        return Ok(());
    };
    if awards::count_within_limit(transaction, inviter, moment.day, &rule).await? {
        let child = child.0.to_string();
        awards::insert(
            &mut *transaction,
            NewAward {
                user_id: inviter,
                rule: &rule,
                source_key: &child,
                target_id: Some(&child),
                moment,
                recorded_by: None,
            },
        )
        .await?
        .ok_or(ServiceError::Contradiction(
            "an inviter paid before for a child that was not bound",
        ))?;
    }
    Ok(())
}

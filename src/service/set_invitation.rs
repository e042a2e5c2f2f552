//! Binding another user's invitation code: once, and without cycles.

use crate::store::bounded::{PgConnection, PgPool};
use chrono::{DateTime, Utc};

use super::invitation_checks::{Standing, is_descendant, standing};
use super::{Applied, Failure, ServiceError};
use crate::domain::business_day::BusinessTime;
use crate::domain::id::UserId;
use crate::domain::invitation::{Invitation, InvitationRejection, normalise_code};
use crate::domain::tries::{LimitedAction, Tries, TriesRejection};
use crate::store::award_changes::notify_later;
use crate::store::invitations::{self, InvitationPayment};
use crate::store::transaction::retrying_idempotent;
use crate::store::tries;

/// Binding attempts share the limit of previews, since both reveal if a code exists.
const ATTEMPTS: LimitedAction = LimitedAction::PreviewInvitation;

/// Binds the owner of `code` as the user's parent and applies the open INVITE rules: those without conditions pay now,
/// the others once the user qualifies. Binding the same parent again succeeds and changes nothing.
///
/// A code that cannot be bound counts as an attempt; beyond the limit no code is looked up. A user who is already bound
/// learns nothing about other codes, so their attempts are not counted.
///
/// # Errors
/// If the binding is rejected, the database fails, or the user's rows contradict each other.
pub async fn set_invitation(
    pool: &PgPool,
    user: UserId,
    code: &str,
    moment: BusinessTime,
) -> Result<Invitation, Failure<InvitationRejection>> {
    let code = normalise_code(code);
    let own = retrying_idempotent!(invitations::find(pool, user))?
        .ok_or(ServiceError::InconsistentData("a user has no invitation row"))?;
    if let Some(answer) = answer_if_bound(own, code.as_deref()) {
        return Ok(answer?);
    }
    // Check without a transaction first: requests of a locked-out user must not hold a row or a connection.
    if let Some(until) = retrying_idempotent!(tries::locked_until(pool, user, ATTEMPTS, moment.at))? {
        return Err(InvitationRejection::from(TriesRejection::until(until, moment.at)).into());
    }
    let binding = Binding {
        user,
        normalised_code: code.as_deref(),
        moment,
        entered_at: moment.at,
        recorded_by: None,
    };
    let mut counted = None;
    retrying_idempotent!(bind_in_transaction(pool, binding, &mut counted))
}

/// A code that a user enters.
#[derive(Clone, Copy, Debug)]
struct Binding<'a> {
    user: UserId,
    /// `None` if no user can have the code.
    normalised_code: Option<&'a str>,
    /// Time of the binding, and the business day of the inviter's award.
    moment: BusinessTime,
    /// Time at which the code was entered, when the rule must be open.
    entered_at: DateTime<Utc>,
    /// API key that acts for the user; `None` if the user acts.
    recorded_by: Option<&'a str>,
}

/// Binds a code that the user entered elsewhere at `entered_at`, in a transaction which the caller commits also after a
/// rejection: a wrong code is counted. `changed` is false if the same parent was bound before.
///
/// # Errors
/// Those of [`set_invitation`].
pub(super) async fn bind_reported(
    transaction: &mut PgConnection,
    user: UserId,
    code: &str,
    moment: BusinessTime,
    entered_at: DateTime<Utc>,
    recorded_by: &str,
) -> Result<Applied<Invitation>, Failure<InvitationRejection>> {
    let code = normalise_code(code);
    let own = invitations::find(&mut *transaction, user)
        .await?
        .ok_or(ServiceError::InconsistentData("a user has no invitation row"))?;
    if let Some(answer) = answer_if_bound(own, code.as_deref()) {
        return Ok(Applied::before(answer?));
    }
    let binding = Binding {
        user,
        normalised_code: code.as_deref(),
        moment,
        entered_at,
        recorded_by: Some(recorded_by),
    };
    Ok(Applied::now(bind_or_count(transaction, binding, &mut None).await?))
}

/// Returns the result for a user who is already bound, from their own row only; `None` if the user is not bound.
fn answer_if_bound(own: Invitation, normalised_code: Option<&str>) -> Option<Result<Invitation, InvitationRejection>> {
    let parent = own.parent.as_ref()?;
    let is = |code: &str| normalised_code.is_some() && normalise_code(code).as_deref() == normalised_code;
    Some(if is(&parent.code) {
        Ok(own)
    } else if is(&own.code) {
        Err(InvitationRejection::CodeOwn)
    } else {
        Err(InvitationRejection::AlreadySet)
    })
}

/// Binds in one transaction. `counted` carries the user's recorded tries from one attempt to the next.
async fn bind_in_transaction(
    pool: &PgPool,
    binding: Binding<'_>,
    counted: &mut Option<Tries>,
) -> Result<Invitation, Failure<InvitationRejection>> {
    let mut transaction = pool.begin().await?;
    let answer = bind_or_count(&mut transaction, binding, counted).await;
    if !matches!(answer, Err(Failure::Failed(_))) {
        transaction.commit().await?;
    }
    if answer.is_ok() {
        notify_later(pool);
    }
    answer
}

async fn bind_or_count(
    transaction: &mut PgConnection,
    binding: Binding<'_>,
    counted: &mut Option<Tries>,
) -> Result<Invitation, Failure<InvitationRejection>> {
    let Binding { user, moment, .. } = binding;
    // The recorded tries are locked first, so that concurrent attempts are counted in sequence.
    let so_far = tries::lock(&mut *transaction, user, ATTEMPTS, moment.at).await?;
    // Already counted by a committed attempt whose result was lost.
    let is_counted = counted.as_ref().is_some_and(|counted| so_far.is(counted));
    if !is_counted && let Some(until) = so_far.locked_until(moment.at) {
        return Err(InvitationRejection::from(TriesRejection::until(until, moment.at)).into());
    }
    let answer = match binding.normalised_code {
        Some(code) => bind(transaction, binding, code).await,
        None => Err(InvitationRejection::CodeUnknown.into()),
    };
    if let Err(Failure::Rejected(rejection)) = &answer
        && !is_counted
        && reveals_a_code(rejection)
    {
        let count = counted.insert(so_far.count_one(&ATTEMPTS.limit(), moment.at));
        tries::save(transaction, user, ATTEMPTS, count).await?;
    }
    answer
}

/// Returns true if a rejection reveals the existence or non-existence of a code.
fn reveals_a_code(refusal: &InvitationRejection) -> bool {
    match refusal {
        InvitationRejection::CodeUnknown | InvitationRejection::CodeOwn | InvitationRejection::CodeDescendant => true,
        InvitationRejection::AlreadySet | InvitationRejection::Tries(_) => false,
    }
}

async fn bind(
    transaction: &mut PgConnection,
    binding: Binding<'_>,
    normalised_code: &str,
) -> Result<Invitation, Failure<InvitationRejection>> {
    let Binding { user, moment, .. } = binding;
    let Some(parent) = invitations::find_by_code(&mut *transaction, normalised_code).await? else {
        return Err(InvitationRejection::CodeUnknown.into());
    };
    if let Some(answer) = answer_unless_unbound(standing(transaction, user, &parent).await?) {
        return Ok(answer?);
    }
    // Also checked before the lock: a code that can never be bound must not contend for the global binding lock.
    if is_descendant(transaction, user, &parent).await? {
        return Err(InvitationRejection::CodeDescendant.into());
    }
    invitations::lock_binding(transaction).await?;
    if is_descendant(transaction, user, &parent).await? {
        return Err(InvitationRejection::CodeDescendant.into());
    }
    match invitations::bind_parent(transaction, user, &parent, moment.at).await? {
        Some(invitation) => {
            let paying = InvitationPayment {
                invitee: user,
                inviter: parent.user_id,
                moment,
                entered_at: binding.entered_at,
                recorded_by: binding.recorded_by,
            };
            invitations::apply_rules(transaction, paying).await?;
            Ok(invitation)
        }
        // Bound by a concurrent request while this one waited for the lock.
        None => {
            let answer = answer_unless_unbound(standing(transaction, user, &parent).await?);
            Ok(answer.ok_or(ServiceError::InconsistentData(
                "a binding was rejected although no parent is bound",
            ))??)
        }
    }
}

fn answer_unless_unbound(standing: Standing) -> Option<Result<Invitation, InvitationRejection>> {
    match standing {
        Standing::Refused(refusal) => Some(Err(refusal)),
        Standing::Bound(invitation) => Some(Ok(invitation)),
        Standing::Unbound => None,
    }
}

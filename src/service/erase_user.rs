//! Erasing the personal data of a user: name, portrait, invitation code, keys and targets that the host application
//! reported about them, labels of their grants, their copies in the audit log, and session keys.
//!
//! The following is kept under the user ID, because the books must balance: awards, ledger entries and balances,
//! claims, reservations, bindings, and audit log entries without personal data. Also kept: a hash of the invitation
//! code, so that it is not reassigned, and free text given as a reason. An erased user cannot be registered again.

use crate::store::bounded::PgPool;
use serde_json::json;

use super::correct_awards::Mode;
use super::{Failure, random_bytes};
use crate::domain::audit::{Author, Change};
use crate::domain::correction::is_valid_reason;
use crate::domain::id::UserId;
use crate::domain::invitation::code_from_random;
use crate::domain::user::{EraseRejection, UnknownUser};
use crate::store::transaction::retrying;
use crate::store::{audit_log, erasure, sessions};

/// Outcome of erasing a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EraseOutcome {
    Erased(ErasedData),
    /// The user was erased before; nothing was changed.
    AlreadyErased,
}

/// Number of rows that an erasure changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ErasedData {
    /// Session keys that were still valid.
    pub ended_sessions: u64,
    /// Keys of requests about sessions, tasks and acts.
    pub forgotten_requests: u64,
    /// Awards with a target or a key that the host application reported, or with the label of a grant.
    pub redacted_awards: u64,
    /// Users who had bound the invitation code.
    pub redacted_children: u64,
    /// Audit log entries that contained personal data.
    pub redacted_entries: u64,
}

/// Erases a user in one transaction. Idempotent. A dry run makes all changes and rolls them back.
///
/// # Errors
/// If the request is rejected, or the database fails.
pub async fn erase_user(
    pool: &PgPool,
    user: UserId,
    reason: &str,
    author: &Author,
    mode: Mode,
) -> Result<EraseOutcome, Failure<EraseRejection>> {
    if !is_valid_reason(reason) {
        return Err(EraseRejection::ReasonInvalid.into());
    }
    retrying!(erase_in_transaction(pool, user, reason, author, mode))
}

async fn erase_in_transaction(
    pool: &PgPool,
    user: UserId,
    reason: &str,
    author: &Author,
    mode: Mode,
) -> Result<EraseOutcome, Failure<EraseRejection>> {
    let mut transaction = pool.begin().await?;
    match erasure::lock(&mut *transaction, user).await? {
        None => return Err(EraseRejection::from(UnknownUser::Unknown).into()),
        Some(Some(_)) => return Ok(EraseOutcome::AlreadyErased),
        Some(None) => {}
    }
    let ended_sessions = sessions::revoke_all_of(&mut *transaction, user, author.at).await?;
    let forgotten_requests = erasure::forget_requests(&mut transaction, user).await?;
    // First the mark, without which the database refuses the other changes.
    erasure::erase_user(&mut *transaction, user, author.at).await?;
    erasure::end_qualifications(&mut transaction, user, author.at).await?;
    let erased = ErasedData {
        ended_sessions,
        forgotten_requests,
        redacted_children: erasure::retire_code(&mut transaction, user, &code_from_random(random_bytes())).await?,
        redacted_awards: erasure::redact_awards(&mut transaction, user).await?,
        redacted_entries: erasure::redact_audit_log(&mut transaction, user).await?,
    };
    let entry = Change {
        action: "erase_user",
        subject: format!("user:{}", user.0),
        user_id: Some(user),
        reason: Some(reason.trim().to_owned()),
        before: None,
        after: Some(json!({
            "endedSessions": erased.ended_sessions,
            "forgottenRequests": erased.forgotten_requests,
            "redactedAwards": erased.redacted_awards,
            "redactedChildren": erased.redacted_children,
            "redactedEntries": erased.redacted_entries,
        })),
    };
    audit_log::record(&mut transaction, author, &[entry]).await?;
    match mode {
        Mode::Commit => transaction.commit().await?,
        Mode::DryRun => transaction.rollback().await?,
    }
    Ok(EraseOutcome::Erased(erased))
}

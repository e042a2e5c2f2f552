//! Erasing the personal data of a user: name, portrait, their copies in the audit log, session keys, and the use of the
//! invitation code.
//!
//! The following is kept under the user ID, because the books must balance: awards, ledger entries and balances,
//! claims, reservations, bindings, and audit log entries without personal data. Also kept: the invitation code, so that
//! it is not reassigned (it is neither found nor accepted), and free text given as a reason. An erased user cannot be
//! registered again.

use crate::store::bounded::PgPool;
use serde_json::json;

use super::Failure;
use crate::domain::audit::{Author, Change};
use crate::domain::correction::is_valid_reason;
use crate::domain::id::UserId;
use crate::domain::user::{EraseRejection, UnknownUser};
use crate::store::transaction::retrying;
use crate::store::{audit_log, erasure, sessions};

/// Outcome of erasing a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EraseOutcome {
    Erased {
        /// Number of session keys that were still valid.
        ended_sessions: u64,
        /// Number of audit log entries that contained personal data.
        redacted_entries: u64,
    },
    /// The user was erased before; nothing was changed.
    AlreadyErased,
}

/// Erases a user in one transaction. Idempotent.
///
/// # Errors
/// If the request is rejected, or the database fails.
pub async fn erase_user(
    pool: &PgPool,
    user: UserId,
    reason: &str,
    author: &Author,
) -> Result<EraseOutcome, Failure<EraseRejection>> {
    if !is_valid_reason(reason) {
        return Err(EraseRejection::ReasonInvalid.into());
    }
    retrying!(erase_in_transaction(pool, user, reason, author))
}

async fn erase_in_transaction(
    pool: &PgPool,
    user: UserId,
    reason: &str,
    author: &Author,
) -> Result<EraseOutcome, Failure<EraseRejection>> {
    let mut transaction = pool.begin().await?;
    match erasure::lock(&mut *transaction, user).await? {
        None => return Err(EraseRejection::from(UnknownUser::Unknown).into()),
        Some(Some(_)) => return Ok(EraseOutcome::AlreadyErased),
        Some(None) => {}
    }
    let ended_sessions = sessions::revoke_all_of(&mut *transaction, user, author.at).await?;
    erasure::forget_session_requests(&mut *transaction, user).await?;
    erasure::erase_user(&mut *transaction, user, author.at).await?;
    let redacted_entries = erasure::redact_audit_log(&mut transaction, user).await?;
    let erased = Change {
        action: "erase_user",
        subject: format!("user:{}", user.0),
        user_id: Some(user),
        reason: Some(reason.trim().to_owned()),
        before: None,
        after: Some(json!({ "endedSessions": ended_sessions, "redactedEntries": redacted_entries })),
    };
    audit_log::record(&mut transaction, author, &[erased]).await?;
    transaction.commit().await?;
    Ok(EraseOutcome::Erased {
        ended_sessions,
        redacted_entries,
    })
}

//! `newbee user erase`: erasure of personal data.

use anyhow::bail;
use clap::Args;
use serde_json::json;

use crate::cli::common::CommonArgs;
use crate::cli::output;
use crate::config::Problems;
use crate::domain::audit::Author;
use crate::domain::id::UserId;
use crate::domain::user::EraseRejection;
use crate::service::Failure;
use crate::service::erase_user::{EraseOutcome, erase_user};

#[derive(Args, Debug)]
#[command(after_help = "Example:\n  newbee user erase 17 --reason 'request of 2026-11-20'\n\n\
    Removed: name, portrait, their copies in the audit log, and all session keys. The invitation code is no longer accepted.\n\
    Kept under the user ID only: awards, ledger, balances, claims, reservations and bindings. The user cannot be registered\n\
    again. This cannot be undone; repeating it changes nothing. Do not put names into --reason: it is kept.")]
pub struct EraseArgs {
    /// User ID assigned by the host application
    #[arg(value_parser = crate::cli::values::user_id)]
    user_id: i64,
    /// Reason, recorded in the audit log
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    common: CommonArgs,
}

/// Runs `newbee user erase`.
///
/// # Errors
/// The user is unknown, the reason is invalid, the database fails, or standard output cannot be written.
pub async fn run(args: &EraseArgs, problems: Problems, author: &Author) -> anyhow::Result<()> {
    let (pool, _) = args.common.open(problems).await?;
    let erased = match erase_user(&pool, UserId(args.user_id), &args.reason, author).await {
        Ok(EraseOutcome::Erased {
            ended_sessions,
            redacted_entries,
        }) => Some((ended_sessions, redacted_entries)),
        Ok(EraseOutcome::AlreadyErased) => None,
        Err(Failure::Rejected(EraseRejection::User(_))) => bail!("There is no user {}.", args.user_id),
        Err(Failure::Rejected(rejection)) => bail!("--reason: {rejection}"),
        Err(Failure::Failed(error)) => return Err(error.into()),
    };
    if args.common.json {
        let (ended, redacted) = erased.unwrap_or_default();
        return output::json(
            &json!({ "changed": erased.is_some(), "endedSessions": ended, "redactedEntries": redacted }),
        );
    }
    Ok(output::line(match erased {
        Some((ended, redacted)) => format!(
            "Erased user {}. Session keys revoked: {ended}. Audit log entries redacted: {redacted}.",
            args.user_id
        ),
        None => format!("User {} was already erased before. Nothing was changed.", args.user_id),
    })?)
}

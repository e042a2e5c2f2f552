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
use crate::service::correct_awards::Mode;
use crate::service::erase_user::{EraseOutcome, erase_user};

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  newbee user erase 17 --reason 'request of 2026-11-20' --dry-run\n  \
    newbee user erase 17 --reason 'request of 2026-11-20'\n\n\
    Removed: name, portrait, invitation code, targets and keys of reports, their copies in the audit log, and all session\n\
    keys. The invitation code is not assigned again. Kept under the user ID only: awards, ledger, balances, claims,\n\
    reservations and bindings. The user cannot be registered again. This cannot be undone; repeating it changes nothing.\n\
    Do not put names into --reason: it is kept. To hand the data over first: newbee user export"
)]
pub struct EraseArgs {
    /// User ID assigned by the host application
    #[arg(value_parser = crate::cli::values::user_id)]
    user_id: i64,
    /// Reason, recorded in the audit log
    #[arg(long)]
    reason: String,
    /// Show what would be removed, without changing anything
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    common: CommonArgs,
}

/// Runs `newbee user erase`.
///
/// # Errors
/// The user is unknown, the reason is invalid, the database fails, or standard output cannot be written.
pub async fn run(args: &EraseArgs, problems: Problems, author: &Author) -> anyhow::Result<()> {
    let (pool, _) = args.common.open(problems).await?;
    let mode = if args.dry_run { Mode::DryRun } else { Mode::Commit };
    let erased = match erase_user(&pool, UserId(args.user_id), &args.reason, author, mode).await {
        Ok(EraseOutcome::Erased(erased)) => Some(erased),
        Ok(EraseOutcome::AlreadyErased) => None,
        Err(Failure::Rejected(EraseRejection::User(_))) => bail!("There is no user {}.", args.user_id),
        Err(Failure::Rejected(rejection)) => bail!("--reason: {rejection}"),
        Err(Failure::Failed(error)) => return Err(error.into()),
    };
    let counts = erased.unwrap_or_default();
    if args.common.json {
        return output::json(&json!({
            "changed": erased.is_some(),
            "endedSessions": counts.ended_sessions,
            "forgottenRequests": counts.forgotten_requests,
            "redactedAwards": counts.redacted_awards,
            "redactedChildren": counts.redacted_children,
            "redactedEntries": counts.redacted_entries,
        }));
    }
    let user = args.user_id;
    if erased.is_none() {
        return Ok(output::line(format_args!(
            "User {user} was already erased before. Nothing was changed."
        ))?);
    }
    let (beginning, end) = match mode {
        Mode::Commit => ("Erased", ""),
        Mode::DryRun => ("Would erase", " Nothing was changed."),
    };
    Ok(output::line(format_args!(
        "{beginning} user {user}. Session keys revoked: {}. Request keys deleted: {}. Awards without target and key: {}. \
         Bindings with another code: {}. Audit log entries redacted: {}.{end}",
        counts.ended_sessions,
        counts.forgotten_requests,
        counts.redacted_awards,
        counts.redacted_children,
        counts.redacted_entries,
    ))?)
}

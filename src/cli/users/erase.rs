//! `newbee user erase`

use anyhow::bail;
use clap::Args;
use serde_json::json;

use crate::cli::common::CommonArgs;
use crate::cli::output;
use crate::config::Problems;
use crate::domain::audit::Author;
use crate::domain::id::UserId;
use crate::domain::language::Language;
use crate::messages::Message;
use crate::service::erase_user::{EraseOutcome, erase_user};

#[derive(Args, Debug)]
#[command(after_help = "Example:\n  newbee user erase 17 --reason 'request of 2026-11-20'\n\n\
    Removed: name, portrait, copies of them in the audit log, and all session keys; the invitation code is not accepted any more.\n\
    Kept, under the number alone: awards, ledger, balances, claims, reservations and bindings. The user cannot be registered\n\
    again. This cannot be undone; doing it again changes nothing. Do not write names into --reason: it is kept.")]
pub struct EraseArgs {
    /// The host's own number of the user
    #[arg(value_parser = crate::cli::values::user_id)]
    user_id: i64,
    /// Why; kept in the audit log
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    common: CommonArgs,
}

pub async fn run(args: &EraseArgs, problems: Problems, author: &Author) -> anyhow::Result<()> {
    let (pool, _) = args.common.open(problems).await?;
    let erased = match erase_user(&pool, UserId(args.user_id), &args.reason, author).await? {
        EraseOutcome::Erased {
            ended_sessions,
            redacted_entries,
        } => Some((ended_sessions, redacted_entries)),
        EraseOutcome::AlreadyErased => None,
        EraseOutcome::Unknown => bail!("There is no user {}.", args.user_id),
        EraseOutcome::ReasonInvalid => bail!("--reason: {}", Message::ReasonInvalid.text(Language::English)),
    };
    if args.common.json {
        let (ended, redacted) = erased.unwrap_or_default();
        return output::json(
            &json!({ "changed": erased.is_some(), "endedSessions": ended, "redactedEntries": redacted }),
        );
    }
    Ok(output::line(match erased {
        Some((ended, redacted)) => format!(
            "Erased user {}. Session keys ended: {ended}. Entries of the audit log redacted: {redacted}.",
            args.user_id
        ),
        None => format!("User {} was erased before. Nothing was changed.", args.user_id),
    })?)
}

//! `newbee user erase`

use anyhow::bail;
use clap::Args;

use crate::cli::database;
use crate::config::{BusinessArgs, DatabaseArgs, Problems};
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
    database: DatabaseArgs,
    #[command(flatten)]
    business: BusinessArgs,
}

pub async fn run(args: &EraseArgs, problems: Problems, author: &Author) -> anyhow::Result<()> {
    let (pool, _) = database::open(&args.database, &args.business, problems).await?;
    match erase_user(&pool, UserId(args.user_id), &args.reason, author).await? {
        EraseOutcome::Erased {
            ended_sessions,
            redacted_entries,
        } => println!(
            "Erased user {}: {ended_sessions} session keys ended, {redacted_entries} entries of the audit log redacted.",
            args.user_id
        ),
        EraseOutcome::AlreadyErased => {
            println!("User {} was erased before. Nothing was changed.", args.user_id);
        }
        EraseOutcome::Unknown => bail!("There is no user {}.", args.user_id),
        EraseOutcome::ReasonInvalid => bail!("--reason: {}", Message::ReasonInvalid.text(Language::English)),
    }
    Ok(())
}

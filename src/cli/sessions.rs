//! `newbee session …`: session keys.

use std::io::{IsTerminal, Read};

use crate::store::bounded::PgPool;
use anyhow::{Context, anyhow, bail};
use chrono::TimeDelta;
use clap::{Args, Subcommand};
use serde_json::json;

use super::common::{CommonArgs, author};
use super::table::counted;
use super::{output, values};
use crate::clock::Clock;
use crate::config::Problems;
use crate::domain::audit::Author;
use crate::domain::id::UserId;
use crate::domain::session::{SessionKey, SessionRejection};
use crate::domain::text::without_byte_order_mark;
use crate::service::Failure;
use crate::service::sessions;

#[derive(Debug, Subcommand)]
pub enum SessionCommand {
    /// Create a session key for a user and print it once
    #[command(after_help = "Example:\n  KEY=$(newbee session issue 17)\n  \
        curl -H \"Authorization: Bearer $KEY\" …\n\n\
        Only the key is written to standard output. It is stored as a hash and cannot be shown again. If the key cannot \
        be printed, it is not created.")]
    Issue(IssueArgs),
    /// Register a session key created by the host application, read from standard input
    #[command(after_help = "Example:\n  printf %s \"$HOST_KEY\" | newbee session register 17\n\n\
        A key is 22 to 55 visible ASCII characters, at least 10 of them distinct, and does not start with nbk_. It is \
        read from standard input because the arguments of a program are visible to all users of the machine.")]
    Register(IssueArgs),
    /// Revoke a session key read from standard input, or all keys of a user
    #[command(
        after_help = "Examples:\n  printf %s \"$KEY\" | newbee session revoke\n  newbee session revoke --user 17"
    )]
    Revoke(RevokeArgs),
}

#[derive(Args, Debug)]
pub struct IssueArgs {
    /// User ID assigned by the host application
    #[arg(value_parser = values::user_id)]
    user_id: i64,
    /// Validity of the key, from one hour to ten years
    #[arg(long, value_name = "DURATION", default_value = "30days", value_parser = values::duration)]
    lifetime: TimeDelta,
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Args, Debug)]
pub struct RevokeArgs {
    /// Revoke all keys of this user
    #[arg(long, value_name = "USER_ID", value_parser = values::user_id)]
    user: Option<i64>,
    #[command(flatten)]
    common: CommonArgs,
}

/// Runs `newbee session …`.
///
/// # Errors
/// The configuration is invalid, the database fails, the request is rejected, or standard output cannot be written.
pub async fn run(command: SessionCommand, problems: Problems, clock: Clock) -> anyhow::Result<()> {
    let author = author(clock.now());
    match command {
        SessionCommand::Issue(args) => {
            let (pool, _) = args.common.open(problems).await?;
            issue(&pool, &args, &author).await
        }
        SessionCommand::Register(args) => {
            let (pool, _) = args.common.open(problems).await?;
            register(&pool, &args, &author).await
        }
        SessionCommand::Revoke(args) => {
            let (pool, _) = args.common.open(problems).await?;
            revoke(&pool, &args, &author).await
        }
    }
}

/// Prints the key before storing it, so that a key that could not be printed is never stored.
async fn issue(pool: &PgPool, args: &IssueArgs, author: &Author) -> anyhow::Result<()> {
    output::check_leads_somewhere()?;
    let user = UserId(args.user_id);
    let unstored = sessions::prepare(pool, user, args.lifetime, None, author).await;
    let unstored = unstored.map_err(explain)?;
    let issued = &unstored.issued;
    let shown = match args.common.json {
        true => output::secret(&serde_json::to_string_pretty(&json!({
            "key": issued.key.reveal(),
            "expiresAt": output::api_time(issued.expires_at),
        }))?),
        false => output::secret(issued.key.reveal()),
    };
    shown.context("The session key was not created because it could not be printed.")?;
    let kept = unstored.keep().await;
    kept.context("The session key that was just printed could not be stored, so it is not valid. Try again.")?;
    Ok(())
}

async fn register(pool: &PgPool, args: &IssueArgs, author: &Author) -> anyhow::Result<()> {
    let key = key_from_standard_input()?;
    let registered = sessions::register(pool, UserId(args.user_id), &key, args.lifetime, author).await;
    let registered = registered.map_err(explain)?;
    match (args.common.json, registered.repeated) {
        (true, repeated) => {
            output::json(&json!({ "expiresAt": output::api_time(registered.expires_at), "repeated": repeated }))
        }
        (false, false) => Ok(output::line(format_args!(
            "Registered a session key of user {}.",
            args.user_id
        ))?),
        (false, true) => Ok(output::line(format_args!(
            "The session key of user {} was already registered before. Nothing was changed.",
            args.user_id
        ))?),
    }
}

async fn revoke(pool: &PgPool, args: &RevokeArgs, author: &Author) -> anyhow::Result<()> {
    if let Some(user) = args.user {
        let ended = sessions::revoke_all_of(pool, UserId(user), author).await?;
        return match args.common.json {
            true => output::json(&json!({ "ended": ended })),
            false => Ok(output::line(format_args!(
                "Revoked {} of user {user}.",
                counted(i64::try_from(ended).unwrap_or(i64::MAX), "session key")
            ))?),
        };
    }
    let key = key_from_standard_input()?;
    let revoked = match SessionKey::parse(&key) {
        Some(key) => sessions::revoke(pool, &key, author).await?,
        None => None,
    };
    let Some(was_valid) = revoked else {
        bail!("Session key not found. Nothing was changed.");
    };
    match (args.common.json, was_valid) {
        (true, _) => output::json(&json!({ "ended": i32::from(was_valid) })),
        (false, true) => Ok(output::line("Revoked the session key.")?),
        (false, false) => Ok(output::line(
            "The session key had already ended before. Nothing was changed.",
        )?),
    }
}

fn explain(failure: Failure<SessionRejection>) -> anyhow::Error {
    match failure {
        Failure::Rejected(SessionRejection::User(unknown)) => {
            anyhow!("{unknown} Register the user first: newbee user add")
        }
        failure => failure.into(),
    }
}

fn key_from_standard_input() -> anyhow::Result<String> {
    let mut input = std::io::stdin();
    if input.is_terminal() {
        output::note("Type the session key, then Enter and Ctrl-D:");
    }
    let mut key = String::new();
    input
        .by_ref()
        .take(4_096)
        .read_to_string(&mut key)
        .context("Cannot read standard input as text")?;
    let key = without_byte_order_mark(&key);
    Ok(key.trim_end_matches(['\r', '\n']).to_owned())
}

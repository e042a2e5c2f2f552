//! `newbee session …`

use std::io::{IsTerminal, Read};

use crate::store::bounded::PgPool;
use anyhow::{Context, anyhow, bail};
use chrono::TimeDelta;
use clap::{Args, Subcommand};

use super::database;
use crate::clock::Clock;
use crate::config::{BusinessArgs, DatabaseArgs, Problems};
use crate::domain::audit::Author;
use crate::domain::id::UserId;
use crate::domain::language::Language;
use crate::domain::session::{SessionKey, SessionRefusal};
use crate::messages::Message;
use crate::service::sessions;

#[derive(Debug, Subcommand)]
pub enum SessionCommand {
    /// Make a new session key for a user and print it, this once
    #[command(after_help = "Example:\n  KEY=$(newbee session issue 17)\n  \
        curl -H \"Authorization: Bearer $KEY\" …\n\n\
        Only the key goes to standard output. It is stored as a hash and cannot be shown again.")]
    Issue(IssueArgs),
    /// Register a session key that the host made, read from standard input
    #[command(after_help = "Example:\n  printf %s \"$HOST_KEY\" | newbee session register 17\n\n\
        A key has 16 to 55 visible ASCII characters. It is read from standard input, since arguments are seen by\n\
        everybody on the machine.")]
    Register(IssueArgs),
    /// End a session key read from standard input, or every key of a user
    #[command(
        after_help = "Examples:\n  printf %s \"$KEY\" | newbee session revoke\n  newbee session revoke --user 17"
    )]
    Revoke(RevokeArgs),
}

#[derive(Args, Debug)]
pub struct IssueArgs {
    /// The host's own number of the user
    user_id: i64,
    /// How long the key is good for, from an hour to ten years
    #[arg(long, value_name = "DURATION", default_value = "30days")]
    lifetime: humantime::Duration,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    business: BusinessArgs,
}

#[derive(Args, Debug)]
pub struct RevokeArgs {
    /// End every key of this user
    #[arg(long, value_name = "USER_ID")]
    user: Option<i64>,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    business: BusinessArgs,
}

pub async fn run(command: SessionCommand, problems: Problems, clock: Clock) -> anyhow::Result<()> {
    let author = Author::at_the_command_line(clock.now());
    match command {
        SessionCommand::Issue(args) => {
            let (pool, _) = database::open(&args.database, &args.business, problems).await?;
            let issued = sessions::issue(&pool, UserId(args.user_id), lifetime(&args), None, &author).await?;
            println!("{}", issued.map_err(explain)?.key.reveal());
        }
        SessionCommand::Register(args) => {
            let (pool, _) = database::open(&args.database, &args.business, problems).await?;
            let key = key_from_standard_input()?;
            let registered = sessions::register(&pool, UserId(args.user_id), &key, lifetime(&args), &author).await?;
            match registered.map_err(explain)?.repeated {
                false => println!("Registered a session key of user {}.", args.user_id),
                true => println!(
                    "The session key of user {} had been registered before. Nothing was changed.",
                    args.user_id
                ),
            }
        }
        SessionCommand::Revoke(args) => {
            let (pool, _) = database::open(&args.database, &args.business, problems).await?;
            revoke(&pool, args.user, &author).await?;
        }
    }
    Ok(())
}

async fn revoke(pool: &PgPool, user: Option<i64>, author: &Author) -> anyhow::Result<()> {
    if let Some(user) = user {
        let ended = sessions::revoke_all_of(pool, UserId(user), author).await?;
        println!("Ended {ended} session keys of user {user}.");
        return Ok(());
    }
    let key = key_from_standard_input()?;
    let revoked = match SessionKey::parse(&key) {
        Some(key) => sessions::revoke(pool, &key, author).await?,
        None => None,
    };
    match revoked {
        Some(true) => println!("Ended the session key."),
        Some(false) => println!("The session key had ended before. Nothing was changed."),
        None => bail!("There is no such session key. Nothing was changed."),
    }
    Ok(())
}

/// What is too long for a duration of ours is too long for a key, which the service says.
fn lifetime(args: &IssueArgs) -> TimeDelta {
    TimeDelta::from_std(*args.lifetime).unwrap_or(TimeDelta::MAX)
}

fn explain(refusal: SessionRefusal) -> anyhow::Error {
    let fix = match refusal {
        SessionRefusal::UserUnknown => " Register the user first: newbee user add",
        _ => "",
    };
    anyhow!("{}{fix}", Message::from(refusal).text(Language::English))
}

fn key_from_standard_input() -> anyhow::Result<String> {
    let mut input = std::io::stdin();
    if input.is_terminal() {
        eprintln!("Type the session key, then Enter and Ctrl-D:");
    }
    let mut key = String::new();
    input
        .by_ref()
        .take(4_096)
        .read_to_string(&mut key)
        .context("Standard input could not be read as text")?;
    Ok(key.trim_end_matches(['\r', '\n']).to_owned())
}

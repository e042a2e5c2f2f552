//! `newbee session …`

use std::io::{IsTerminal, Read};

use anyhow::{Context, bail};
use chrono::TimeDelta;
use clap::{Args, Subcommand};
use sqlx::PgPool;

use super::database;
use crate::clock::Clock;
use crate::config::{BusinessArgs, DatabaseArgs, Problems};
use crate::domain::business_day::Moment;
use crate::domain::id::UserId;
use crate::domain::session::SessionKey;
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
    match command {
        SessionCommand::Issue(args) => {
            let (pool, calendar) = database::open(&args.database, &args.business, problems).await?;
            let now = calendar.moment(clock.now());
            let key = sessions::issue(&pool, UserId(args.user_id), now, lifetime(&args)?).await??;
            println!("{}", key.reveal());
        }
        SessionCommand::Register(args) => {
            let (pool, calendar) = database::open(&args.database, &args.business, problems).await?;
            let now = calendar.moment(clock.now());
            let key = key_from_standard_input()?;
            sessions::register(&pool, UserId(args.user_id), &key, now, lifetime(&args)?).await??;
            println!("Registered a session key of user {}.", args.user_id);
        }
        SessionCommand::Revoke(args) => {
            let (pool, calendar) = database::open(&args.database, &args.business, problems).await?;
            let now = calendar.moment(clock.now());
            revoke(&pool, args.user, now).await?;
        }
    }
    Ok(())
}

async fn revoke(pool: &PgPool, user: Option<i64>, now: Moment) -> anyhow::Result<()> {
    if let Some(user) = user {
        let ended = sessions::revoke_all_of(pool, UserId(user), now).await?;
        println!("Ended {ended} session keys of user {user}.");
        return Ok(());
    }
    let key = key_from_standard_input()?;
    let revoked = match SessionKey::parse(&key) {
        Some(key) => sessions::revoke(pool, &key, now).await?,
        None => None,
    };
    match revoked {
        Some(true) => println!("Ended the session key."),
        Some(false) => println!("The session key had ended before. Nothing was changed."),
        None => bail!("There is no such session key. Nothing was changed."),
    }
    Ok(())
}

fn lifetime(args: &IssueArgs) -> anyhow::Result<TimeDelta> {
    let lifetime = TimeDelta::from_std(*args.lifetime).ok();
    lifetime
        .filter(|time| (TimeDelta::hours(1)..=TimeDelta::days(3_650)).contains(time))
        .with_context(|| {
            format!(
                "--lifetime: expected an hour to ten years (such as 12h or 30days), got {}",
                args.lifetime
            )
        })
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

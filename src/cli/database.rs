//! Reaching the database, and bringing it to this version's schema.

use anyhow::{Context, bail};
use clap::Args;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, PgPool};

use crate::config::{BusinessArgs, DatabaseArgs, Problems};
use crate::domain::business_day::Calendar;
use crate::store::MIGRATOR;
use crate::store::health::schema_state;
use crate::store::pools::Pools;

#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  DATABASE_URL=postgres://newbee@localhost/newbee newbee migrate\n\n\
    Safe to run again and from several machines at once: they wait for each other."
)]
pub struct MigrateArgs {
    #[command(flatten)]
    database: DatabaseArgs,
}

/// `newbee migrate`.
pub async fn migrate(args: MigrateArgs, mut problems: Problems) -> anyhow::Result<()> {
    let options = args.database.read(&mut problems);
    problems.into_result()?;
    let options = options.expect("no problem was found");
    let pending = pending_migrations(&options).await?;
    apply_migrations(&options).await?;
    println!("Applied {pending} migrations; the database is at this version's schema.");
    Ok(())
}

/// A small pool and the business calendar for one command, after seeing that the configuration is right, the database is
/// there, and it is at this version's schema.
pub async fn open(
    database: &DatabaseArgs,
    business: &BusinessArgs,
    mut problems: Problems,
) -> anyhow::Result<(PgPool, Calendar)> {
    let (options, zone) = (database.read(&mut problems), business.read(&mut problems));
    problems.into_result()?;
    let (options, zone) = options.zip(zone).expect("no problem was found");
    check(&options).await?;
    Ok((Pools::connect_lazily(&options, 2).api, Calendar::new(zone)))
}

/// Sees that the database is there and at this version's schema.
pub async fn check(options: &PgConnectOptions) -> anyhow::Result<()> {
    let pending = pending_migrations(options).await?;
    if pending > 0 {
        bail!("The database lacks {pending} of this version's migrations. Run: newbee migrate");
    }
    Ok(())
}

/// Applies what is missing. Others who do so at the same time are waited for.
pub async fn apply_migrations(options: &PgConnectOptions) -> anyhow::Result<()> {
    let mut connection = options.connect().await.with_context(|| unreachable_database(options))?;
    MIGRATOR
        .run(&mut connection)
        .await
        .context("The migrations could not be applied")
}

async fn pending_migrations(options: &PgConnectOptions) -> anyhow::Result<usize> {
    let mut connection = options.connect().await.with_context(|| unreachable_database(options))?;
    let state = schema_state(&mut connection)
        .await
        .context("The database's list of migrations could not be read")?;
    match state.newer {
        Some(newer) => {
            bail!("The database is newer than this newbee: it has migration {newer}. Use the newer newbee.")
        }
        None => Ok(state.missing),
    }
}

fn unreachable_database(options: &PgConnectOptions) -> String {
    let host = options.get_socket().map_or_else(
        || format!("{}:{}", options.get_host(), options.get_port()),
        |socket| socket.display().to_string(),
    );
    format!(
        "The database {} at {host} cannot be used. Is it running, and is DATABASE_URL right?",
        options.get_database().unwrap_or("(unnamed)")
    )
}

//! Database connections of commands, version checks and migrations.

use std::cmp::Ordering;
use std::slice::from_ref;
use std::time::Duration;

use anyhow::{Context, bail};
use chrono_tz::Tz;
use clap::Args;
use serde_json::json;
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;

use super::table::counted;
use super::{database_wait, output};
use crate::clock::Clock;
use crate::config::{BusinessArgs, DatabaseArgs, DatabaseSettings, DatabaseWaitArgs, Problems};
use crate::domain::business_day::Calendar;
use crate::domain::text::RULE_VERSION;
use crate::service::business_zone::{business_zone, zone_of_command};
use crate::service::renew_text_forms::{renew_text_forms, stored_rule};
use crate::store::bounded::{Bounds, Database, Hosts, LimitCheck, PgConnection, PgPool, address};
use crate::store::citus;
use crate::store::health::schema_state;
use crate::store::migrations::{self, MigrationError};
use crate::store::pools::{PoolBounds, Pools};
use crate::store::session_limits::{CommitsNotAwaited, MissingLimits};
use crate::store::session_sharing::{SharedSessions, require_own_sessions, sessions};

/// Time limits of a command's connection.
const BOUNDS: Bounds = PoolBounds::standard(1).api;
/// Time limits of a command that waits for concurrent runs of the same command.
const PATIENT: Bounds = Bounds {
    statement: Duration::from_secs(60),
    lock: Duration::from_secs(60),
    idle_in_transaction: Duration::from_secs(60),
    ..BOUNDS
};

/// Time limits of a command that reads or writes whole tables in a session of its own.
const LONG: Bounds = Bounds {
    statement: Duration::from_secs(30 * 60),
    lock: Duration::from_secs(60),
    // The reader of an export may be slow.
    idle_in_transaction: Duration::from_secs(60 * 60),
    plans: "auto",
    ..BOUNDS
};

#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  DATABASE_URL=postgres://newbee@localhost/newbee newbee migrate\n\n\
    Safe to run repeatedly and on several machines at once: concurrent runs wait for each other."
)]
pub struct MigrateArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    wait: DatabaseWaitArgs,
}

/// Runs `newbee migrate`.
///
/// # Errors
/// The configuration is invalid, the database is unusable, or a migration fails.
pub async fn migrate(args: MigrateArgs, mut problems: Problems) -> anyhow::Result<()> {
    let (settings, wait) = (args.database.read(&mut problems), args.wait.read(&mut problems));
    problems.into_result()?;
    let (settings, wait) = settings.zip(wait).expect("no problem was found");
    database_wait::until_reachable(settings.direct(), wait).await?;
    let (pending, conflicts) = migrate_directly(&settings).await?;
    if args.json {
        return output::json(&json!({ "applied": pending, "conflicts": conflicts }));
    }
    let applied = counted(i64::try_from(pending).unwrap_or(i64::MAX), "migration");
    Ok(output::line(format_args!(
        "Applied {applied}; the database is at this version's schema."
    ))?)
}

/// Migrates the database like [`migrate`] if it does not have this version's schema and text rule.
///
/// # Errors
/// The database is unusable, or a migration fails.
pub async fn migrate_if_needed(settings: &DatabaseSettings) -> anyhow::Result<()> {
    let database = locate(settings).await?;
    let is_current = pending_migrations(&database, LimitCheck::Required).await? == 0
        && stored_rule(&mut connect(&database, LimitCheck::Required).await?).await? >= RULE_VERSION;
    if !is_current {
        tracing::info!("migrating the database");
        migrate_directly(settings).await?;
    }
    Ok(())
}

/// Applies pending migrations in a session of its own, and recomputes the normalised texts if the text rule changed. Waits
/// for concurrent runs. Returns the number of migrations, and the texts left unchanged because they would collide with an
/// older text under the new rule; each is also printed to standard error.
///
/// # Errors
/// The database is unreachable, its pooler shares sessions, or a migration fails.
pub async fn migrate_directly(settings: &DatabaseSettings) -> anyhow::Result<(usize, Vec<String>)> {
    let database = of_hosts(settings.direct()).await?;
    let options = database.options();
    require_own_sessions(&options.into(), &BOUNDS)
        .await
        .map_err(|error| explain(from_ref(options), error.into()))?;
    let pending = pending_migrations(&options.into(), LimitCheck::Skipped).await?;
    Ok((pending, apply_to(options).await?))
}

/// Returns a small pool and the business calendar for one command, with the checks of [`settings`].
///
/// # Errors
/// Those of [`settings`].
pub async fn open(
    database: &DatabaseArgs,
    business: &BusinessArgs,
    problems: Problems,
) -> anyhow::Result<(PgPool, Calendar)> {
    let (database, calendar) = settings(database, business, problems).await?;
    Ok((Pools::connect_lazily(&database, 2).api, calendar))
}

/// Use of the business time zone by a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZoneUse {
    Read,
    /// Stores the zone if the database has none: the command writes business days.
    Store,
}

/// Opens a connection with a session of its own and long time limits, with the checks of [`settings`].
///
/// # Errors
/// Those of [`settings`], or a pooler shares sessions.
pub async fn open_session(
    database: &DatabaseArgs,
    business: &BusinessArgs,
    zone_use: ZoneUse,
    clock: &Clock,
    mut problems: Problems,
) -> anyhow::Result<(PgConnection, Calendar)> {
    let (settings, zone) = (database.read(&mut problems), business.read(&mut problems));
    problems.into_result()?;
    let settings = settings.expect("no problem was found");
    let checked = check(&settings).await?;
    if checked.shards().is_some() {
        bail!(
            "newbee import and newbee export are not yet possible in a distributed database: each needs one snapshot of all \
             nodes. See deploy/scale.md."
        );
    }
    let calendar = match zone_use {
        ZoneUse::Read => calendar_of_command(&checked, zone).await?,
        ZoneUse::Store => calendar_of_process(&checked, zone, clock).await?,
    };
    Ok((own_session(&settings, &checked).await?, calendar))
}

/// Opens a connection with a session of its own and long time limits, after the checks of [`check`].
///
/// # Errors
/// Those of [`check`], or a pooler shares sessions.
pub async fn open_long(settings: &DatabaseSettings) -> anyhow::Result<PgConnection> {
    own_session(settings, &check(settings).await?).await
}

async fn own_session(settings: &DatabaseSettings, checked: &Database) -> anyhow::Result<PgConnection> {
    let direct = of_hosts(settings.direct()).await?;
    // Statements over whole tables are expected to be slow.
    let options = &direct.options().clone().disable_statement_logging();
    let explained = |error: sqlx::Error| explain(from_ref(options), error.into());
    require_own_sessions(&options.into(), &BOUNDS)
        .await
        .map_err(explained)?;
    let database = Database::from(options).with_shards(checked.shards().cloned());
    PgConnection::connect(database, &LONG, LimitCheck::Skipped)
        .await
        .map_err(explained)
}

/// Returns the database and the business calendar for one command, after validating the configuration, the
/// database connection and the schema version.
///
/// # Errors
/// The configuration is invalid (all problems are listed), or the database is unusable.
pub async fn settings(
    database: &DatabaseArgs,
    business: &BusinessArgs,
    mut problems: Problems,
) -> anyhow::Result<(Database, Calendar)> {
    let (settings, zone) = (database.read(&mut problems), business.read(&mut problems));
    problems.into_result()?;
    let database = check(&settings.expect("no problem was found")).await?;
    let calendar = calendar_of_command(&database, zone).await?;
    Ok((database, calendar))
}

/// Returns the calendar of the time zone stored in the database, or of the configured one if none is stored. Does not
/// store it.
///
/// # Errors
/// The configured zone differs from the stored one, or the database is unreachable.
pub async fn calendar_of_command(database: &Database, configured: Option<Tz>) -> anyhow::Result<Calendar> {
    let mut connection = connect(database, LimitCheck::Required).await?;
    let zone = zone_of_command(&mut connection, configured).await?;
    Ok(Calendar::new(zone))
}

/// Returns the calendar of a serving process. The first start stores its time zone in the database.
///
/// # Errors
/// Like [`calendar_of_command`].
pub async fn calendar_of_process(
    database: &Database,
    configured: Option<Tz>,
    clock: &Clock,
) -> anyhow::Result<Calendar> {
    let mut connection = connect(database, LimitCheck::Required).await?;
    let zone = business_zone(&mut connection, configured, clock.now()).await?;
    Ok(Calendar::new(zone))
}

/// Opens a connection and closes it again, to the host that accepts writes if there are several.
///
/// # Errors
/// The database does not accept the connection.
pub async fn try_connect(hosts: &[PgConnectOptions]) -> sqlx::Result<()> {
    match hosts {
        [only] => PgConnection::connect(only, &BOUNDS, LimitCheck::Unset)
            .await
            .map(|_| ()),
        _ => Hosts::find(hosts.to_vec()).await.map(|_| ()),
    }
}

/// Returns the database of these hosts.
async fn of_hosts(hosts: &[PgConnectOptions]) -> anyhow::Result<Database> {
    match hosts {
        [only] => Ok(Database::from(only)),
        _ => {
            let found = Hosts::find(hosts.to_vec()).await;
            Ok(Database::of_hosts(found.map_err(|error| explain(hosts, error.into()))?))
        }
    }
}

async fn connect(database: &Database, limits: LimitCheck) -> anyhow::Result<PgConnection> {
    PgConnection::connect(database, &BOUNDS, limits)
        .await
        .map_err(|error| explain(from_ref(database.options()), error.into()))
}

/// Determines how connections to the database can be used.
///
/// # Errors
/// The database is unreachable, or its pooler does not support transactions.
pub async fn locate(settings: &DatabaseSettings) -> anyhow::Result<Database> {
    let database = of_hosts(&settings.hosts)
        .await?
        .with_direct(settings.direct.clone())
        .with_replicas(settings.replicas.clone());
    let sessions = sessions(&database, &BOUNDS)
        .await
        .map_err(|error| explain(from_ref(database.options()), error.into()))?;
    let database = database.with_sessions(sessions);
    citus::find(database, &BOUNDS)
        .await
        .map_err(|error| explain(&settings.hosts, error.into()))
}

/// Checks that the database is reachable, has the schema and text rule of this version, and applies the session limits.
///
/// # Errors
/// One of these checks fails; the message says what to do.
pub async fn check(settings: &DatabaseSettings) -> anyhow::Result<Database> {
    let database = locate(settings).await?;
    let pending = pending_migrations(&database, LimitCheck::Required).await?;
    if pending > 0 {
        bail!("The database is missing {pending} of this version's migrations. Run: newbee migrate");
    }
    let stored = stored_rule(&mut connect(&database, LimitCheck::Required).await?)
        .await
        .context("Cannot read the version of the text rule")?;
    match stored.cmp(&RULE_VERSION) {
        Ordering::Equal => Ok(database),
        Ordering::Less => bail!(
            "The search names, codes and words in the database use version {stored} of the text rule; this newbee uses \
             version {RULE_VERSION}. Run: newbee migrate"
        ),
        Ordering::Greater => bail!(
            "The search names, codes and words in the database use version {stored} of the text rule, which is newer than \
             version {RULE_VERSION} of this newbee. Use the newer newbee."
        ),
    }
}

async fn apply_to(options: &PgConnectOptions) -> anyhow::Result<Vec<String>> {
    match migrations::apply(options, &BOUNDS, migrations::CHECK_EVERY).await {
        Err(MigrationError::Connect(error)) => return Err(explain(from_ref(options), error.into())),
        applied => applied.context("Cannot apply the migrations")?,
    }
    let mut connection = PgConnection::connect(options, &PATIENT, LimitCheck::Skipped)
        .await
        .map_err(|error| explain(from_ref(options), error.into()))?;
    let renewed = renew_text_forms(&mut connection)
        .await
        .context("Cannot recompute the search names, codes and words")?;
    for conflict in &renewed.conflicts {
        eprintln!("Left unchanged because an older one is equivalent: {conflict}.");
    }
    Ok(renewed.conflicts)
}

/// Counts the pending migrations. `limits` are skipped for the command that applies them.
async fn pending_migrations(database: &Database, limits: LimitCheck) -> anyhow::Result<usize> {
    let mut connection = connect(database, limits).await?;
    let state = schema_state(&mut connection)
        .await
        .context("Cannot read the migrations of the database")?;
    if state.is_unreleased {
        bail!(
            "The database was created by an unreleased version of newbee and cannot be upgraded. Use an empty database. The \
             database of the demo is in its data directory, which can be deleted."
        );
    }
    match state.newer {
        Some(newer) => {
            bail!("The database is newer than this newbee: it has migration {newer}. Use the newer newbee.")
        }
        None => Ok(state.missing),
    }
}

/// Adds to a connection error what to do about it.
pub fn explain(hosts: &[PgConnectOptions], error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref::<sqlx::Error>() {
        // These errors already say what to do.
        Some(sqlx::Error::Configuration(why))
            if why.is::<MissingLimits>() || why.is::<CommitsNotAwaited>() || why.is::<SharedSessions>() =>
        {
            anyhow::anyhow!("{why}")
        }
        Some(sqlx::Error::Database(refused)) if refused.message().starts_with("unsupported startup parameter") => {
            anyhow::anyhow!(
                "The connection pooler in front of the database rejects a parameter of DATABASE_URL ({}). Remove it from \
                 the URL, or add it to ignore_startup_parameters of PgBouncer.",
                refused.message()
            )
        }
        _ => error.context(format!(
            "Cannot use the {}. Check that it is running and that DATABASE_URL is correct.",
            name_of(hosts)
        )),
    }
}

/// Returns the name and the address of a database for messages, such as "database newbee at 127.0.0.1:5432".
pub fn name_of(hosts: &[PgConnectOptions]) -> String {
    let name = hosts.first().and_then(PgConnectOptions::get_database);
    let addresses: Vec<_> = hosts.iter().map(address).collect();
    format!("database {} at {}", name.unwrap_or("(unnamed)"), addresses.join(", "))
}

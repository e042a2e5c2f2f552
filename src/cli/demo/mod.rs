//! `newbee demo`: the whole service with demo data and a private database.

mod month;
mod welcome;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use chrono_tz::Tz;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use sqlx::postgres::PgConnectOptions;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;

use self::welcome::Welcome;
use super::server::{self, Listeners};
use super::{clients, database, metrics, playground};
use crate::app::{App, ClientRules, DemoKeys};
use crate::clock::Clock;
use crate::config::{
    AccessSettings, BusinessArgs, ClientArgs, DatabaseArgs, DatabaseSettings, Problems, ServerArgs, ServerSettings,
};
use crate::demo::{self, DemoData};
use crate::domain::draw_keys::DrawKeys;
use crate::http::AllowedHosts;
use crate::private_postgres::PrivatePostgres;

#[derive(Args, Debug)]
#[command(after_help = "Example:\n  newbee demo --listen 127.0.0.1:9000\n\n\
    The database is a private Postgres in .data/ and is kept for the next start; delete the folder to start afresh.\n\
    With DATABASE_URL, the demo uses that database if it has no users other than the demo's.")]
pub struct DemoArgs {
    /// Folder of the private database
    #[arg(long, value_name = "FOLDER", default_value = ".data/postgres")]
    data_dir: PathBuf,
    /// Serve other machines and any host name: everyone who can reach the address can use the demo's public keys
    #[arg(long)]
    open_to_network: bool,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    business: BusinessArgs,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    clients: ClientArgs,
}

/// Database of the demo.
enum Database {
    Private(Box<PrivatePostgres>),
    Given,
}

const DATABASE_NAME: &str = "newbee";

/// Runs `newbee demo` until the process is stopped.
///
/// # Errors
/// The configuration is invalid, an address cannot be bound, the database is unusable, or the server fails.
pub async fn run(args: DemoArgs, mut problems: Problems, clock: Clock) -> anyhow::Result<()> {
    let given = args
        .database
        .is_given()
        .then(|| args.database.read(&mut problems))
        .flatten();
    let zone = args.business.read(&mut problems);
    let settings = args.server.read(AccessSettings::of_demo(), &mut problems);
    let clients = clients::read_rules(&args.clients, &mut problems).await;
    let listens = settings.iter().flat_map(|settings| {
        let admin = settings
            .admin_listen
            .map(|listen| ("NEWBEE_ADMIN_LISTEN (or --admin-listen)", listen));
        [Some(("NEWBEE_LISTEN (or --listen)", settings.listen)), admin]
    });
    for (setting, listen) in listens.flatten() {
        if !listen.ip().to_canonical().is_loopback() && !args.open_to_network {
            problems.add(format!(
                "{setting}: {listen} can be reached from other machines, and the demo's keys are public. Listen on \
                 127.0.0.1, or add --open-to-network to allow access from other machines."
            ));
        }
    }
    if let Some(settings) = &settings {
        super::jobs::check_manifests(settings.jobs_dir.as_deref(), zone, &mut problems);
    }
    problems.into_result()?;
    let settings = settings.expect("no problem was found");
    let mut clients = clients.expect("no problem was found");
    if !args.open_to_network {
        clients.hosts = AllowedHosts::Loopback;
    }

    let mut listeners = server::listen(&settings).await?;
    if settings.metrics_listen.is_none() {
        // Metrics were not requested explicitly, so a port in use is not an error.
        listeners.metrics = TcpListener::bind(metrics::OF_THE_DEMO).await.ok();
    }
    let demo = Demo {
        settings,
        clients,
        clock,
        zone,
        stop: server::stop_on_signals()?,
        steps: Steps::new(),
    };
    // DATABASE_URL may be the address printed by an earlier start, which is the private database.
    let given = given.filter(|settings| !settings.hosts.iter().any(|host| is_in(&args.data_dir, host)));
    let (database, location) = match given {
        Some(location) => (Database::Given, location),
        None => start_private(&args, &demo.steps).await?,
    };
    let served = tokio::select! {
        served = demo.prepare_and_serve(&database, &location, listeners) => served,
        report = died(&database) => bail!("The private Postgres exited unexpectedly. {report}"),
    };
    if let Database::Private(postgres) = database {
        postgres
            .stop()
            .await
            .context("The private Postgres did not shut down cleanly")?;
    }
    served
}

/// Returns true if the options connect to the private Postgres in the data folder.
fn is_in(data_dir: &Path, options: &PgConnectOptions) -> bool {
    let socket = options.get_socket().and_then(|socket| socket.canonicalize().ok());
    data_dir
        .canonicalize()
        .is_ok_and(|folder| socket.is_some_and(|socket| socket.starts_with(folder)))
}

async fn start_private(args: &DemoArgs, steps: &Steps) -> anyhow::Result<(Database, DatabaseSettings)> {
    steps.show("starting the private Postgres");
    let postgres = PrivatePostgres::start_lasting(&args.data_dir).await?;
    postgres.create_database_if_missing(DATABASE_NAME).await?;
    let options = postgres.connect_options(DATABASE_NAME);
    Ok((Database::Private(Box::new(postgres)), options.into()))
}

async fn died(database: &Database) -> crate::private_postgres::DeathReport {
    match database {
        Database::Private(postgres) => postgres.died().await,
        Database::Given => std::future::pending().await,
    }
}

/// Settings of a demo.
struct Demo {
    settings: ServerSettings,
    clients: ClientRules,
    clock: Clock,
    /// Configured business time zone, if any.
    zone: Option<Tz>,
    stop: CancellationToken,
    steps: Steps,
}

impl Demo {
    async fn prepare_and_serve(
        self,
        database: &Database,
        location: &DatabaseSettings,
        listeners: Listeners,
    ) -> anyhow::Result<()> {
        self.steps.show("migrating the database");
        database::migrate_directly(location).await?;
        let located = database::locate(location).await?;
        let calendar = database::calendar_of_process(&located, self.zone, &self.clock).await?;
        let mut app = App::start(
            &located,
            self.settings.pools,
            self.clock.clone(),
            calendar,
            self.settings.jobs_dir.as_deref(),
        )?
        .with_draw_keys(DrawKeys::demo());
        let has_playground = self.settings.playground.unwrap_or(true);
        let keys = playground::keys_of_the_demo();
        app.playground = has_playground.then(|| playground::of_the_demo(keys.clone()));
        app.demo = Some(keys);
        let build = app.playground.as_ref().map(|playground| playground.build.clone());
        server::check_clock(&app.state.pools.heartbeat, &app.state.clock).await?;
        let scheduler = app.jobs.clone();

        self.steps.show("creating users and a month of history");
        let is_its_own = matches!(database, Database::Private(_));
        let now = calendar.moment(self.clock.now());
        let data = demo::prepare(&app.state.pools.jobs, calendar, now, is_its_own).await?;
        if data == DemoData::Made {
            self.steps.show("closing and settling each day of that month");
            // Do not log the sixty or so successful runs; a failed run is returned as an error.
            let unlogged = NoSubscriber::new();
            month::live_through(&app, &self.stop).with_subscriber(unlogged).await?;
        } else {
            self.steps.show("closing the business days since the last start");
            let unlogged = NoSubscriber::new();
            month::close_missed_days(&app, &self.stop)
                .with_subscriber(unlogged)
                .await?;
        }
        self.steps.finish();
        let address = listeners.api.local_addr()?;
        let metrics = listeners.metrics.as_ref().map(TcpListener::local_addr).transpose()?;
        tracing::info!(%address, time_zone = %calendar.time_zone, "newbee demo is serving");
        let welcome = Welcome {
            address,
            metrics,
            playground: has_playground.then(playground::is_available),
            database_url: match database {
                Database::Private(postgres) => Some(postgres.url(DATABASE_NAME)),
                Database::Given => None,
            },
            data,
        };
        print!("{welcome}");
        if let Some(build) = build {
            playground::build_in_background(build, self.stop.clone());
        }
        let scheduler = self.settings.scheduler.then_some(scheduler);
        server::serve(
            app,
            scheduler,
            DemoKeys::Taken,
            &self.settings,
            self.clients,
            listeners,
            self.stop,
        )
        .await
    }
}

/// Progress of the startup: a spinner on a terminal, plain lines elsewhere.
struct Steps(ProgressBar);

impl Steps {
    fn new() -> Self {
        let bar = ProgressBar::new_spinner();
        bar.set_style(ProgressStyle::with_template("{spinner} {msg} ({elapsed})").expect("the template is valid"));
        bar.enable_steady_tick(std::time::Duration::from_millis(100));
        Self(bar)
    }

    fn show(&self, step: &'static str) {
        if self.0.is_hidden() {
            eprintln!("newbee: {step}");
        } else {
            self.0.set_message(step);
        }
    }

    fn finish(&self) {
        self.0.finish_and_clear();
    }
}

//! `newbee serve`: the service in production.

use std::time::Duration;

use chrono_tz::Tz;
use clap::Args;
use tokio::net::TcpListener;

use super::{clients, database, database_wait, server};
use crate::app::{App, DemoKeys};
use crate::clock::Clock;
use crate::config::{
    AccessSettings, BusinessArgs, ClientArgs, DatabaseArgs, DatabaseSettings, DatabaseWaitArgs, DrawKeyArgs, GrantArgs,
    MigrateAtStartArgs, Problems, ServerArgs, ServerSettings,
};
use crate::domain::draw_keys::DrawKeys;
use crate::domain::grant::ApprovalLimit;
use crate::http::AllowedOperations;
use crate::loaders::words;
use crate::store::pools::{PoolBounds, Pools};
use crate::version::{COMMIT, VERSION};
use crate::web::playground::{self, Playground, PlaygroundBuild};

#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  export DATABASE_URL='postgres://newbee@db.example/newbee?sslmode=verify-full&sslrootcert=/etc/ssl/certs/db-ca.pem'\n  \
    newbee migrate\n  newbee serve --listen 0.0.0.0:8080 --log-format json\n\n\
    Any number of processes can share one database: each due time of a job runs once. SIGTERM and Ctrl-C finish open\n\
    requests and the current batch, then exit. The public session keys of the demo are rejected."
)]
pub struct ServeArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    business: BusinessArgs,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    clients: ClientArgs,
    #[command(flatten)]
    draw_keys: DrawKeyArgs,
    #[command(flatten)]
    grants: GrantArgs,
    #[command(flatten)]
    wait: DatabaseWaitArgs,
    #[command(flatten)]
    migrate: MigrateAtStartArgs,
}

/// Parsed [`ServeArgs`] that the preparation of the process needs.
struct Start {
    database: DatabaseSettings,
    wait: Duration,
    migrate: bool,
    zone: Option<Tz>,
    draw_keys: DrawKeys,
    approval_limit: ApprovalLimit,
    clock: Clock,
}

/// Runs `newbee serve` until the process is stopped.
///
/// # Errors
/// The configuration is invalid, an address cannot be bound, the database is unusable, or the server fails.
pub async fn run(args: ServeArgs, mut problems: Problems, clock: Clock) -> anyhow::Result<()> {
    let database = args.database.read(&mut problems);
    let zone = args.business.read(&mut problems);
    let settings = args.server.read(AccessSettings::for_serve(), &mut problems);
    let clients = clients::read_rules(&args.clients, &mut problems).await;
    let draw_keys = args.draw_keys.read_for_serve(&mut problems);
    let approval_limit = args.grants.read(&mut problems);
    let (wait, migrate) = (args.wait.read(&mut problems), args.migrate.read(&mut problems));
    if let Some(settings) = &settings {
        super::jobs::check_manifests(settings.jobs_dir.as_deref(), zone, &mut problems);
    }
    problems.into_result()?;
    const VALID: &str = "no problem was found";
    let start = Start {
        database: database.expect(VALID),
        wait: wait.expect(VALID),
        migrate: migrate.expect(VALID),
        zone,
        draw_keys: draw_keys.expect(VALID),
        approval_limit: approval_limit.expect(VALID),
        clock,
    };
    let (settings, clients) = settings.zip(clients).expect(VALID);

    let listeners = server::listen(&settings).await?;
    let stop = server::stop_on_signals()?;
    // A process that has id 1 in its container ends on a signal only if it handles it.
    let Some(app) = stop.run_until_cancelled(prepare(start, &settings)).await else {
        return Ok(());
    };
    let app = app?;
    let scheduler = settings.scheduler.then(|| app.jobs.clone());
    let admin = listeners.admin.as_ref().map(TcpListener::local_addr).transpose()?;
    let has_replicas = app.state.pools.replicas.is_some();
    tracing::info!(
        address = %listeners.api.local_addr()?,
        admin_address = admin.map(tracing::field::display),
        time_zone = %app.state.calendar.time_zone,
        scheduler = settings.scheduler,
        // The observation of replicas takes one more.
        database_connections = settings.pools.sum() + u32::from(has_replicas),
        replica_connections = has_replicas.then(|| settings.pools.per_replica()),
        sessions = ?app.state.pools.api.database().sessions(),
        allowed_operations = clients.allowed_operations.as_ref().map(AllowedOperations::len),
        version = VERSION,
        commit = COMMIT,
        "newbee is serving"
    );
    server::serve(app, scheduler, DemoKeys::Refused, &settings, clients, listeners, stop).await
}

/// Waits for the database, migrates it if that is wanted, and starts the batchers on it.
async fn prepare(start: Start, settings: &ServerSettings) -> anyhow::Result<App> {
    database_wait::until_reachable(&start.database.hosts, start.wait).await?;
    if start.migrate {
        database::migrate_if_needed(&start.database).await?;
    }
    let database = database::check(&start.database).await?;
    let calendar = database::calendar_of_process(&database, start.zone, &start.clock).await?;
    let bounds = PoolBounds::of(settings.pools);
    let pools = Pools::with_bounds(&database, bounds)
        .reading_from_replicas(&bounds)
        .await?;
    let mut app = App::with_pools(pools, start.clock, calendar, settings.jobs_dir.as_deref())?
        .with_draw_keys(start.draw_keys)
        .with_approval_limit(start.approval_limit);
    app.playground = settings.playground.unwrap_or(false).then(|| Playground {
        environment: "serve",
        users: Vec::new(),
        api_key: None,
        build: PlaygroundBuild::default(),
    });
    if app.playground.is_some() && !playground::is_built() {
        tracing::warn!(
            "the playground is on, but this program was built without its pages: /graphiql/ says how to add them"
        );
    }
    server::check_clock(&app.state.pools.heartbeat, &app.state.clock).await?;
    warn_about_unknown_draw_keys(&app).await;
    if !database.has_own_sessions() {
        tracing::info!(
            "the database is behind a pooler that shares sessions: live updates poll every few seconds, unless \
             NEWBEE_DIRECT_DATABASE_URL is set"
        );
    }
    Ok(app)
}

/// Logs a warning for each of the newest 100 word campaigns that is not over and uses a draw key that this process
/// lacks.
async fn warn_about_unknown_draw_keys(app: &App) {
    let now = app.state.clock.now();
    let campaigns = words::word_campaigns(&app.state.pools.admin, None, 100).await;
    for campaign in campaigns.into_iter().flatten() {
        if !campaign.is_over(now) && !app.state.draw_keys.know(&campaign) {
            tracing::warn!(
                campaign = campaign.id,
                "a word campaign uses a draw key that is not configured, so its claims fail: set NEWBEE_DRAW_KEY"
            );
        }
    }
}

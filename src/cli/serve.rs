//! `newbee serve`: the service in production.

use clap::Args;

use super::{clients, database, server};
use crate::app::{App, DemoKeys};
use crate::clock::Clock;
use crate::config::{AccessSettings, BusinessArgs, ClientArgs, DatabaseArgs, DrawKeyArgs, Problems, ServerArgs};
use crate::http::AllowedOperations;
use crate::loaders::words;
use crate::web::playground::{Playground, PlaygroundBuild};

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
    if let Some(settings) = &settings {
        super::jobs::check_manifests(settings.jobs_dir.as_deref(), zone, &mut problems);
    }
    problems.into_result()?;
    let (database, settings) = database.zip(settings).expect("no problem was found");
    let clients = clients.expect("no problem was found");
    let draw_keys = draw_keys.expect("no problem was found");

    let listeners = server::listen(&settings).await?;
    database::check(&database).await?;
    let calendar = database::calendar_of_process(&database, zone, &clock).await?;
    let mut app = App::start(
        &database,
        settings.api_connections,
        clock,
        calendar,
        settings.jobs_dir.as_deref(),
    )?
    .with_draw_keys(draw_keys);
    app.playground = settings.playground.unwrap_or(false).then(|| Playground {
        environment: "serve",
        users: Vec::new(),
        api_key: None,
        build: PlaygroundBuild::default(),
    });
    server::check_clock(&app.state.pools.heartbeat, &app.state.clock).await?;
    warn_about_unknown_draw_keys(&app).await;
    let scheduler = settings.scheduler.then(|| app.jobs.clone());
    let stop = server::stop_on_signals()?;
    tracing::info!(
        address = %listeners.api.local_addr()?,
        time_zone = %calendar.time_zone,
        scheduler = settings.scheduler,
        allowed_operations = clients.allowed_operations.as_ref().map(AllowedOperations::len),
        version = env!("CARGO_PKG_VERSION"),
        "newbee is serving"
    );
    server::serve(app, scheduler, DemoKeys::Refused, &settings, clients, listeners, stop).await
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

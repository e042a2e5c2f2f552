//! Serving until somebody says stop: what `serve` and `demo` have in common.

use std::time::Duration;

use crate::store::bounded::PgPool;
use anyhow::{Context, bail};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{metrics, output};
use crate::app::{App, ClientRules, DemoKeys};
use crate::clock::Clock;
use crate::config::ServerSettings;
use crate::domain::process::ProcessInfo;
use crate::http::{self, RequestLimits, ServeLimits};
use crate::scheduler::{Scheduler, clock_skew};
use crate::service::{process_heartbeat, zone_watch};

/// How long jobs are waited for: the scheduler gives the batch at work a little less, then rolls it back.
const END_OF_JOBS: Duration = Duration::from_secs(20);

/// How long the removal of this process's record may take at the end.
const END_OF_HEARTBEAT: Duration = Duration::from_secs(2);

/// Files that the process opens besides connections of clients: the database's, logs, listeners, probes.
const RESERVED_FILES: usize = 256;

/// What a process listens on.
pub struct Listeners {
    pub api: TcpListener,
    pub metrics: Option<TcpListener>,
}

/// Takes the addresses first, so that a port in use is said before anything is started.
pub async fn listen(settings: &ServerSettings) -> anyhow::Result<Listeners> {
    let api = TcpListener::bind(settings.listen).await.with_context(|| {
        format!(
            "The address {} cannot be listened on. Is another program using it? Choose another by --listen or NEWBEE_LISTEN",
            settings.listen
        )
    })?;
    let metrics = match settings.metrics_listen {
        Some(address) => Some(metrics::listen(address).await?),
        None => None,
    };
    Ok(Listeners { api, metrics })
}

/// Refuses to work with a clock that is far off the database's: a day would end twice.
pub async fn check_clock(pool: &PgPool, clock: &Clock) -> anyhow::Result<()> {
    let skew = clock_skew::clock_skew(pool, clock)
        .await
        .context("The database's time is unknown")?;
    if !clock_skew::is_tolerable(skew) {
        bail!(
            "This machine's clock is {} ms off the database's; two seconds are tolerated. Set both by NTP.",
            skew.num_milliseconds()
        );
    }
    Ok(())
}

/// A token that is cancelled by the first Ctrl-C or SIGTERM; the second ends the process at once.
pub fn stop_on_signals() -> anyhow::Result<CancellationToken> {
    let stop = CancellationToken::new();
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let token = stop.clone();
    tokio::spawn(async move {
        for told_before in [false, true] {
            tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
            if told_before {
                output::note("newbee: second signal received, exiting immediately");
                std::process::exit(130);
            }
            tracing::info!("stopping: open requests and the batch at work are finished first");
            token.cancel();
        }
    });
    Ok(stop)
}

/// Number of connections that are served at once: as many as newbee bounds itself to, or as the files that this process may
/// open leave room for. Raises the number of files to the most that is allowed.
fn max_connections() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let most = ServeLimits::default().connections;
    let files = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: files.maximum,
        maximum: files.maximum,
    };
    let allowed = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => files.maximum,
        Err(_) => files.current,
    };
    let Some(allowed) = allowed.and_then(|files| usize::try_from(files).ok()) else {
        return most;
    };
    let connections = most.min(allowed.saturating_sub(RESERVED_FILES).max(allowed / 2));
    if connections < most {
        tracing::warn!(
            connections,
            "fewer connections than usual are served: this process may open only {allowed} files (ulimit -n)"
        );
    }
    connections
}

/// Serves and runs jobs until `stop` is cancelled, then drains both and closes the pools.
pub async fn serve(
    app: App,
    scheduler: Option<Scheduler>,
    demo_keys: DemoKeys,
    settings: &ServerSettings,
    clients: ClientRules,
    listeners: Listeners,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let metrics = listeners
        .metrics
        .map(|listener| tokio::spawn(metrics::serve(listener, app.clone(), clients.hosts, stop.clone())));
    let process = ProcessInfo {
        id: Uuid::new_v4(),
        name: app.jobs.ledger.owner.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        scheduler: scheduler.is_some(),
        started_at: app.clock.now(),
    };
    // Its record stays until the jobs of this process have ended, too.
    let left = CancellationToken::new();
    let heartbeat = tokio::spawn(process_heartbeat::keep(
        app.pools.heartbeat.clone(),
        app.clock.clone(),
        process,
        left.clone(),
    ));
    let zone = app.calendar.time_zone;
    let zone_watch = tokio::spawn({
        let (stop, pool) = (stop.clone(), app.pools.heartbeat.clone());
        async move {
            let stored = stop.run_until_cancelled(zone_watch::until_changed(pool, zone)).await?;
            tracing::error!(stored, %zone, "the business time zone of the database was changed: stopping");
            stop.cancel();
            Some(stored)
        }
    });
    let jobs = tokio::spawn({
        let stop = stop.clone();
        async move {
            if let Some(scheduler) = scheduler {
                scheduler.run(stop).await;
            }
        }
    });
    let router = app.router(
        demo_keys,
        stop.clone(),
        RequestLimits::default(),
        &settings.access,
        clients,
    );
    let limits = ServeLimits {
        drain_limit: settings.drain_timeout,
        keep_alive: settings.keep_alive,
        connections_per_address: settings.address_connections,
        connections: max_connections(),
        trusted_proxies: settings.access.trusted_proxies.clone(),
        ..ServeLimits::default()
    };
    let served = http::serve(listeners.api, router, stop.clone(), limits).await;
    stop.cancel();
    if tokio::time::timeout(END_OF_JOBS.max(settings.drain_timeout), jobs)
        .await
        .is_err()
    {
        tracing::warn!("the batch at work did not end in time; it is rolled back and done again by the next run");
    }
    if let Some(metrics) = metrics {
        let _ = metrics.await;
    }
    left.cancel();
    let _ = tokio::time::timeout(END_OF_HEARTBEAT, heartbeat).await;
    app.pools.close().await;
    if let Ok(Some(stored)) = zone_watch.await {
        bail!(
            "The business time zone of the database was changed from {zone} to {stored}. Start this process again with \
             NEWBEE_TIME_ZONE={stored}, or without it."
        );
    }
    served
}

//! Server lifecycle shared by `serve` and `demo`: listeners, signals, jobs and shutdown.

use std::net::SocketAddr;
use std::time::Duration;

use crate::store::bounded::PgPool;
use anyhow::{Context, bail};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{metrics, notify, output};
use crate::app::{App, ClientRules, DemoKeys};
use crate::clock::Clock;
use crate::config::ServerSettings;
use crate::domain::process::ProcessInfo;
use crate::http::{self, Audience, RequestLimits, ServeLimits};
use crate::scheduler::{Scheduler, clock_skew};
use crate::service::{process_heartbeat, zone_watch};
use crate::version::VERSION;

/// Time to wait for jobs at shutdown. The scheduler rolls the current batch back shortly before.
const END_OF_JOBS: Duration = Duration::from_secs(20);

/// Time limit for removing the record of this process at shutdown.
const END_OF_HEARTBEAT: Duration = Duration::from_secs(2);

/// File descriptors reserved for everything but client connections: database, logs, listeners, probes.
const RESERVED_FILES: usize = 256;

/// Maximum number of concurrent connections to an admin address of its own.
const ADMIN_CONNECTIONS: usize = 256;

/// Bound listeners of a process.
pub struct Listeners {
    pub api: TcpListener,
    pub admin: Option<TcpListener>,
    pub metrics: Option<TcpListener>,
}

/// Binds the addresses. Called first, so that a port in use is reported before anything is started.
///
/// # Errors
/// An address cannot be bound.
pub async fn listen(settings: &ServerSettings) -> anyhow::Result<Listeners> {
    let bind = async |address: SocketAddr, setting: &str| {
        TcpListener::bind(address).await.with_context(|| {
            format!(
                "Cannot listen on {address}. If another program uses the address, choose another one with {setting}"
            )
        })
    };
    let api = bind(settings.listen, "--listen or NEWBEE_LISTEN").await?;
    let admin = match settings.admin_listen {
        Some(address) => Some(bind(address, "--admin-listen or NEWBEE_ADMIN_LISTEN").await?),
        None => None,
    };
    let metrics = match settings.metrics_listen {
        Some(address) => Some(metrics::listen(address).await?),
        None => None,
    };
    Ok(Listeners { api, admin, metrics })
}

/// Checks that the clocks of this machine and the database agree, because business days follow the clock.
///
/// # Errors
/// The clocks differ by more than two seconds, or the time of the database cannot be read.
pub async fn check_clock(pool: &PgPool, clock: &Clock) -> anyhow::Result<()> {
    let skew = clock_skew::clock_skew(pool, clock)
        .await
        .context("Cannot read the time of the database")?;
    if !clock_skew::is_tolerable(skew) {
        bail!(
            "This machine's clock is {} ms off the database's; at most two seconds are allowed. Synchronise both with NTP.",
            skew.num_milliseconds()
        );
    }
    Ok(())
}

/// Returns a token that the first Ctrl-C or SIGTERM cancels. The second signal exits the process immediately.
///
/// # Errors
/// The signal handlers cannot be installed.
pub fn stop_on_signals() -> anyhow::Result<CancellationToken> {
    let stop = CancellationToken::new();
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let token = stop.clone();
    tokio::spawn(async move {
        for is_second in [false, true] {
            tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
            if is_second {
                output::note("newbee: second signal received, exiting immediately");
                std::process::exit(130);
            }
            tracing::info!("stopping: finishing open requests and the current batch first");
            token.cancel();
        }
    });
    Ok(stop)
}

/// Returns the maximum number of concurrent client connections: the default limit, or fewer if the process may not open
/// enough files. Raises the soft limit on open files to the hard limit.
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
            "serving fewer connections than the default: this process may open only {allowed} files (ulimit -n)"
        );
    }
    connections
}

/// Serves requests and runs jobs until `stop` is cancelled, then drains both and closes the pools.
///
/// # Errors
/// The server fails, or the business time zone in the database changed.
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
        version: VERSION.to_owned(),
        scheduler: scheduler.is_some(),
        started_at: app.state.clock.now(),
    };
    // Keep the record of this process until its jobs have ended too.
    let left = CancellationToken::new();
    let heartbeat = tokio::spawn(process_heartbeat::keep(
        app.state.pools.heartbeat.clone(),
        app.state.clock.clone(),
        process,
        left.clone(),
    ));
    let zone = app.state.calendar.time_zone;
    let zone_watch = tokio::spawn({
        let (stop, pool) = (stop.clone(), app.state.pools.heartbeat.clone());
        async move {
            let stored = stop.run_until_cancelled(zone_watch::until_changed(pool, zone)).await?;
            tracing::error!(stored, %zone, "the business time zone of the database changed, stopping");
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
    let router = |audience, clients| {
        let limits = RequestLimits::default();
        app.router_for(audience, demo_keys, stop.clone(), limits, &settings.access, clients)
    };
    let audience = match listeners.admin {
        Some(_) => Audience::Customers,
        None => Audience::Everyone,
    };
    let hosts = clients.hosts;
    let limits = ServeLimits {
        drain_limit: settings.drain_timeout,
        keep_alive: settings.keep_alive,
        connections_per_address: settings.address_connections,
        connections: max_connections(),
        trusted_proxies: settings.access.trusted_proxies.clone(),
        ..ServeLimits::default()
    };
    let admin = listeners.admin.map(|listener| {
        let operators = ClientRules {
            hosts,
            ..ClientRules::default()
        };
        let limits = ServeLimits {
            connections: ADMIN_CONNECTIONS,
            ..limits.clone()
        };
        let router = router(Audience::Operators, operators);
        tokio::spawn(http::serve(listener, router, stop.clone(), limits))
    });
    notify::notify(notify::READY);
    tokio::spawn({
        let stop = stop.clone();
        async move {
            stop.cancelled().await;
            notify::notify(notify::STOPPING);
        }
    });
    let served = http::serve(listeners.api, router(audience, clients), stop.clone(), limits).await;
    stop.cancel();
    if let Some(admin) = admin {
        let _ = admin.await;
    }
    if tokio::time::timeout(END_OF_JOBS.max(settings.drain_timeout), jobs)
        .await
        .is_err()
    {
        tracing::warn!("the current batch did not end in time; it is rolled back, and the next run processes it again");
    }
    if let Some(metrics) = metrics {
        let _ = metrics.await;
    }
    left.cancel();
    let _ = tokio::time::timeout(END_OF_HEARTBEAT, heartbeat).await;
    app.state.pools.close().await;
    if let Ok(Some(stored)) = zone_watch.await {
        bail!(
            "The business time zone of the database changed from {zone} to {stored}. Restart this process with \
             NEWBEE_TIME_ZONE={stored}, or without it."
        );
    }
    served
}

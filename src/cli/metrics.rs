//! Metrics listener: serves `/metrics` and the health probes.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use futures_util::FutureExt;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::http::{self, AllowedHosts, ServeLimits};
use crate::metrics;
use crate::scheduler::standing::Standing;

/// Default metrics address of the demo.
pub const OF_THE_DEMO: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9464);

/// Binds the configured metrics address.
///
/// # Errors
/// The address cannot be bound, for example because it is in use.
pub async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!(
            "Cannot listen on {address} for metrics. If another program uses the address, choose another one with \
             --metrics-listen or NEWBEE_METRICS_LISTEN"
        )
    })
}

/// Serves the metrics and health probes of this process to requests with an allowed `Host`, until `stop` is cancelled.
pub async fn serve(listener: TcpListener, app: App, hosts: AllowedHosts, stop: CancellationToken) {
    let Some(recorded) = metrics::install() else {
        return tracing::error!("another metrics recorder is already installed, metrics are not served");
    };
    if let Ok(address) = listener.local_addr() {
        tracing::info!(metrics_address = %address, "serving metrics");
    }
    let standing = Arc::new(Standing::new(app.jobs.clone()));
    let kept = recorded.clone();
    let scrape = move || {
        let (recorded, standing) = (recorded.clone(), Arc::clone(&standing));
        async move {
            standing.refresh().await;
            recorded.text()
        }
        .boxed()
    };
    let router = http::metrics_router(scrape, app.readiness(), stop.clone());
    let router = http::only_for_hosts(hosts, router);
    let served = tokio::select! {
        served = http::serve(listener, router, stop, ServeLimits::default()) => served,
        () = kept.keep_up() => Ok(()),
    };
    if let Err(error) = served {
        tracing::error!(
            error = crate::causes::one_line(&error),
            "metrics listener failed, metrics are no longer served"
        );
    }
}

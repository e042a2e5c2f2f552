//! Serving `/metrics` beside everything else.

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

/// Where the demo serves its metrics unless told otherwise.
pub const OF_THE_DEMO: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9464);

/// Takes an address that was asked for; in use, it is an error.
pub async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!(
            "The address {address} for metrics cannot be listened on. Is another program using it? Choose another by \
             --metrics-listen or NEWBEE_METRICS_LISTEN"
        )
    })
}

/// Serves the metrics of this process, and its probes, to requests for these hosts, until `stop` is cancelled.
pub async fn serve(listener: TcpListener, app: App, hosts: AllowedHosts, stop: CancellationToken) {
    let Some(recorded) = metrics::install() else {
        return tracing::error!("metrics are recorded by somebody else already");
    };
    if let Ok(address) = listener.local_addr() {
        tracing::info!(metrics_address = %address, "metrics are served");
    }
    let standing = Arc::new(Standing::new(app.jobs.clone()));
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
    if let Err(error) = http::serve(listener, router, stop, ServeLimits::default()).await {
        tracing::error!(
            error = crate::causes::one_line(&error),
            "the metrics are no longer served"
        );
    }
}

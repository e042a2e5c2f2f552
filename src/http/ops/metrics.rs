//! `/metrics`, on an address of its own: what it tells is for ops, not for the world.

use std::sync::Arc;

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use super::health;
use super::health::{Readiness, ReadinessChecks};

/// All paths of the address of metrics; `text` makes the metrics anew for each scrape.
///
/// `/healthz` and `/readyz` are served here, too, so that probes never compete with clients for connections.
pub fn metrics_router(
    text: impl Fn() -> BoxFuture<'static, String> + Clone + Send + Sync + 'static,
    checks: ReadinessChecks,
    draining: CancellationToken,
) -> Router {
    let readiness = Arc::new(Readiness::new(checks));
    let ready = async move || health::ready(&readiness, draining.is_cancelled()).await;
    let scrape = async move || {
        let headers = [
            (CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"),
            (CACHE_CONTROL, "no-store"),
        ];
        (headers, text().await).into_response()
    };
    Router::new()
        .route("/metrics", get(scrape))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(ready))
}

//! `/metrics`, on a separate address because the metrics are not public.

use std::sync::Arc;

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use super::health;
use super::health::{Readiness, ReadinessChecks};

/// Routes of the metrics address; `text` renders the metrics at each scrape.
///
/// `/healthz` and `/readyz` are served here as well, so that probes do not compete with clients for connections.
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

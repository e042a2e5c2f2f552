//! `/metrics`, on an address of its own: what it tells is for ops, not for the world.

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;
use futures_util::future::BoxFuture;

/// All paths of the address of metrics; `text` makes the metrics anew for each scrape.
pub fn metrics_router(text: impl Fn() -> BoxFuture<'static, String> + Clone + Send + Sync + 'static) -> Router {
    let scrape = async move || {
        let headers = [
            (CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"),
            (CACHE_CONTROL, "no-store"),
        ];
        (headers, text().await).into_response()
    };
    Router::new().route("/metrics", get(scrape))
}

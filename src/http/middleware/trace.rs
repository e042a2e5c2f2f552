//! Tracing span per request: path, method, status, request ID. Bodies, keys and variables are not recorded.

use axum::extract::{MatchedPath, Request};
use axum::response::Response;
use tracing::Instrument;
use tracing::field::Empty;

use crate::http::request_id::RequestId;
use crate::telemetry;

/// Runs a request within its span, linked to the caller's trace if a `traceparent` header names one.
pub async fn wrap<Answer>(path: Option<MatchedPath>, request: Request, next: impl FnOnce(Request) -> Answer) -> Response
where
    Answer: Future<Output = Response>,
{
    let path = path.as_ref().map_or("unknown", MatchedPath::as_str);
    let span = tracing::info_span!(
        target: telemetry::TRACE,
        "request",
        otel.name = format!("{} {path}", request.method()),
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = request.method().as_str(),
        http.route = path,
        http.response.status_code = Empty,
        request_id = request.extensions().get::<RequestId>().map(RequestId::as_str),
    );
    let header = request.headers().get("traceparent");
    telemetry::link_trace(&span, header.and_then(|header| header.to_str().ok()));
    let response = next(request).instrument(span.clone()).await;
    span.record("http.response.status_code", response.status().as_u16());
    if response.status().is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
    response
}

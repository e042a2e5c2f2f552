//! `/healthz`, whether this process is alive, and `/readyz`, whether it can serve.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};

const CHECKS_TAKE_AT_MOST: Duration = Duration::from_secs(3);

/// One thing that must be so for this process to serve.
#[derive(Clone, Debug)]
pub struct ReadinessCheck {
    /// Its key in the reply: `database`, `migrations`.
    pub name: &'static str,
    /// Whether it is so; else what is wrong, in words that may be shown to ops.
    pub outcome: Result<(), String>,
}

/// Asks everything that must be so, anew at each call.
pub type ReadinessChecks = Arc<dyn Fn() -> BoxFuture<'static, Vec<ReadinessCheck>> + Send + Sync>;

/// Alive, and nothing is asked of the database.
pub(super) async fn alive() -> Response {
    ([(CACHE_CONTROL, "no-store")], Json(json!({ "status": "alive" }))).into_response()
}

/// 200 or 503, with each check as "ok" or its trouble. A process that is draining is not ready, whatever else is well.
pub(super) async fn ready(checks: &ReadinessChecks, draining: bool) -> Response {
    let mut checks = match tokio::time::timeout(CHECKS_TAKE_AT_MOST, checks()).await {
        Ok(checks) => checks,
        Err(_) => vec![ReadinessCheck {
            name: "checks",
            outcome: Err("did not answer in time".to_owned()),
        }],
    };
    if draining {
        checks.push(ReadinessCheck {
            name: "draining",
            outcome: Err("this process is shutting down".to_owned()),
        });
    }
    let is_ready = checks.iter().all(|check| check.outcome.is_ok());
    let listed: Map<String, Value> = checks
        .into_iter()
        .map(|check| {
            (
                check.name.to_owned(),
                check.outcome.err().unwrap_or_else(|| "ok".to_owned()).into(),
            )
        })
        .collect();
    let (status, word) = if is_ready {
        (StatusCode::OK, "ready")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready")
    };
    (
        status,
        [(CACHE_CONTROL, "no-store")],
        Json(json!({ "status": word, "checks": listed })),
    )
        .into_response()
}

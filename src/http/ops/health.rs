//! `/healthz`, the liveness probe, and `/readyz`, the readiness probe.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;

/// Time for which the result of the checks is reused, which bounds the database load caused by frequent probes.
const RESULT_LIFETIME: Duration = Duration::from_secs(1);
const CHECKS_TIMEOUT: Duration = Duration::from_secs(3);

/// A condition for this process to serve requests.
#[derive(Clone, Debug)]
pub struct ReadinessCheck {
    /// Key in the reply, such as `database` or `migrations`.
    pub name: &'static str,
    /// Success, or the reason for failure, which may be shown to operators.
    pub outcome: Result<(), String>,
    /// Reason for which the process works, but not as configured.
    pub degraded: Option<String>,
}

/// Runs all readiness checks at each call.
pub type ReadinessChecks = Arc<dyn Fn() -> BoxFuture<'static, Vec<ReadinessCheck>> + Send + Sync>;

/// Cached readiness checks of a process; only one run at a time.
pub struct Readiness {
    checks: ReadinessChecks,
    last: Mutex<Option<(Instant, Vec<ReadinessCheck>)>>,
}

impl Readiness {
    pub fn new(checks: ReadinessChecks) -> Self {
        Self {
            checks,
            last: Mutex::new(None),
        }
    }

    /// Returns the result of the checks, cached or new.
    async fn current(&self) -> Vec<ReadinessCheck> {
        let mut last = self.last.lock().await;
        if let Some((at, found)) = &*last
            && at.elapsed() < RESULT_LIFETIME
        {
            return found.clone();
        }
        let found = match tokio::time::timeout(CHECKS_TIMEOUT, (self.checks)()).await {
            Ok(found) => found,
            Err(_) => vec![ReadinessCheck {
                name: "checks",
                outcome: Err("did not answer in time".to_owned()),
                degraded: None,
            }],
        };
        for check in &found {
            if let Err(trouble) = &check.outcome {
                tracing::warn!(check = check.name, trouble, "this process is not ready");
            }
        }
        *last = Some((Instant::now(), found.clone()));
        found
    }
}

/// Liveness: always 200, without a database query.
pub async fn alive() -> Response {
    ([(CACHE_CONTROL, "no-store")], Json(json!({ "status": "alive" }))).into_response()
}

/// Readiness: 200 or 503, with "ok", the reason for failure, or "degraded" and its reason per check. A draining process is
/// never ready; a degraded one is.
pub async fn ready(readiness: &Readiness, draining: bool) -> Response {
    answer(readiness, draining, |_word, trouble| trouble).await
}

/// Public readiness: each check is "ok", "degraded" or "failed". The reasons are only in the log and at the metrics address.
pub async fn ready_in_public(readiness: &Readiness, draining: bool) -> Response {
    answer(readiness, draining, |word, _trouble| word.to_owned()).await
}

async fn answer(readiness: &Readiness, draining: bool, shown: impl Fn(&str, String) -> String) -> Response {
    let mut checks = readiness.current().await;
    if draining {
        checks.push(ReadinessCheck {
            name: "draining",
            outcome: Err("this process is shutting down".to_owned()),
            degraded: None,
        });
    }
    let is_ready = checks.iter().all(|check| check.outcome.is_ok());
    let listed: Map<String, Value> = checks
        .into_iter()
        .map(|check| {
            let outcome = match (check.outcome, check.degraded) {
                (Err(trouble), _) => shown("failed", trouble),
                (Ok(()), Some(reason)) => shown("degraded", format!("degraded: {reason}")),
                (Ok(()), None) => "ok".to_owned(),
            };
            (check.name.to_owned(), outcome.into())
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test]
    async fn concurrent_probes_share_one_check() {
        let looks = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&looks);
        let readiness = Readiness::new(Arc::new(move || {
            counted.fetch_add(1, Ordering::Relaxed);
            Box::pin(async { Vec::new() })
        }));
        futures_util::future::join_all((0..100).map(|_| readiness.current())).await;
        assert_eq!(looks.load(Ordering::Relaxed), 1);
    }
}

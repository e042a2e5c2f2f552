//! Access log: one line per operation with its name, outcome and duration. Query text, variables and keys are not
//! logged. Rejected requests of each kind are sampled to one line per second, with the number of omitted lines as
//! `suppressed`.

use std::sync::Arc;
use std::time::Instant;

use async_graphql::parser::types::OperationType;
use axum::http::StatusCode;

use super::log_sampler::{LogSampler, RejectionKind};
use crate::http::request_id::RequestId;
use crate::metrics;

const MAX_NAME: usize = 64;

/// Status logged for a client that disconnected before the reply; the value is that of nginx.
const CLIENT_GONE: u16 = 499;

/// Log line of an operation, completed step by step and written on drop.
pub struct AccessLog<'a> {
    request_id: &'a RequestId,
    sampler: Arc<LogSampler>,
    started: Instant,
    name: String,
    kind: &'static str,
    status: u16,
    error_codes: String,
}

impl<'a> AccessLog<'a> {
    pub fn start(request_id: &'a RequestId, sampler: Arc<LogSampler>) -> Self {
        Self {
            request_id,
            sampler,
            started: Instant::now(),
            name: String::new(),
            kind: "unknown",
            status: CLIENT_GONE,
            error_codes: String::new(),
        }
    }

    pub fn name_operation(&mut self, name: Option<&str>, kind: OperationType) {
        self.name = name.map(sanitized).unwrap_or_default();
        self.kind = match kind {
            OperationType::Query => "query",
            OperationType::Mutation => "mutation",
            OperationType::Subscription => "subscription",
        };
    }

    /// Sets the name of a legacy method, which comes from our table.
    pub fn name_legacy_method(&mut self, name: &'static str) {
        self.name = name.to_owned();
        self.kind = "legacy";
    }

    pub fn answered(&mut self, status: StatusCode, error_codes: &[String]) {
        self.status = status.as_u16();
        self.error_codes = error_codes.join(",");
    }
}

impl Drop for AccessLog<'_> {
    fn drop(&mut self) {
        metrics::request_answered(self.kind, self.status, &self.error_codes, self.started.elapsed());
        let mut suppressed = None;
        if let Some(kind) = RejectionKind::of(self.status, &self.error_codes) {
            metrics::request_refused(kind.name());
            suppressed = self.sampler.admit(kind);
            if suppressed.is_none() {
                return;
            }
        }
        tracing::info!(
            target: "newbee::operation",
            request_id = self.request_id.as_str(),
            operation = self.name,
            kind = self.kind,
            milliseconds = self.started.elapsed().as_secs_f64() * 1_000.0,
            status = self.status,
            error_codes = self.error_codes,
            suppressed = suppressed.filter(|lines| *lines > 0),
            "operation"
        );
    }
}

/// Sanitises the operation name, which is chosen by the client: truncated, and limited to the characters of GraphQL
/// names.
fn sanitized(name: &str) -> String {
    name.chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || *letter == '_')
        .take(MAX_NAME)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_bounded_and_sanitized() {
        assert_eq!(sanitized("Me_2"), "Me_2");
        assert_eq!(sanitized("a\u{1b}[31m\nb é"), "a31mb");
        assert_eq!(sanitized(&"x".repeat(500)).len(), MAX_NAME);
    }
}

//! Delivery of changes to the endpoints of the host application.
//!
//! A run copies what is new into the log of the feed, and sends batches to all active endpoints until none has anything
//! due: one after the other to each, and to each in its own time, so that a slow endpoint does not hold up another. While
//! there are active endpoints, a scheduled run stays until the next one is due and looks for more, so that a change is
//! sent about a second after it was made.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;
use tracing::Instrument;

use super::{Backlog, Job, JobContext, ReadContext};
use crate::domain::number::counted;
use crate::messages::Message;
use crate::metrics;
use crate::service::host_feed;
use crate::service::webhooks::EndpointRow;
use crate::service::webhooks::delivery::{Attempt, GONE_REASON, attempt};
use crate::store::host_endpoints;

/// Time between two looks for changes and due attempts, also of endpoints that had nothing to deliver.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Time for which a scheduled run stays and looks for more: until shortly before the next due time.
const STAYS: Duration = Duration::from_secs(58);
/// Time after which a run ends even if there is more, so that operators see what it did. The next run continues.
const LONGEST: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// Changes that were copied into the log.
    copied: i64,
    /// Changes that endpoints accepted.
    delivered: i64,
    batches: i64,
    failures: i64,
    /// Batches that were given up.
    given_up: i64,
    /// Endpoints that asked for no more messages.
    gone: i64,
}

/// Delivers changes to all active endpoints.
pub struct DeliverEvents;

impl Job for DeliverEvents {
    const NAME: &'static str = "deliver_events";
    const MANIFEST: &'static str = include_str!("../../../jobs/deliver_events.toml");

    type Report = Report;

    async fn run(&self, job: &JobContext, report: &mut Report) -> anyhow::Result<()> {
        let began = Instant::now();
        // Sending cannot be rolled back: a dry run counts what waits.
        if job.dry_run {
            report.delivered = pending(&host_endpoints::list(&job.pool).await?);
            return Ok(());
        }
        let shared = Arc::new(Mutex::new(*report));
        let mut deliveries = JoinSet::new();
        let (mut sending, mut idle) = (HashSet::new(), HashSet::new());
        loop {
            if !job.is_stopping() && began.elapsed() < LONGEST {
                let copied = host_feed::catch_up(&job.pool, job.clock.now()).await?;
                shared.lock().unwrap_or_else(PoisonError::into_inner).copied += copied;
                for endpoint in host_endpoints::due(&job.pool, job.clock.now()).await? {
                    let id = endpoint.endpoint_id;
                    if !idle.contains(&id) && sending.insert(id) {
                        let (job, shared) = (job.clone(), Arc::clone(&shared));
                        let delivery = async move { (id, deliver(&job, &endpoint, &shared).await) };
                        deliveries.spawn(delivery.in_current_span());
                    }
                }
            }
            *report = *shared.lock().unwrap_or_else(PoisonError::into_inner);
            if deliveries.is_empty() {
                job.stop_if_asked()?;
                if !job.is_scheduled || began.elapsed() > STAYS || !host_endpoints::any_active(&job.pool).await? {
                    return Ok(());
                }
                tokio::select! {
                    () = job.stop.cancelled() => {}
                    () = tokio::time::sleep(LOOK_EVERY) => idle.clear(),
                }
                continue;
            }
            tokio::select! {
                Some(ended) = deliveries.join_next() => {
                    let (id, has_more) = ended?;
                    sending.remove(&id);
                    if !has_more? {
                        idle.insert(id);
                    }
                }
                () = tokio::time::sleep(LOOK_EVERY) => idle.clear(),
            }
        }
    }

    fn had_effect(report: &Report) -> bool {
        report.delivered > 0 || report.failures > 0
    }

    fn done(report: &Report) -> i64 {
        report.delivered
    }

    fn summary(report: &Report) -> Vec<String> {
        let mut said = Vec::new();
        if report.delivered != 0 {
            said.push(format!(
                "delivered {} in {}",
                counted(report.delivered, "change"),
                counted(report.batches, "request")
            ));
        }
        if report.failures != 0 {
            said.push(format!("{} failed", counted(report.failures, "request")));
        }
        if report.given_up != 0 {
            said.push(format!("gave up {}", counted(report.given_up, "request")));
        }
        if report.gone != 0 {
            said.push(format!("disabled {}", counted(report.gone, "endpoint")));
        }
        said
    }

    async fn attention(&self, read: &ReadContext<'_>, _: &Report) -> sqlx::Result<Vec<Message>> {
        let endpoints = host_endpoints::list(read.pool).await?;
        Ok(endpoints.iter().flat_map(conditions).collect())
    }

    async fn backlog(&self, read: &ReadContext<'_>) -> sqlx::Result<Option<Backlog>> {
        let endpoints = host_endpoints::list(read.pool).await?;
        let active = || endpoints.iter().filter(|endpoint| endpoint.disabled_reason.is_none());
        Ok(Some(Backlog {
            count: pending(&endpoints),
            unit: "changes",
            waiting_since: active().filter_map(|endpoint| endpoint.pending_since).min(),
        }))
    }
}

fn pending(endpoints: &[EndpointRow]) -> i64 {
    let active = endpoints.iter().filter(|endpoint| endpoint.disabled_reason.is_none());
    active.map(|endpoint| endpoint.pending).sum()
}

/// Number of failures from which an endpoint needs attention: those of the first minutes are often restarts.
const FAILURES_OF_NOTE: i32 = 3;

fn conditions(endpoint: &EndpointRow) -> Vec<Message> {
    let name = endpoint.name.clone();
    let mut found = Vec::new();
    if endpoint.disabled_reason.is_none() && endpoint.failures >= FAILURES_OF_NOTE {
        found.push(Message::EndpointFailing {
            name: name.clone(),
            count: endpoint.failures.into(),
            error: endpoint.last_error.clone().unwrap_or_default(),
        });
    }
    if let Some(reason) = &endpoint.disabled_reason
        && reason == GONE_REASON
    {
        found.push(Message::EndpointDisabled {
            name: name.clone(),
            reason: reason.clone(),
        });
    }
    if endpoint.dead_letters > 0 {
        found.push(Message::DeadLetters {
            name,
            count: endpoint.dead_letters,
        });
    }
    found
}

/// Makes one attempt for an endpoint. Returns true if there may be more to deliver at once.
async fn deliver(job: &JobContext, endpoint: &EndpointRow, report: &Mutex<Report>) -> anyhow::Result<bool> {
    let progress = |outcome: &Attempt| {
        let mut report = report.lock().unwrap_or_else(PoisonError::into_inner);
        report.add(outcome);
        serde_json::to_value(*report).expect("a report is plain data")
    };
    let outcome = attempt(job, endpoint, progress).await?;
    match &outcome {
        Attempt::Delivered { .. } => metrics::webhook_attempt("delivered"),
        Attempt::Failed { error } => {
            metrics::webhook_attempt("failed");
            tracing::warn!(
                endpoint = endpoint.name,
                failures = endpoint.failures + 1,
                error,
                "delivering changes failed"
            );
        }
        Attempt::GaveUp { error } => {
            metrics::webhook_attempt("gave_up");
            tracing::error!(
                endpoint = endpoint.name,
                error,
                "changes could not be delivered and are given up: newbee endpoint redeliver"
            );
        }
        Attempt::Gone => {
            metrics::webhook_attempt("gone");
            tracing::error!(
                endpoint = endpoint.name,
                "the endpoint replied 410 Gone and is disabled"
            );
        }
        Attempt::Nothing | Attempt::Passed | Attempt::Overtaken => {}
    }
    Ok(matches!(
        outcome,
        Attempt::Delivered { .. } | Attempt::Passed | Attempt::GaveUp { .. }
    ))
}

impl Report {
    fn add(&mut self, outcome: &Attempt) {
        match outcome {
            Attempt::Delivered { events } => {
                self.delivered += events;
                self.batches += 1;
            }
            Attempt::Failed { .. } => self.failures += 1,
            Attempt::GaveUp { .. } => {
                self.failures += 1;
                self.given_up += 1;
            }
            Attempt::Gone => self.gone += 1,
            Attempt::Nothing | Attempt::Passed | Attempt::Overtaken => {}
        }
    }
}

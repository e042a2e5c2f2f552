//! What this process counts and measures, for Prometheus. Recording costs nothing until [`install`] was called.
//!
//! Labels are bounded: no user, key, code or text of a client is ever one. What only the database knows is set at each scrape
//! by [`crate::scheduler::standing`].

use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

mod names;

/// The values of the label `reason` of `newbee_refused_requests_total`.
const REFUSAL_REASONS: [&str; 3] = ["unauthenticated", "rate_limited", "unavailable"];

pub use names::NAMES;

/// Seconds: from a cached read to a run of hours.
const SECONDS: [f64; 16] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 300.0, 1_800.0, 7_200.0,
];
/// Keys of one batch: at most 256.
const KEYS: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// The text of all metrics, whenever it is asked for.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

/// Begins to record, for the whole process. `None` when that was begun before.
pub fn install() -> Option<Metrics> {
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
        .and_then(|builder| builder.set_buckets_for_metric(Matcher::Suffix("_keys".to_owned()), &KEYS))
        .expect("the buckets are not empty")
        .build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).ok()?;
    for (name, kind, help) in NAMES {
        match kind {
            names::Kind::Counter => describe_counter!(name, help),
            names::Kind::Gauge => describe_gauge!(name, help),
            names::Kind::Histogram => describe_histogram!(name, help),
        }
    }
    metrics_process::Collector::default().describe();
    // One that is first seen at 1 has not increased, as far as an alert can tell.
    for kind in RateKind::ALL {
        counter!("newbee_rate_limited_total", "kind" => kind.name()).increment(0);
    }
    for reason in REFUSAL_REASONS {
        counter!("newbee_refused_requests_total", "reason" => reason).increment(0);
    }
    Some(Metrics(handle))
}

impl Metrics {
    /// Everything in Prometheus' text format, the process's own memory and files included.
    pub fn text(&self) -> String {
        metrics_process::Collector::default().collect();
        self.0.run_upkeep();
        self.0.render()
    }
}

/// A request to any endpoint was answered, or its client went away (status 499).
///
/// `error_codes` are those of a GraphQL reply, or the number of a legacy one, with commas between: an error there counts
/// whatever the status is.
pub fn request_answered(kind: &'static str, status: u16, error_codes: &str, took: Duration) {
    let outcome = outcome(status, error_codes);
    counter!("newbee_requests_total", "kind" => kind, "outcome" => outcome).increment(1);
    histogram!("newbee_request_seconds", "kind" => kind).record(took.as_secs_f64());
}

fn outcome(status: u16, error_codes: &str) -> &'static str {
    // The legacy wire answers everything with HTTP 200; its number 5 says that the fault is ours.
    let is_our_fault = |code: &str| matches!(code, "INTERNAL_SERVER_ERROR" | "5");
    match status {
        499 => "client_gone",
        // On the legacy wire a caller that asks too often is told number 5 as well.
        _ if error_codes.split(',').any(|code| code == "RATE_LIMITED") => "refused",
        500.. => "failed",
        _ if error_codes.split(',').any(is_our_fault) => "failed",
        400.. => "refused",
        _ if !error_codes.is_empty() => "refused",
        _ => "ok",
    }
}

/// What a rate limit counts by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateKind {
    /// Whatever an address asks.
    Address,
    /// Keys that are new here, by address: guesses, most of them.
    NewKey,
    Session,
    ApiKey,
}

impl RateKind {
    const ALL: [Self; 4] = [Self::Address, Self::NewKey, Self::Session, Self::ApiKey];

    fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::NewKey => "new_key",
            Self::Session => "session",
            Self::ApiKey => "api_key",
        }
    }
}

/// A request was refused because its caller asked too often.
pub fn rate_limited(kind: RateKind) {
    counter!("newbee_rate_limited_total", "kind" => kind.name()).increment(1);
}

/// A request was refused for a reason whose log lines are sampled: `unauthenticated`, `rate_limited` or `unavailable`.
pub fn request_refused(reason: &'static str) {
    counter!("newbee_refused_requests_total", "reason" => reason).increment(1);
}

/// One statement answered so many keys of so many requests.
pub fn batch_done(keys: usize, took: Duration) {
    histogram!("newbee_sql_batch_keys").record(keys as f64);
    histogram!("newbee_sql_batch_seconds").record(took.as_secs_f64());
}

/// A pool has so many connections, of which so many are at work.
pub fn pool(name: &'static str, connections: u32, idle: usize) {
    gauge!("newbee_sql_connections", "pool" => name, "state" => "idle").set(idle as f64);
    gauge!("newbee_sql_connections", "pool" => name, "state" => "busy").set(f64::from(connections) - idle as f64);
}

/// A run ended here, in the state that its row has now. Dry runs are an origin of their own.
pub fn run_ended(job: &'static str, state: &'static str, origin: String, took: Duration) {
    counter!("newbee_job_runs_total", "job" => job, "state" => state, "origin" => origin).increment(1);
    histogram!("newbee_job_run_seconds", "job" => job).record(took.as_secs_f64());
}

/// Who noticed that a lease was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeenBy {
    /// The process that held it, when it woke up. One that was killed never does.
    Holder,
    /// The process that found it expired and took the run away.
    Successor,
}

impl SeenBy {
    const ALL: [Self; 2] = [Self::Holder, Self::Successor];

    fn name(self) -> &'static str {
        match self {
            Self::Holder => "holder",
            Self::Successor => "successor",
        }
    }
}

/// A process fell silent for so long that a run was taken from it.
pub fn lease_lost(job: &'static str, seen_by: SeenBy) {
    counter!("newbee_job_lease_lost_total", "job" => job, "seen_by" => seen_by.name()).increment(1);
}

/// Begins the counters of a job at zero: one that is first seen at 1 has not increased, as far as an alert can tell.
pub fn introduce_job(job: &'static str) {
    counter!("newbee_job_missed_total", "job" => job).increment(0);
    counter!("newbee_job_overlap_skipped_total", "job" => job).increment(0);
    for seen_by in SeenBy::ALL {
        counter!("newbee_job_lease_lost_total", "job" => job, "seen_by" => seen_by.name()).increment(0);
    }
}

/// Due times passed that nobody will make up for.
pub fn due_times_missed(job: &'static str, count: usize) {
    counter!("newbee_job_missed_total", "job" => job).increment(count as u64);
}

/// Due times were overtaken by later ones while a run of the job went on.
pub fn overlap_skipped(job: &'static str, count: u64) {
    counter!("newbee_job_overlap_skipped_total", "job" => job).increment(count);
}

/// The scheduler looked what is due, at this Unix time.
pub fn ticked(at: f64) {
    gauge!("newbee_scheduler_last_tick_timestamp_seconds").set(at);
}

/// This machine's clock is so far ahead of the database's.
pub fn clock_skew(seconds: f64) {
    gauge!("newbee_clock_skew_seconds").set(seconds);
}

/// A committed batch paid so many awards.
pub fn settled(awards: i64) {
    counter!("newbee_settlement_awards_total").increment(u64::try_from(awards).unwrap_or(0));
}

/// So many subscriptions are live.
pub fn live_subscriptions(count: usize) {
    gauge!("newbee_live_subscriptions").set(count as f64);
}

/// A change was handed to a subscription.
pub fn live_event() {
    counter!("newbee_live_events_total").increment(1);
}

/// Changes that Postgres told of had been read so long after it told.
pub fn live_lag(lag: Duration) {
    histogram!("newbee_live_lag_seconds").record(lag.as_secs_f64());
}

/// What a scrape learnt from the database; `name` is one of [`NAMES`].
pub fn learnt(name: &'static str, value: f64) {
    gauge!(name).set(value);
}

/// The same of one job.
pub fn learnt_of_job(name: &'static str, job: &'static str, value: f64) {
    gauge!(name, "job" => job).set(value);
}

#[cfg(test)]
mod tests {
    use super::outcome;

    #[test]
    fn a_reply_counts_by_whose_fault_it_is_at_every_door() {
        for (status, codes, expected) in [
            (200, "", "ok"),
            (200, "102", "refused"),
            (200, "205", "refused"),
            (200, "5", "failed"),
            (200, "5,SERVICE_UNAVAILABLE", "failed"),
            (200, "5,RATE_LIMITED", "refused"),
            (429, "RATE_LIMITED", "refused"),
            (200, "FORBIDDEN,INTERNAL_SERVER_ERROR", "failed"),
            (401, "UNAUTHENTICATED", "refused"),
            (503, "SERVICE_UNAVAILABLE", "failed"),
            (499, "", "client_gone"),
        ] {
            assert_eq!(outcome(status, codes), expected, "{status} {codes}");
        }
    }
}

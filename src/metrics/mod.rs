//! Prometheus metrics of this process. Recording has no cost until [`install`] is called.
//!
//! Labels are bounded: they never contain a user, key, code or text from a client. Metrics that are read from the
//! database are set at each scrape by [`crate::scheduler::standing`].

use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

mod names;

use crate::version::{COMMIT, VERSION};

/// Values of the label `reason` of `newbee_refused_requests_total`.
const REFUSAL_REASONS: [&str; 3] = ["unauthenticated", "rate_limited", "unavailable"];

pub use names::NAMES;

/// Histogram buckets in seconds, from a cached read to a run of hours.
const SECONDS: [f64; 16] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 300.0, 1_800.0, 7_200.0,
];
/// Histogram buckets of keys per batch, at most 256.
const KEYS: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// Interval in which recorded durations are added to the histograms. Until then, each one takes memory.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// Handle for rendering all metrics.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

/// Starts recording, for the whole process. Returns `None` if recording was already started.
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
    gauge!("newbee_build_info", "version" => VERSION, "commit" => COMMIT).set(1.0);
    // Start at zero: a counter first scraped at 1 does not count as an increase for alerts.
    for kind in RateKind::ALL {
        counter!("newbee_rate_limited_total", "kind" => kind.name()).increment(0);
    }
    for side in ReadSide::ALL {
        counter!("newbee_reads_total", "server" => side.name()).increment(0);
    }
    for reason in REFUSAL_REASONS {
        counter!("newbee_refused_requests_total", "reason" => reason).increment(0);
    }
    Some(Metrics(handle))
}

impl Metrics {
    /// Renders all metrics in the Prometheus text format, including the memory and files of the process.
    pub fn text(&self) -> String {
        metrics_process::Collector::default().collect();
        self.0.run_upkeep();
        self.0.render()
    }

    /// Bounds the memory of recorded durations, also while nobody scrapes; does not return.
    pub async fn keep_up(&self) {
        loop {
            tokio::time::sleep(UPKEEP_INTERVAL).await;
            self.0.run_upkeep();
        }
    }
}

/// Records that a request was answered, or that its client disconnected (status 499).
///
/// `error_codes` are the comma-separated codes of a GraphQL response, or the status number of a legacy response: errors
/// are counted regardless of the HTTP status.
pub fn request_answered(kind: &'static str, status: u16, error_codes: &str, took: Duration) {
    let outcome = outcome(status, error_codes);
    counter!("newbee_requests_total", "kind" => kind, "outcome" => outcome).increment(1);
    histogram!("newbee_request_seconds", "kind" => kind).record(took.as_secs_f64());
}

fn outcome(status: u16, error_codes: &str) -> &'static str {
    // The legacy API always responds with HTTP 200; its status 5 is an internal error.
    let is_our_fault = |code: &str| matches!(code, "INTERNAL_SERVER_ERROR" | "5");
    match status {
        499 => "client_gone",
        // The legacy API also responds with status 5 to rate-limited clients.
        _ if error_codes.split(',').any(|code| code == "RATE_LIMITED") => "refused",
        500.. => "failed",
        _ if error_codes.split(',').any(is_our_fault) => "failed",
        400.. => "refused",
        _ if !error_codes.is_empty() => "refused",
        _ => "ok",
    }
}

/// Key of a rate limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateKind {
    /// All requests of an address.
    Address,
    /// Requests of an address with unknown keys, which are mostly guesses.
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

/// Records that a request exceeded a rate limit.
pub fn rate_limited(kind: RateKind) {
    counter!("newbee_rate_limited_total", "kind" => kind.name()).increment(1);
}

/// Records a rejected request whose log lines are sampled: `unauthenticated`, `rate_limited` or `unavailable`.
pub fn request_refused(reason: &'static str) {
    counter!("newbee_refused_requests_total", "reason" => reason).increment(1);
}

/// Records a batched statement: its number of keys and its duration.
pub fn batch_done(keys: usize, took: Duration) {
    histogram!("newbee_sql_batch_keys").record(keys as f64);
    histogram!("newbee_sql_batch_seconds").record(took.as_secs_f64());
}

/// Sets the number of connections of a pool, and how many of them are idle.
pub fn pool(name: &'static str, connections: u32, idle: usize) {
    gauge!("newbee_sql_connections", "pool" => name, "state" => "idle").set(idle as f64);
    gauge!("newbee_sql_connections", "pool" => name, "state" => "busy").set(f64::from(connections) - idle as f64);
}

/// Server that answered a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadSide {
    Primary,
    Replica,
}

impl ReadSide {
    const ALL: [Self; 2] = [Self::Primary, Self::Replica];

    fn name(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Replica => "replica",
        }
    }
}

/// Records that a server answered a statement that may go to a replica.
pub fn read_at(side: ReadSide) {
    counter!("newbee_reads_total", "server" => side.name()).increment(1);
}

/// Sets the delay of a replica, and whether reads avoid it although it is not the primary.
pub fn replica(address: &str, lag: Duration, is_unused: bool) {
    gauge!("newbee_replica_lag_seconds", "replica" => address.to_owned()).set(lag.as_secs_f64());
    gauge!("newbee_replica_unused", "replica" => address.to_owned()).set(f64::from(u8::from(is_unused)));
}

/// Records that a run ended in this process, with its current state. Dry runs have a separate origin.
pub fn run_ended(job: &'static str, state: &'static str, origin: String, took: Duration) {
    counter!("newbee_job_runs_total", "job" => job, "state" => state, "origin" => origin).increment(1);
    histogram!("newbee_job_run_seconds", "job" => job).record(took.as_secs_f64());
}

/// Process that detected a lost lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeenBy {
    /// The former holder, when it resumed. A killed process is never counted here.
    Holder,
    /// The process that found the lease expired and took over the run.
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

/// Records that a run was taken over because its lease expired.
pub fn lease_lost(job: &'static str, seen_by: SeenBy) {
    counter!("newbee_job_lease_lost_total", "job" => job, "seen_by" => seen_by.name()).increment(1);
}

/// Creates the counters of a job at zero: a counter first scraped at 1 does not count as an increase for alerts.
pub fn introduce_job(job: &'static str) {
    counter!("newbee_job_missed_total", "job" => job).increment(0);
    counter!("newbee_job_overlap_skipped_total", "job" => job).increment(0);
    for seen_by in SeenBy::ALL {
        counter!("newbee_job_lease_lost_total", "job" => job, "seen_by" => seen_by.name()).increment(0);
    }
}

/// Records due times that passed and will not be made up for.
pub fn due_times_missed(job: &'static str, count: usize) {
    counter!("newbee_job_missed_total", "job" => job).increment(count as u64);
}

/// Records due times that were superseded by later ones while a run of the job was in progress.
pub fn overlap_skipped(job: &'static str, count: u64) {
    counter!("newbee_job_overlap_skipped_total", "job" => job).increment(count);
}

/// Records a tick of the scheduler, as Unix time in seconds.
pub fn ticked(at: f64) {
    gauge!("newbee_scheduler_last_tick_timestamp_seconds").set(at);
}

/// Sets the number of seconds by which this machine's clock is ahead of the database's.
pub fn clock_skew(seconds: f64) {
    gauge!("newbee_clock_skew_seconds").set(seconds);
}

/// Records the number of awards paid by a committed batch.
pub fn settled(awards: i64) {
    counter!("newbee_settlement_awards_total").increment(u64::try_from(awards).unwrap_or(0));
}

/// Records an attempt to send changes to an endpoint: `delivered`, `failed`, `gave_up` or `gone`.
pub fn webhook_attempt(outcome: &'static str) {
    counter!("newbee_webhook_attempts_total", "outcome" => outcome).increment(1);
}

/// Sets the number of live subscriptions.
pub fn live_subscriptions(count: usize) {
    gauge!("newbee_live_subscriptions").set(count as f64);
}

/// Records that a change was delivered to a subscription.
pub fn live_event() {
    counter!("newbee_live_events_total").increment(1);
}

/// Records the time from a Postgres notification until its changes had been read.
pub fn live_lag(lag: Duration) {
    histogram!("newbee_live_lag_seconds").record(lag.as_secs_f64());
}

/// Sets a gauge that was read from the database at a scrape; `name` is one of [`NAMES`].
pub fn learnt(name: &'static str, value: f64) {
    gauge!(name).set(value);
}

/// Like [`learnt`], for one job.
pub fn learnt_of_job(name: &'static str, job: &'static str, value: f64) {
    gauge!(name, "job" => job).set(value);
}

#[cfg(test)]
mod tests {
    use super::outcome;

    #[test]
    fn replies_are_counted_by_outcome_at_every_endpoint() {
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

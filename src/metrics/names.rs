//! All metrics with name, kind and help text.

/// Kind of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Increases until the process ends.
    Counter,
    Gauge,
    Histogram,
}
use Kind::{Counter, Gauge, Histogram};

/// Name, kind, help.
pub const NAMES: [(&str, Kind, &str); 44] = [
    (
        "newbee_build_info",
        Gauge,
        "Always 1; the labels are the version and the commit of this process.",
    ),
    (
        "newbee_requests_total",
        Counter,
        "Requests by kind (query, mutation, subscription, legacy; unknown if it was not parsed) and outcome (ok, refused, failed, client_gone).",
    ),
    ("newbee_request_seconds", Histogram, "Duration of requests, by kind."),
    (
        "newbee_rate_limited_total",
        Counter,
        "Requests rejected by rate limits, by kind of limit: address; new_key (unknown keys per address); session; api_key.",
    ),
    (
        "newbee_refused_requests_total",
        Counter,
        "Requests rejected, by reason: unauthenticated, rate_limited, unavailable. Log lines are limited to one per second and reason.",
    ),
    (
        "newbee_sql_batch_keys",
        Histogram,
        "Number of keys per batched statement.",
    ),
    (
        "newbee_sql_batch_seconds",
        Histogram,
        "Duration of batched statements, including the wait for a connection.",
    ),
    (
        "newbee_sql_connections",
        Gauge,
        "Database connections of this process by pool and state (busy, idle).",
    ),
    (
        "newbee_database_up",
        Gauge,
        "1 if the database responded to this scrape; if 0, metrics that are read from the database keep their previous values.",
    ),
    (
        "newbee_reads_total",
        Counter,
        "Statements that replicas may answer, by the server that did (replica, primary); not counted without NEWBEE_READ_DATABASE_URL.",
    ),
    (
        "newbee_replica_lag_seconds",
        Gauge,
        "Time for which a host of NEWBEE_READ_DATABASE_URL has lacked the oldest change that it has not replayed; 0 if it lacks none, by replica.",
    ),
    (
        "newbee_replica_unused",
        Gauge,
        "1 while reads avoid a host of NEWBEE_READ_DATABASE_URL that is not the primary, because it is down, late or not synchronous, by replica.",
    ),
    (
        "newbee_job_runs_total",
        Counter,
        "Runs that ended in this process, by job, state and origin; runs with origin dry_run change nothing.",
    ),
    (
        "newbee_job_run_seconds",
        Histogram,
        "Duration of runs in this process, by job.",
    ),
    (
        "newbee_job_lease_lost_total",
        Counter,
        "Runs whose lease expired without a heartbeat, by job and by the process that detected it: holder (the former one, after it resumed) or successor (the one that took over the run).",
    ),
    (
        "newbee_job_missed_total",
        Counter,
        "Missed due times that are not made up for, by job.",
    ),
    (
        "newbee_job_overlap_skipped_total",
        Counter,
        "Due times superseded by later ones while a run was in progress, by job.",
    ),
    (
        "newbee_job_last_success_timestamp_seconds",
        Gauge,
        "End of the last successful run as Unix time, by job; 0 if there was none.",
    ),
    (
        "newbee_job_consecutive_failures",
        Gauge,
        "Number of consecutive failures of the latest runs, by job; at most 10.",
    ),
    (
        "newbee_job_lag_seconds",
        Gauge,
        "Age of the oldest due time whose run is not over, by job, including paused jobs; 0 if disabled.",
    ),
    (
        "newbee_job_period_seconds",
        Gauge,
        "Time between the next two due times, by job.",
    ),
    ("newbee_job_paused", Gauge, "1 while the job is paused, by job."),
    (
        "newbee_job_paused_since_timestamp_seconds",
        Gauge,
        "Start of the pause as Unix time, by job; 0 if the job is not paused.",
    ),
    (
        "newbee_settlement_awards_total",
        Counter,
        "Awards settled by this process.",
    ),
    (
        "newbee_settlement_due",
        Gauge,
        "Awards that are due and not settled; counted up to 1,000,000.",
    ),
    (
        "newbee_settlement_oldest_due_seconds",
        Gauge,
        "Time since the oldest award that is neither settled nor parked became due; 0 if there is none.",
    ),
    (
        "newbee_settlement_parked",
        Gauge,
        "Awards that could not be paid and wait for an operator; counted up to 10,000.",
    ),
    (
        "newbee_ledger_invariant_violations",
        Gauge,
        "Violations found by the latest finished audit of the books.",
    ),
    (
        "newbee_audit_unfinished_checks",
        Gauge,
        "Checks that the latest audit could not finish.",
    ),
    (
        "newbee_audit_last_timestamp_seconds",
        Gauge,
        "End of the latest finished audit as Unix time; 0 if there was none.",
    ),
    (
        "newbee_business_days_open",
        Gauge,
        "Business days that could be closed and are not.",
    ),
    (
        "newbee_business_days_closed_ahead",
        Gauge,
        "Business days that are closed although they are not over.",
    ),
    (
        "newbee_word_beacons_due",
        Gauge,
        "Word campaigns whose public randomness exists but has not been entered, so that no share can be claimed; counted up to 100.",
    ),
    (
        "newbee_webhook_attempts_total",
        Counter,
        "Requests to endpoints of the host application by this process, by outcome: delivered, failed, gave_up, gone.",
    ),
    (
        "newbee_webhook_consecutive_failures",
        Gauge,
        "Highest number of consecutive failures of any active endpoint.",
    ),
    (
        "newbee_webhook_pending",
        Gauge,
        "Changes that are not delivered yet, over all active endpoints; counted up to 100,000 each.",
    ),
    (
        "newbee_webhook_oldest_pending_seconds",
        Gauge,
        "Age of the oldest change that an active endpoint has not received; 0 if there is none.",
    ),
    (
        "newbee_webhook_dead_letters",
        Gauge,
        "Requests to endpoints that were given up and not put back into delivery.",
    ),
    (
        "newbee_budgets_nearly_spent",
        Gauge,
        "Budgets of rules, per day or in total, of which less than a tenth is left.",
    ),
    (
        "newbee_live_subscriptions",
        Gauge,
        "Live subscriptions in this process.",
    ),
    (
        "newbee_live_events_total",
        Counter,
        "Award changes delivered to subscriptions by this process.",
    ),
    (
        "newbee_live_lag_seconds",
        Histogram,
        "Time from a Postgres notification until all subscribers with room had the changes; a long open transaction delays the changes after it.",
    ),
    (
        "newbee_scheduler_last_tick_timestamp_seconds",
        Gauge,
        "Last check for due runs by the scheduler of this process, as Unix time.",
    ),
    (
        "newbee_clock_skew_seconds",
        Gauge,
        "Time by which this machine's clock is ahead of the database's.",
    ),
];

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
pub const NAMES: [(&str, Kind, &str); 34] = [
    (
        "newbee_requests_total",
        Counter,
        "Requests by kind (query, mutation, subscription, legacy; unknown before it is read) and outcome (ok, refused, failed, client_gone).",
    ),
    ("newbee_request_seconds", Histogram, "How long a request took, by kind."),
    (
        "newbee_rate_limited_total",
        Counter,
        "Requests refused because their caller asked too often, by kind: address; new_key, an address by unknown keys; session; api_key.",
    ),
    (
        "newbee_refused_requests_total",
        Counter,
        "Requests refused by reason: unauthenticated, rate_limited, unavailable. The log has one line a second of each.",
    ),
    (
        "newbee_sql_batch_keys",
        Histogram,
        "How many keys one batched statement answered.",
    ),
    (
        "newbee_sql_batch_seconds",
        Histogram,
        "How long a batched statement took, its wait for a connection included.",
    ),
    (
        "newbee_sql_connections",
        Gauge,
        "Database connections of this process by pool and state (busy, idle).",
    ),
    (
        "newbee_database_up",
        Gauge,
        "1 when the database answered this scrape; when it is 0 what is read from it stays as it was.",
    ),
    (
        "newbee_job_runs_total",
        Counter,
        "Runs that ended in this process by job, state and origin; origin dry_run changes nothing.",
    ),
    (
        "newbee_job_run_seconds",
        Histogram,
        "How long a run took in this process, by job.",
    ),
    (
        "newbee_job_lease_lost_total",
        Counter,
        "Runs that were taken from a process because it fell silent, by job and by who saw it: holder, the silent one once it woke up; successor, who took the run.",
    ),
    (
        "newbee_job_missed_total",
        Counter,
        "Due times that passed and are not made up for, by job.",
    ),
    (
        "newbee_job_overlap_skipped_total",
        Counter,
        "Due times overtaken by later ones while a run went on, by job.",
    ),
    (
        "newbee_job_last_success_timestamp_seconds",
        Gauge,
        "When the last run that succeeded ended, in Unix time, by job; 0 when none did.",
    ),
    (
        "newbee_job_consecutive_failures",
        Gauge,
        "How many of the newest runs failed in a row, by job; at most 10.",
    ),
    (
        "newbee_job_lag_seconds",
        Gauge,
        "How long ago the oldest due time was whose run is not over, by job, also while it is paused; 0 when disabled.",
    ),
    (
        "newbee_job_period_seconds",
        Gauge,
        "How far the next two due times are apart, by job.",
    ),
    ("newbee_job_paused", Gauge, "1 while somebody paused the job, by job."),
    (
        "newbee_job_paused_since_timestamp_seconds",
        Gauge,
        "Since when the job is paused, in Unix time, by job; 0 when it is not.",
    ),
    (
        "newbee_settlement_awards_total",
        Counter,
        "Awards that this process settled.",
    ),
    (
        "newbee_settlement_due",
        Gauge,
        "Awards that are due and not settled; counted up to 1,000,000.",
    ),
    (
        "newbee_settlement_oldest_due_seconds",
        Gauge,
        "How long the oldest award has been due that is neither settled nor parked; 0 when there is none.",
    ),
    (
        "newbee_settlement_parked",
        Gauge,
        "Awards that could not be paid and wait for somebody; counted up to 10,000.",
    ),
    (
        "newbee_ledger_invariant_violations",
        Gauge,
        "What the newest finished audit of the books found.",
    ),
    (
        "newbee_audit_unfinished_checks",
        Gauge,
        "Checks that the newest audit could not finish.",
    ),
    (
        "newbee_audit_last_timestamp_seconds",
        Gauge,
        "When the newest finished audit ended, in Unix time; 0 when there was none.",
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
        "Word campaigns whose public randomness exists and was not entered, so that no share can be claimed; counted up to 100.",
    ),
    (
        "newbee_live_subscriptions",
        Gauge,
        "Subscriptions that are live in this process.",
    ),
    (
        "newbee_live_events_total",
        Counter,
        "Changes of awards that this process handed to subscriptions.",
    ),
    (
        "newbee_live_lag_seconds",
        Histogram,
        "How long after Postgres told of changes all subscribers with room had them; a transaction that stays open holds back those after it.",
    ),
    (
        "newbee_scheduler_last_tick_timestamp_seconds",
        Gauge,
        "When the scheduler of this process last looked what is due, in Unix time.",
    ),
    (
        "newbee_clock_skew_seconds",
        Gauge,
        "How far this machine's clock is ahead of the database's.",
    ),
];

//! The run ledger: one row per due time or request, and the lease that permits one process to work on a run.
//!
//! Postgres guarantees exclusivity: a unique key prevents a second row of a due time, a partial unique index a second
//! running run of a job, and the lease's token fences off a process that stopped sending heartbeats. Leases use the
//! database's `clock_timestamp()` only.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use uuid::Uuid;

pub mod cancel;
pub mod claim;
pub mod due;
pub mod lease;
pub mod listing;
pub mod pause;
pub mod prune;
pub mod requests;

/// Run to be recorded: a due time, a request, or skipped times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRun {
    /// Unique key of the run, such as `schedule:2026-11-22T00:05@Asia/Shanghai`.
    pub run_key: String,
    pub scheduled_for: DateTime<Utc>,
    /// Business day of the run; `None` for jobs without a day.
    pub business_day: Option<NaiveDate>,
    /// Reason for skipping the run; `None` if it is to be run.
    pub skipped_because: Option<String>,
}

/// Right to work on one run, until it expires, is taken over, or the run ends.
#[derive(Clone, Debug)]
pub struct Lease {
    pub run_id: i64,
    pub token: Uuid,
    /// Duration by which each heartbeat and each batch renews the lease.
    pub duration: Duration,
}

/// Run that this process has claimed.
#[derive(Clone, Debug)]
pub struct ClaimedRun {
    pub lease: Lease,
    pub scheduled_for: DateTime<Utc>,
    pub business_day: Option<NaiveDate>,
    /// SCHEDULE, MANUAL or BACKFILL.
    pub origin: String,
    /// True if its batches are to be rolled back.
    pub dry_run: bool,
    /// Number of the attempt, starting at 1; greater if earlier holders died or lost their database connection.
    pub attempt: i32,
    /// Progress that earlier attempts committed together with their effects.
    pub progress: Option<Value>,
}

/// The lease is no longer held by this process: the current transaction must not commit.
#[derive(Debug, thiserror::Error)]
#[error("the lease of run {run_id} expired or was taken over: nothing more of it is committed by this process")]
pub struct LeaseLost {
    pub run_id: i64,
}

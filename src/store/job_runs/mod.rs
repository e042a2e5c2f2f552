//! The run ledger: one row per due time or request, and the lease that says who may work on it.
//!
//! Postgres decides everything here: a unique key makes one row of a due time, a partial unique index one running run of
//! a job, and the lease's token fences off a process that fell silent. Leases go by the database's `clock_timestamp()` alone.

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

/// A run about to be written down: a due time, a request, or times that are skipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRun {
    /// What makes it "once": `schedule:2026-11-22T00:05@Asia/Shanghai`.
    pub run_key: String,
    pub scheduled_for: DateTime<Utc>,
    /// The day it is about; `None` for jobs that take no day.
    pub business_day: Option<NaiveDate>,
    /// Why it is skipped; `None` when it is to be run.
    pub skipped_because: Option<String>,
}

/// The right to work on one run: good until it expires, is taken over or the run is over.
#[derive(Clone, Debug)]
pub struct Lease {
    pub run_id: i64,
    pub token: Uuid,
    /// For how long each heartbeat and each batch renews it.
    pub duration: Duration,
}

/// A run that this process may now work on.
#[derive(Clone, Debug)]
pub struct ClaimedRun {
    pub lease: Lease,
    pub scheduled_for: DateTime<Utc>,
    pub business_day: Option<NaiveDate>,
    /// SCHEDULE, MANUAL or BACKFILL.
    pub origin: String,
    /// Its batches are to be rolled back.
    pub dry_run: bool,
    /// 1 the first time; more when earlier holders died or lost their database.
    pub attempt: i32,
    /// What earlier attempts saved together with their effects.
    pub progress: Option<Value>,
}

/// The lease is no longer ours: whatever was about to be committed must not be.
#[derive(Debug, thiserror::Error)]
#[error("the lease of run {run_id} expired or was taken over: nothing more of it is committed by this process")]
pub struct LeaseLost {
    pub run_id: i64,
}

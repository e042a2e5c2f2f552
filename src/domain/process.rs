//! A running process of newbee, as it records itself for ops.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// The identity of one process, fixed at its start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessInfo {
    pub id: Uuid,
    /// `host:pid`, as leases of job runs name it.
    pub name: String,
    /// The version of the program.
    pub version: String,
    /// True when it runs scheduled jobs.
    pub scheduler: bool,
    pub started_at: DateTime<Utc>,
}

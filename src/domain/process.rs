//! A running newbee process, as it records itself for operators.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Identity of a process, fixed at its start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessInfo {
    pub id: Uuid,
    /// `host:pid`, as in the leases of job runs.
    pub name: String,
    /// Program version.
    pub version: String,
    /// True if the process runs scheduled jobs.
    pub scheduler: bool,
    pub started_at: DateTime<Utc>,
}

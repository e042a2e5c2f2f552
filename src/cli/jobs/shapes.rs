//! Jobs and runs of the admin API: the GraphQL operations and the fields of their responses.

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cli::admin::{Admin, read};

/// Query for all jobs with their newest runs.
const JOBS: &str = concat!(
    "{ jobs { name description takesDay enabled schedule catchUp pausedAt pausedBy pauseReason running { ",
    run_fields!(),
    " } lastRun { ",
    run_fields!(),
    " } nextDueAt nextDueLocal backlog { count unit } lagSeconds attention recentRuns { id state hadEffect tookMs } } }"
);

const RUNS: &str = concat!(
    "query ($job: String, $state: JobRunState, $first: Int!, $below: ID) {
         jobRuns(job: $job, state: $state, first: $first, below: $below) { ",
    run_fields!(),
    " } }"
);

const RUN: &str = concat!("query ($id: ID!) { jobRun(id: $id) { ", run_fields!(), " } }");

/// Maximum page size of the API, in runs.
pub const PAGE: usize = 100;

/// A job.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    pub name: String,
    pub enabled: bool,
    pub schedule: String,
    pub paused_at: Option<DateTime<Utc>>,
    pub paused_by: Option<String>,
    pub pause_reason: Option<String>,
    pub running: Option<Run>,
    pub last_run: Option<Run>,
    pub next_due_at: Option<DateTime<Utc>>,
    pub next_due_local: Option<DateTime<FixedOffset>>,
    pub backlog: Option<Backlog>,
    pub lag_seconds: i64,
    pub attention: Option<String>,
}

impl Job {
    pub fn has_failed(&self) -> bool {
        self.last_run.as_ref().is_some_and(|run| run.state == "FAILED")
    }

    /// Returns a short text if the job needs attention.
    pub fn look(&self) -> Option<String> {
        let name = &self.name;
        match (self.enabled, self.paused_at, self.has_failed(), &self.attention) {
            (false, ..) => Some(format!("{name} is off")),
            (true, Some(_), ..) => Some(format!("{name} is paused")),
            (true, None, true, _) => Some(format!("{name} failed")),
            (true, None, false, Some(_)) => Some(name.clone()),
            (true, None, false, None) => None,
        }
    }
}

/// Pending work of a job.
#[derive(Debug, Deserialize)]
pub struct Backlog {
    pub count: i64,
}

/// A run.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Run {
    pub id: String,
    pub job: String,
    pub state: String,
    pub origin: String,
    pub scheduled_for: DateTime<Utc>,
    pub business_day: Option<NaiveDate>,
    pub dry_run: bool,
    pub backfill_from: Option<NaiveDate>,
    pub backfill_to: Option<NaiveDate>,
    pub attempt: i32,
    pub process: Option<String>,
    pub heartbeat_at: Option<DateTime<Utc>>,
    pub requested_by: String,
    pub reason: Option<String>,
    pub cancel_requested_at: Option<DateTime<Utc>>,
    pub cancel_requested_by: Option<String>,
    pub progress: Option<Value>,
    pub report: Option<Value>,
    pub had_effect: Option<bool>,
    pub error: Option<String>,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
}

/// Filter for runs.
#[derive(Clone, Debug, Default)]
pub struct Wanted<'a> {
    pub job: Option<&'a str>,
    pub state: Option<&'a str>,
    /// Run ID; only older runs are returned.
    pub below: Option<&'a str>,
}

/// Returns all jobs, as JSON and deserialised.
///
/// # Errors
/// The response has `errors`.
pub async fn jobs(admin: &Admin) -> anyhow::Result<(Value, Vec<Job>)> {
    let value = admin.ask("jobs", JOBS, json!({})).await?;
    let jobs = read(&value)?;
    Ok((value, jobs))
}

/// Returns one job as JSON; null if there is no job with this name.
///
/// # Errors
/// The response has `errors`.
pub async fn job(admin: &Admin, name: &str) -> anyhow::Result<Value> {
    let jobs = admin.ask("jobs", JOBS, json!({})).await?;
    let found = jobs.as_array().into_iter().flatten().find(|job| job["name"] == name);
    Ok(found.cloned().unwrap_or_default())
}

/// Returns a page of runs, newest first.
///
/// # Errors
/// The response has `errors`.
pub async fn runs(admin: &Admin, wanted: &Wanted<'_>, first: usize) -> anyhow::Result<Vec<Value>> {
    let variables = json!({ "job": wanted.job, "state": wanted.state, "first": first, "below": wanted.below });
    match admin.ask("jobRuns", RUNS, variables).await? {
        Value::Array(runs) => Ok(runs),
        _ => Ok(Vec::new()),
    }
}

/// Returns one run; `None` if there is no run with this ID.
///
/// # Errors
/// The response has `errors`.
pub async fn run(admin: &Admin, run_id: i64) -> anyhow::Result<Option<Value>> {
    let run = admin.ask("jobRun", RUN, json!({ "id": run_id.to_string() })).await?;
    Ok(Some(run).filter(|run| !run.is_null()))
}

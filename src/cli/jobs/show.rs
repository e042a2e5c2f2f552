//! `newbee jobs show`.

use std::process::ExitCode;

use anyhow::Context;
use chrono::{DateTime, Utc};

use super::sentence::did;
use super::shapes;
use crate::cli::admin::Admin;
use crate::cli::output;
use crate::cli::table::{Rows, local, took, utc};
use crate::scheduler::Scheduler;
use crate::store::job_runs::listing::{self, RunRow};

/// Prints the details of a run.
///
/// # Errors
/// The run is unknown, a read fails, or standard output cannot be written.
pub async fn print(scheduler: &Scheduler, admin: &Admin, run_id: i64, as_json: bool) -> anyhow::Result<ExitCode> {
    let run = listing::run(&scheduler.ledger.pools.jobs, run_id).await?;
    let run = run.with_context(|| format!("There is no run {run_id}. See: newbee jobs history"))?;
    if as_json {
        output::json(&shapes::run(admin, run_id).await?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut lines = Rows::without_header(2);
    for (name, value) in facts(scheduler, &run) {
        if let Some(value) = value {
            lines.fact(name, value);
        }
    }
    let mut text = lines.into_text();
    // The report equals the last progress, so only one of them is printed.
    let report = run.report.as_ref().map(|report| ("report", report));
    if let Some((name, value)) = report.or(run.progress.as_ref().map(|progress| ("progress", progress))) {
        text.push_str(&format!("\n\n{name}:\n{}", serde_json::to_string_pretty(value)?));
    }
    output::line(text)?;
    Ok(ExitCode::SUCCESS)
}

/// Returns the names and values of a run's fields except report and progress; `None` for a missing value.
fn facts(scheduler: &Scheduler, run: &RunRow) -> Vec<(&'static str, Option<String>)> {
    let zone = scheduler.ledger.calendar.time_zone;
    let both = |at: DateTime<Utc>| format!("{} UTC, {}", utc(at), local(at.with_timezone(&zone)));
    vec![
        ("run", Some(run.run_id.to_string())),
        ("job", Some(run.job.clone())),
        ("state", Some(run.state.clone())),
        ("business day", run.business_day.map(|day| day.to_string())),
        ("due", Some(both(run.scheduled_for))),
        ("origin", Some(run.origin.clone())),
        ("dry run", run.dry_run.then(|| "yes: nothing was changed".to_owned())),
        (
            "back-fill",
            run.backfill_from
                .zip(run.backfill_to)
                .map(|(from, to)| format!("{from} to {to}")),
        ),
        ("key", Some(run.run_key.clone())),
        (
            "what",
            run.report
                .as_ref()
                .or(run.progress.as_ref())
                .and_then(|done| did(&run.job, done)),
        ),
        ("requested by", Some(run.requested_by.clone())),
        ("reason", run.reason.clone()),
        ("cancellation requested", run.cancel_requested_at.map(both)),
        ("cancelled by", run.cancel_requested_by.clone()),
        ("attempt", Some(run.attempt.to_string())),
        ("process", run.lease_owner.clone()),
        ("last heartbeat", run.heartbeat_at.map(both)),
        ("lease until", run.lease_expires_at.map(both)),
        ("queued", Some(both(run.created_at))),
        ("started", run.started_at.map(both)),
        ("ended", run.ended_at.map(both)),
        (
            "took",
            run.started_at.zip(run.ended_at).map(|(from, to)| took(to - from)),
        ),
        ("error", run.error.clone()),
    ]
}

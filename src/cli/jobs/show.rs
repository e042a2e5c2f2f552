//! `newbee jobs show`.

use std::process::ExitCode;

use anyhow::Context;
use chrono::{DateTime, Utc};

use crate::cli::table::{local, plain_table, took, utc};
use crate::scheduler::Scheduler;
use crate::store::job_runs::listing::{self, RunRow};

pub async fn print(scheduler: &Scheduler, run_id: i64, as_json: bool) -> anyhow::Result<ExitCode> {
    let run = listing::run(&scheduler.ledger.pools.jobs, run_id).await?;
    let run = run.with_context(|| format!("there is no run {run_id}; `newbee jobs history` shows those there are"))?;
    if as_json {
        println!("{}", serde_json::to_string_pretty(&run)?);
        return Ok(ExitCode::SUCCESS);
    }
    let mut lines = plain_table();
    for (name, value) in facts(scheduler, &run) {
        if let Some(value) = value {
            lines.add_row([name.to_owned(), value]);
        }
    }
    println!("{lines}");
    // The report is the last progress, so one of them is enough.
    let told = run.report.as_ref().map(|report| ("report", report));
    if let Some((name, value)) = told.or(run.progress.as_ref().map(|progress| ("progress", progress))) {
        println!("\n{name}:\n{}", serde_json::to_string_pretty(value)?);
    }
    Ok(ExitCode::SUCCESS)
}

/// What there is to tell, but for report and progress; `None` where there is nothing.
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
        ("asked for by", Some(run.requested_by.clone())),
        ("reason", run.reason.clone()),
        ("to be cancelled since", run.cancel_requested_at.map(both)),
        ("cancelled by", run.cancel_requested_by.clone()),
        ("attempt", Some(run.attempt.to_string())),
        ("process", run.lease_owner.clone()),
        ("last sign of life", run.heartbeat_at.map(both)),
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

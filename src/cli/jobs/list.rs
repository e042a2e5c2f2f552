//! `newbee jobs list`.

use std::process::ExitCode;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::cli::table::{ago, local, table, took, utc};
use crate::domain::language::Language;
use crate::scheduler::Scheduler;
use crate::scheduler::attention;
use crate::scheduler::overview::{JobOverview, held_up};

pub async fn print(scheduler: &Scheduler, as_json: bool) -> anyhow::Result<ExitCode> {
    let (pool, now) = (&scheduler.ledger.pools.jobs, scheduler.ledger.clock.now());
    let mut shown = Vec::new();
    for job in scheduler.jobs.iter() {
        shown.push(scheduler.overview(job, pool).await?);
    }
    if as_json {
        println!(
            "{}",
            serde_json::to_string_pretty(&shown.iter().map(to_json).collect::<Vec<_>>())?
        );
        return Ok(ExitCode::SUCCESS);
    }
    let mut lines = table(&[
        "JOB",
        "STATE",
        "SCHEDULE",
        "LAST RUN",
        "BACKLOG",
        "LAG",
        "NEXT DUE (UTC)",
        "NEXT DUE (LOCAL)",
    ]);
    for shown in &shown {
        lines.add_row([
            shown.job.name().to_owned(),
            state(shown),
            shown.job.manifest.schedule.to_string(),
            last_run(shown, now),
            shown
                .backlog
                .map_or("-".to_owned(), |backlog| format!("{} {}", backlog.count, backlog.unit)),
            match shown.lag.num_seconds() {
                0 => "-".to_owned(),
                _ => took(shown.lag),
            },
            shown.next_due.map_or("-".to_owned(), |due| utc(due.to_utc())),
            shown.next_due.map_or("-".to_owned(), local),
        ]);
    }
    println!("{lines}");
    for shown in &shown {
        if let Some(attention) = attention::text(&shown.attention, Language::English) {
            println!("{}: {attention}", shown.job.name());
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn state(shown: &JobOverview) -> String {
    let held_up = held_up(&shown.job, shown.known.as_ref());
    match &shown.running {
        Some(run) => {
            let owner = run.lease_owner.as_deref().unwrap_or("?");
            let then = held_up.map_or(String::new(), |why| format!("; {why}"));
            format!("running on {owner}{then}")
        }
        None => held_up.unwrap_or_else(|| "enabled".to_owned()),
    }
}

fn last_run(shown: &JobOverview, now: DateTime<Utc>) -> String {
    match shown.last.as_ref().and_then(|run| Some((run, run.ended_at?))) {
        None => "never".to_owned(),
        Some((run, ended)) => {
            let error = run.error.as_ref().map_or(String::new(), |error| format!(": {error}"));
            format!("{} {}{error}", run.state, ago(ended, now))
        }
    }
}

fn to_json(shown: &JobOverview) -> Value {
    let (manifest, known) = (&shown.job.manifest, shown.known.as_ref());
    json!({
        "job": shown.job.name(),
        "description": manifest.description,
        "enabled": manifest.enabled,
        "paused_at": known.and_then(|known| known.paused_at),
        "paused_by": known.and_then(|known| known.paused_by.as_ref()),
        "pause_reason": known.and_then(|known| known.pause_reason.as_ref()),
        "schedule": manifest.schedule.to_string(),
        "running": shown.running,
        "last_run": shown.last,
        "next_due": shown.next_due.map(|due| due.to_utc()),
        "next_due_local": shown.next_due.map(|due| due.to_rfc3339()),
        "backlog": shown.backlog.map(|backlog| json!({ "count": backlog.count, "unit": backlog.unit })),
        "lag_seconds": shown.lag.num_seconds(),
        "attention": attention::text(&shown.attention, Language::English),
    })
}

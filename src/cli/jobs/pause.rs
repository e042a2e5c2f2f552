//! `newbee jobs pause` and `newbee jobs resume`.

use std::process::ExitCode;

use serde_json::json;

use super::author::author;
use super::find_job;
use crate::cli::table::utc;
use crate::scheduler::Scheduler;
use crate::scheduler::due_times::DuePlan;
use crate::scheduler::run_ledger::made_up_for;
use crate::service::pause_job::{PauseOutcome, ResumeOutcome, pause_job, resume_job};

pub async fn pause(scheduler: &Scheduler, name: &str, reason: &str, as_json: bool) -> anyhow::Result<ExitCode> {
    let job = find_job(scheduler, name)?;
    let pool = &scheduler.ledger.pools.jobs;
    let (job, changed) = match pause_job(pool, job.name(), reason, &author(scheduler)).await?? {
        PauseOutcome::Paused(job) => (job, true),
        PauseOutcome::AlreadyPaused(job) => (job, false),
    };
    let since = job.paused_at.map_or("-".to_owned(), utc);
    let (by, why) = (job.paused_by.unwrap_or_default(), job.pause_reason.unwrap_or_default());
    match (as_json, changed) {
        (true, _) => println!(
            "{}",
            json!({ "job": name, "changed": changed, "paused_at": job.paused_at, "paused_by": by, "pause_reason": why })
        ),
        (false, true) => println!("Paused {name}. Let it go on: newbee jobs resume {name}"),
        (false, false) => {
            println!("{name} has been paused since {since} UTC by {by}: {why}. Nothing was changed.")
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub async fn resume(scheduler: &Scheduler, name: &str, reason: &str, as_json: bool) -> anyhow::Result<ExitCode> {
    let job = find_job(scheduler, name)?;
    let author = author(scheduler);
    let ledger = &scheduler.ledger;
    let resumed = match resume_job(&ledger.pools.jobs, job.name(), reason, &author).await?? {
        ResumeOutcome::NotPaused => None,
        ResumeOutcome::Resumed(was) => Some(made_up_for(job, was.scheduled_through, author.at)),
    };
    let missed = |plan: &DuePlan| {
        let skipped = plan.skipped.iter().map(|skipped| skipped.count).sum::<usize>();
        (plan.runs.len(), skipped)
    };
    if as_json {
        let (runs, skipped) = resumed.as_ref().and_then(Option::as_ref).map_or((0, 0), missed);
        println!(
            "{}",
            json!({ "job": name, "changed": resumed.is_some(), "missed_to_run": runs, "missed_to_skip": skipped })
        );
        return Ok(ExitCode::SUCCESS);
    }
    match resumed {
        None => println!("{name} is not paused. Nothing was changed."),
        Some(None) => println!("Resumed {name}. Nothing was missed."),
        Some(Some(plan)) => {
            let (runs, skipped) = missed(&plan);
            println!("Resumed {name}. Of the due times that passed, {runs} are made up for and {skipped} skipped.");
        }
    }
    if !job.manifest.enabled {
        println!("It is still disabled by its manifest: set enabled = true in jobs/{name}.toml and restart.");
    }
    Ok(ExitCode::SUCCESS)
}

//! `newbee jobs pause` and `newbee jobs resume`.

use std::process::ExitCode;

use serde_json::json;

use super::find_job;
use super::shapes;
use crate::cli::admin::Admin;
use crate::cli::output;
use crate::cli::table::utc;
use crate::scheduler::Scheduler;
use crate::scheduler::due_times::DuePlan;
use crate::scheduler::run_ledger::catch_up_plan;
use crate::service::pause_job::{PauseOutcome, ResumeOutcome, pause_job, resume_job};

/// Pauses a job.
///
/// # Errors
/// The job is unknown, the reason is invalid, the write fails, or standard output cannot be written.
pub async fn pause(
    scheduler: &Scheduler,
    admin: &Admin,
    name: &str,
    reason: &str,
    as_json: bool,
) -> anyhow::Result<ExitCode> {
    let job = find_job(scheduler, name)?;
    let pool = &scheduler.ledger.pools.jobs;
    let (job, changed) = match pause_job(pool, job.name(), reason, &admin.author).await? {
        PauseOutcome::Paused(job) => (job, true),
        PauseOutcome::AlreadyPaused(job) => (job, false),
    };
    let since = job.paused_at.map_or("-".to_owned(), utc);
    let (by, why) = (job.paused_by.unwrap_or_default(), job.pause_reason.unwrap_or_default());
    match (as_json, changed) {
        (true, _) => output::json(&json!({ "job": shapes::job(admin, name).await?, "changed": changed }))?,
        (false, true) => output::line(format_args!(
            "Paused {name}. To resume it: newbee jobs resume {name} --reason '…'"
        ))?,
        (false, false) => output::line(format_args!(
            "{name} has been paused since {since} UTC by {by}: {why}. Nothing was changed."
        ))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Resumes a paused job.
///
/// # Errors
/// Like [`pause`].
pub async fn resume(
    scheduler: &Scheduler,
    admin: &Admin,
    name: &str,
    reason: &str,
    as_json: bool,
) -> anyhow::Result<ExitCode> {
    let job = find_job(scheduler, name)?;
    let ledger = &scheduler.ledger;
    let resumed = match resume_job(&ledger.pools.jobs, job.name(), reason, &admin.author).await? {
        ResumeOutcome::NotPaused => None,
        ResumeOutcome::Resumed(was) => Some(catch_up_plan(job, was.scheduled_through, admin.author.at)),
    };
    let missed = |plan: &DuePlan| {
        let skipped = plan.skipped.iter().map(|skipped| skipped.count).sum::<usize>();
        (plan.runs.len(), skipped)
    };
    if as_json {
        let (runs, skipped) = resumed.as_ref().and_then(Option::as_ref).map_or((0, 0), missed);
        output::json(&json!({
            "job": shapes::job(admin, name).await?,
            "changed": resumed.is_some(),
            "missedToRun": runs,
            "missedToSkip": skipped,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = match resumed {
        None => format!("{name} is not paused. Nothing was changed."),
        Some(None) => format!("Resumed {name}. No due time was missed."),
        Some(Some(plan)) => {
            let (runs, skipped) = missed(&plan);
            format!("Resumed {name}. Of the missed due times, {runs} will be run and {skipped} are skipped.")
        }
    };
    if !job.manifest.enabled {
        text.push_str(&format!(
            "\nIt is still disabled by its manifest: set enabled = true in jobs/{name}.toml and restart."
        ));
    }
    output::line(text)?;
    Ok(ExitCode::SUCCESS)
}

//! `newbee jobs history`.

use std::process::ExitCode;

use super::find_job;
use crate::cli::table::{table, took, utc};
use crate::scheduler::Scheduler;
use crate::store::job_runs::listing::{self, RunFilter, RunRow};

pub async fn print(scheduler: &Scheduler, name: Option<&str>, limit: u16, as_json: bool) -> anyhow::Result<ExitCode> {
    if let Some(name) = name {
        find_job(scheduler, name)?;
    }
    let filter = RunFilter {
        job: name,
        ..RunFilter::default()
    };
    let runs = listing::list(&scheduler.ledger.pools.jobs, &filter, limit.into()).await?;
    if as_json {
        println!("{}", serde_json::to_string_pretty(&runs)?);
        return Ok(ExitCode::SUCCESS);
    }
    if runs.is_empty() {
        println!("Nothing ran yet. `newbee serve` runs what is due; `newbee jobs run NAME` runs a job now.");
        return Ok(ExitCode::SUCCESS);
    }
    let mut lines = table(&["RUN", "JOB", "STATE", "DUE (UTC)", "DAY", "TOOK", "TRY", "BY", "WHAT"]);
    for run in &runs {
        lines.add_row([
            run.run_id.to_string(),
            run.job.clone(),
            run.state.clone(),
            utc(run.scheduled_for),
            run.business_day.map_or("-".to_owned(), |day| day.to_string()),
            run.started_at
                .zip(run.ended_at)
                .map_or("-".to_owned(), |(from, to)| took(to - from)),
            run.attempt.to_string(),
            run.requested_by.clone(),
            what(run),
        ]);
    }
    println!("{lines}");
    Ok(ExitCode::SUCCESS)
}

/// What there is to say about a run: its error, its report, how far it is, or why it was asked for or skipped.
fn what(run: &RunRow) -> String {
    let said = [
        run.dry_run.then(|| "dry run".to_owned()),
        run.reason.clone(),
        run.cancel_requested_by.as_ref().map(|by| format!("cancelled by {by}")),
        run.error.clone(),
        run.report
            .as_ref()
            .or(run.progress.as_ref().filter(|_| !run.is_over()))
            .map(ToString::to_string),
    ];
    said.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

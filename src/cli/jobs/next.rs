//! `newbee jobs next`.

use std::process::ExitCode;

use serde_json::json;

use super::find_job;
use crate::cli::output;
use crate::cli::table::{Rows, local, utc};
use crate::scheduler::overview::blocked_reason;
use crate::scheduler::{ScheduledJob, Scheduler};
use crate::store::job_runs::due;

/// Prints the next due times of one job or of all jobs.
///
/// # Errors
/// The job is unknown, a read fails, or standard output cannot be written.
pub async fn print(scheduler: &Scheduler, name: Option<&str>, count: u16, as_json: bool) -> anyhow::Result<ExitCode> {
    let jobs: Vec<&ScheduledJob> = match name {
        Some(name) => vec![find_job(scheduler, name)?],
        None => scheduler.jobs.iter().collect(),
    };
    let mut lines = Rows::new(&["JOB", "DUE (UTC)", "DUE (LOCAL)", "DAY", "NOTE"]);
    let mut values = Vec::new();
    let ledger = &scheduler.ledger;
    for job in jobs {
        let known = due::job(&ledger.pools.jobs, job.name()).await?;
        let blocked_reason = blocked_reason(job, known.as_ref());
        for due in job.manifest.schedule.after(ledger.clock.now()).take(count.into()) {
            let day = job.job.takes_day().then(|| ledger.day_ended_before(due.to_utc()));
            lines.add([
                job.name().to_owned(),
                utc(due.to_utc()),
                local(due),
                day.map_or("-".to_owned(), |day| day.to_string()),
                blocked_reason
                    .as_ref()
                    .map_or(String::new(), |why| format!("will not run: {why}")),
            ]);
            values.push(json!({
                "job": job.name(),
                "dueAt": output::api_time(due.to_utc()),
                "dueLocal": due.to_rfc3339(),
                "businessDay": day,
                "blockedReason": blocked_reason,
            }));
        }
    }
    match as_json {
        true => output::json(&values)?,
        false => output::line(lines.into_text())?,
    }
    Ok(ExitCode::SUCCESS)
}

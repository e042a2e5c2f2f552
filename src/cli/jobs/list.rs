//! `newbee jobs list`.

use std::process::ExitCode;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};

use crate::cli::table::{ago, local, table, utc};
use crate::scheduler::{ScheduledJob, Scheduler};
use crate::store::job_runs::due::{self, JobRow};
use crate::store::job_runs::listing::{self, RunRow};

/// A job with all that is shown of it.
struct Shown<'a> {
    job: &'a ScheduledJob,
    known: Option<JobRow>,
    running: Option<RunRow>,
    last: Option<RunRow>,
    /// `None` while it is disabled or paused.
    next_due: Option<DateTime<Tz>>,
}

pub async fn print(scheduler: &Scheduler, as_json: bool) -> anyhow::Result<ExitCode> {
    let (pool, now) = (&scheduler.ledger.pools.jobs, scheduler.ledger.clock.now());
    let mut shown = Vec::new();
    for job in scheduler.jobs.iter() {
        let known = due::job(pool, job.name()).await?;
        let is_on = held_up(job, known.as_ref()).is_none();
        shown.push(Shown {
            job,
            known,
            running: listing::running(pool, job.name()).await?,
            last: listing::last_ended(pool, job.name()).await?,
            next_due: is_on.then(|| job.manifest.schedule.after(now).next()).flatten(),
        });
    }
    if as_json {
        println!(
            "{}",
            serde_json::to_string_pretty(&shown.iter().map(Shown::to_json).collect::<Vec<_>>())?
        );
        return Ok(ExitCode::SUCCESS);
    }
    let mut lines = table(&[
        "JOB",
        "STATE",
        "SCHEDULE",
        "LAST RUN",
        "NEXT DUE (UTC)",
        "NEXT DUE (LOCAL)",
    ]);
    for shown in &shown {
        lines.add_row([
            shown.job.name().to_owned(),
            shown.state(),
            shown.job.manifest.schedule.to_string(),
            shown.last_run(now),
            shown.next_due.map_or("-".to_owned(), |due| utc(due.to_utc())),
            shown.next_due.map_or("-".to_owned(), local),
        ]);
    }
    println!("{lines}");
    Ok(ExitCode::SUCCESS)
}

/// Why a job is not run when it is due; `None` when it is.
pub fn held_up(job: &ScheduledJob, known: Option<&JobRow>) -> Option<String> {
    if !job.manifest.enabled {
        return Some("disabled".to_owned());
    }
    let known = known?;
    let (who, why) = (known.paused_by.as_ref()?, known.pause_reason.as_ref()?);
    Some(format!("paused by {who}: {why}"))
}

impl Shown<'_> {
    fn state(&self) -> String {
        let held_up = held_up(self.job, self.known.as_ref());
        match &self.running {
            Some(run) => {
                let owner = run.lease_owner.as_deref().unwrap_or("?");
                let then = held_up.map_or(String::new(), |why| format!("; {why}"));
                format!("running on {owner}{then}")
            }
            None => held_up.unwrap_or_else(|| "enabled".to_owned()),
        }
    }

    fn last_run(&self, now: DateTime<Utc>) -> String {
        match self.last.as_ref().and_then(|run| Some((run, run.ended_at?))) {
            None => "never".to_owned(),
            Some((run, ended)) => {
                let error = run.error.as_ref().map_or(String::new(), |error| format!(": {error}"));
                format!("{} {}{error}", run.state, ago(ended, now))
            }
        }
    }

    fn to_json(&self) -> Value {
        let manifest = &self.job.manifest;
        json!({
            "job": self.job.name(),
            "description": manifest.description,
            "enabled": manifest.enabled,
            "paused_at": self.known.as_ref().and_then(|known| known.paused_at),
            "paused_by": self.known.as_ref().and_then(|known| known.paused_by.as_ref()),
            "pause_reason": self.known.as_ref().and_then(|known| known.pause_reason.as_ref()),
            "schedule": manifest.schedule.to_string(),
            "running": self.running,
            "last_run": self.last,
            "next_due": self.next_due.map(|due| due.to_utc()),
            "next_due_local": self.next_due.map(|due| due.to_rfc3339()),
        })
    }
}

//! `newbee jobs list`.

use std::process::ExitCode;

use chrono::{DateTime, TimeDelta, Utc};

use super::sentence::did;
use super::shapes::{self, Job, Run};
use crate::cli::admin::Admin;
use crate::cli::output;
use crate::cli::table::{Rows, ago, grouped, rough, took, utc};

/// Prints all jobs, one per line, followed by the jobs that need attention.
///
/// # Errors
/// A read fails, or standard output cannot be written.
pub async fn print(admin: &Admin, wide: bool, as_json: bool) -> anyhow::Result<ExitCode> {
    let (value, jobs) = shapes::jobs(admin).await?;
    if as_json {
        output::json(&value)?;
        return Ok(ExitCode::SUCCESS);
    }
    let now = admin.author.at;
    let mut text = table(&jobs, now, wide).into_text();
    for remark in remarks(&jobs, now) {
        text.push_str(&format!("\n\n{remark}"));
    }
    output::line(text)?;
    Ok(ExitCode::SUCCESS)
}

/// Returns a table of jobs, at most 80 characters wide. With `wide`, adds due times in UTC and cron schedules.
pub fn table(jobs: &[Job], now: DateTime<Utc>, wide: bool) -> Rows {
    let mut header = vec!["JOB", "STATE", "LAST RUN", "BACKLOG", "LAG", "NEXT"];
    if wide {
        header.extend(["NEXT (UTC)", "SCHEDULE"]);
    }
    let mut rows = Rows::new(&header);
    for job in jobs {
        let mut row = vec![
            job.name.clone(),
            state(job).to_owned(),
            last_run(job.last_run.as_ref(), now),
            job.backlog
                .as_ref()
                .map_or("-".to_owned(), |backlog| grouped(backlog.count)),
            match job.lag_seconds {
                0 => "-".to_owned(),
                seconds => rough(TimeDelta::seconds(seconds)),
            },
            next(job, now),
        ];
        if wide {
            row.push(job.next_due_at.map_or("-".to_owned(), utc));
            row.push(job.schedule.clone());
        }
        rows.add(row);
    }
    rows
}

fn state(job: &Job) -> &'static str {
    match (&job.running, job.enabled, &job.paused_at) {
        (Some(_), _, _) => "running",
        (None, false, _) => "off",
        (None, true, Some(_)) => "paused",
        (None, true, None) => "on",
    }
}

fn last_run(run: Option<&Run>, now: DateTime<Utc>) -> String {
    match run.and_then(|run| Some((run, run.ended_at?))) {
        None => "never".to_owned(),
        Some((run, ended)) => {
            let state = match run.state.as_str() {
                "SUCCEEDED" => "ok".to_owned(),
                state => state.to_lowercase(),
            };
            format!("{state} {}", ago(ended, now))
        }
    }
}

/// Formats the next due time of a job: `in 4 min 00:35`, with the local time of its schedule.
fn next(job: &Job, now: DateTime<Utc>) -> String {
    match (job.next_due_at, job.next_due_local) {
        (Some(due), Some(local)) => format!("in {} {}", rough(due - now), local.format("%H:%M")),
        _ => "-".to_owned(),
    }
}

/// Returns a remark for each job that is off, paused, running or needs attention, with the reason and a command.
pub fn remarks(jobs: &[Job], now: DateTime<Utc>) -> Vec<String> {
    let mut remarks = Vec::new();
    for job in jobs {
        let name = &job.name;
        if !job.enabled {
            remarks.push(format!(
                "{name} is off: its manifest has enabled = false. To enable it, change jobs/{name}.toml and restart."
            ));
        }
        if let (Some(at), Some(by), Some(reason)) = (&job.paused_at, &job.paused_by, &job.pause_reason) {
            remarks.push(format!(
                "{name} was paused {} by {by}: {reason}\n  newbee jobs resume {name} --reason '…'",
                ago(*at, now)
            ));
        }
        if let Some(run) = &job.running {
            remarks.push(running(run, now));
        }
        if let Some(attention) = &job.attention {
            remarks.push(format!("{name}: {attention}{}", hint(job)));
        }
    }
    remarks
}

/// Returns the command that shows the details of a job's attention text.
fn hint(job: &Job) -> String {
    match (job.name.as_str(), &job.last_run) {
        (_, Some(run)) if job.has_failed() => format!("\n  newbee jobs show {}", run.id),
        ("settle_awards", _) if job.attention.as_ref().is_some_and(|text| text.contains("parked")) => {
            "\n  newbee award parked".to_owned()
        }
        ("audit_books", _) => "\n  newbee books".to_owned(),
        _ => String::new(),
    }
}

fn running(run: &Run, now: DateTime<Utc>) -> String {
    let process = run.process.as_deref().unwrap_or("a process");
    let since = run
        .started_at
        .map_or(String::new(), |started| format!(" for {}", took(now - started)));
    let done = run.progress.as_ref().and_then(|progress| did(&run.job, progress));
    let done = done.map_or(String::new(), |done| format!(": {done} so far"));
    format!(
        "{} is running on {process}{since}{done}.\n  newbee jobs show {}",
        run.job, run.id
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::jobs::shapes::Backlog;

    fn job(name: &str, now: DateTime<Utc>) -> Job {
        let ended = now - TimeDelta::minutes(119);
        Job {
            name: name.to_owned(),
            enabled: true,
            schedule: "0 * * * * * Asia/Shanghai".to_owned(),
            paused_at: None,
            paused_by: None,
            pause_reason: None,
            running: Some(Run {
                job: name.to_owned(),
                process: Some("host:1".to_owned()),
                ..Run::default()
            }),
            last_run: Some(Run {
                state: "FAILED".to_owned(),
                error: Some("a long error ".repeat(20)),
                ended_at: Some(ended),
                ..Run::default()
            }),
            next_due_at: Some(now + TimeDelta::minutes(119)),
            next_due_local: Some((now + TimeDelta::minutes(119)).fixed_offset()),
            backlog: Some(Backlog { count: 9_999_999 }),
            lag_seconds: 47 * 3_600,
            attention: Some("The last run failed: a long error".to_owned()),
        }
    }

    #[test]
    fn every_job_has_one_line_of_at_most_80_columns() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        let jobs = ["audit_books", "pay_reservations", "settle_awards"].map(|name| job(name, now));
        let mut rows = table(&jobs, now, false);
        rows.set_width(80);
        let text = rows.into_text();
        assert_eq!(text.lines().count(), 1 + jobs.len(), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        for part in ["running", "failed 119 min ago", "9,999,999", "47 h", "in 119 min"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn jobs_that_need_attention_have_a_remark() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        let paused = Job {
            paused_at: Some(now - TimeDelta::minutes(3)),
            paused_by: Some("command line:ann".to_owned()),
            pause_reason: Some("wrong amounts".to_owned()),
            running: None,
            ..job("settle_awards", now)
        };
        let said = remarks(&[paused], now);
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(
            said[0].contains("paused 3 min ago by command line:ann: wrong amounts"),
            "{said:?}"
        );
        assert!(
            said[1].contains("a long error") && said[1].contains("newbee jobs show"),
            "{said:?}"
        );
    }

    #[test]
    fn parked_awards_have_their_command_while_the_job_is_paused() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        let paused = Job {
            paused_at: Some(now),
            last_run: None,
            running: None,
            attention: Some("2 awards are parked: too much".to_owned()),
            ..job("settle_awards", now)
        };
        let said = remarks(&[paused], now);
        assert!(said[0].ends_with("\n  newbee award parked"), "{said:?}");
    }
}

//! `newbee status`: one screen of everything that needs a look.

use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::Args;
use serde::Deserialize;
use serde_json::json;

use super::admin::read;
use super::common::CommonArgs;
use super::jobs::{self, Job};
use super::table::{Rows, ago, grouped, utc};
use super::{books, output};
use crate::clock::Clock;
use crate::config::{JobsDirArgs, Problems};

const CLOCK: &str = "{ clock { serverTime businessDay timeZone } }";
const PARKED: &str = "{ parkedAwardCount }";
const PROCESSES: &str =
    "{ processes(first: 20) { id name version scheduler startedAt heartbeatAt alive clockSkewMs } }";

#[derive(Args, Debug)]
#[command(after_help = "Example:\n  newbee status\n\n\
    Exit codes: 0 nothing needs a look, 1 something does (no process that serves, a failed or paused job, a parked \
    award, books that do not balance), 2 the command line or the configuration is wrong.")]
pub struct StatusArgs {
    #[command(flatten)]
    common: CommonArgs,
    #[command(flatten)]
    manifests: JobsDirArgs,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BusinessClock {
    server_time: DateTime<Utc>,
    business_day: String,
    time_zone: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Process {
    name: String,
    version: String,
    scheduler: bool,
    started_at: DateTime<Utc>,
    heartbeat_at: DateTime<Utc>,
    alive: bool,
    clock_skew_ms: i64,
}

/// Prints how everything is doing.
///
/// # Errors
/// A wrong configuration, a failed read, or a standard output that cannot be written.
pub async fn run(args: &StatusArgs, mut problems: Problems, clock: Clock) -> anyhow::Result<ExitCode> {
    let (_, admin) = jobs::open(&args.common, &args.manifests, &mut problems, clock).await?;
    let (jobs_json, jobs) = jobs::jobs(&admin).await?;
    let parked: i64 = read(&admin.ask("parkedAwardCount", PARKED, json!({})).await?)?;
    let (audits_json, audits) = books::audits(&admin, 7).await?;
    let clock_json = admin.ask("clock", CLOCK, json!({})).await?;
    let processes_json = admin.ask("processes", PROCESSES, json!({})).await?;
    let processes: Vec<Process> = read(&processes_json)?;
    let newest = audits.iter().max_by_key(|audit| audit.business_day);
    let looks = attention(&jobs, &processes, parked, newest);
    if args.common.json {
        output::json(&json!({
            "clock": clock_json,
            "processes": processes_json,
            "jobs": jobs_json,
            "parkedAwardCount": parked,
            "bookAudits": audits_json,
            "attention": looks,
        }))?;
    } else {
        let clock: BusinessClock = read(&clock_json)?;
        let mut rows = Rows::without_header(2);
        rows.fact(
            "business day",
            format_args!(
                "{} ({}), {} UTC",
                clock.business_day,
                clock.time_zone,
                utc(clock.server_time)
            ),
        );
        rows.fact(
            "parked awards",
            match parked {
                0 => "none".to_owned(),
                _ => format!("{}: newbee award parked", grouped(parked)),
            },
        );
        rows.fact(
            "books",
            match newest {
                None => "never audited: newbee jobs run audit_books".to_owned(),
                Some(audit) => format!("{}: {}", audit.business_day, audit.result()),
            },
        );
        let mut text = format!(
            "{}\n\n{}",
            rows.into_text(),
            jobs::table(&jobs, admin.author.at, false).into_text()
        );
        if !processes.is_empty() {
            text.push_str(&format!("\n\n{}", table(&processes, admin.author.at)));
        }
        for remark in jobs::remarks(&jobs, admin.author.at) {
            text.push_str(&format!("\n\n{remark}"));
        }
        text.push_str("\n\n");
        text.push_str(&match looks.as_slice() {
            [] => "Nothing needs a look.".to_owned(),
            looks => format!("Needs a look: {}.", looks.join("; ")),
        });
        output::line(text)?;
    }
    Ok(match looks.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(1),
    })
}

fn table(processes: &[Process], now: DateTime<Utc>) -> Rows {
    let mut rows = Rows::new(&["PROCESS", "VERSION", "SCHEDULER", "STARTED", "CLOCK", "STATE"]);
    for process in processes {
        rows.add([
            process.name.clone(),
            process.version.clone(),
            if process.scheduler { "on" } else { "off" }.to_owned(),
            ago(process.started_at, now),
            format!("{:+} ms", process.clock_skew_ms),
            match process.alive {
                true => "alive".to_owned(),
                false => format!("silent since {} UTC", utc(process.heartbeat_at)),
            },
        ]);
    }
    rows
}

fn attention(jobs: &[Job], processes: &[Process], parked: i64, newest: Option<&books::Audit>) -> Vec<String> {
    let mut looks: Vec<String> = jobs.iter().filter_map(Job::look).collect();
    let mut alive = processes.iter().filter(|process| process.alive).peekable();
    if alive.peek().is_none() {
        looks.push("no process serves".to_owned());
    } else if !alive.any(|process| process.scheduler) {
        looks.push("no process has its scheduler on".to_owned());
    }
    match parked {
        0 => {}
        1 => looks.push("1 award is parked".to_owned()),
        _ => looks.push(format!("{} awards are parked", grouped(parked))),
    }
    if let Some(audit) = newest.filter(|audit| !audit.balances()) {
        looks.push(format!("the audit of {}: {}", audit.business_day, audit.result()));
    }
    looks
}

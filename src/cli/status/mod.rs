//! `newbee status`: overall status of the service on one screen.

mod installation;
mod replicas;

use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::Args;
use serde::Deserialize;
use serde_json::json;

use self::installation::{Reopening, Zone};
use super::admin::read;
use super::common::CommonArgs;
use super::jobs::{self, Job};
use super::table::{Rows, ago, counted, grouped, utc};
use super::{books, output, words};
use crate::clock::Clock;
use crate::config::{JobsDirArgs, Problems};
use crate::domain::word::WordCampaign;
use crate::loaders::words::awaiting_beacon;
use crate::store::installation::find;
use crate::store::replicas::Replicas;

const CLOCK: &str = "{ clock { serverTime businessDay timeZone } }";
const PARKED: &str = "{ parkedAwardCount }";
const PROCESSES: &str =
    "{ processes(first: 20) { id name version scheduler startedAt heartbeatAt alive clockSkewMs } }";

#[derive(Args, Debug)]
#[command(after_help = "Example:\n  newbee status\n\n\
    Exit codes: 0 nothing needs attention, 1 something does (no serving process, a failed or paused job, a parked award, \
    a word campaign whose public randomness is due, books that do not balance, an unused read replica), 2 invalid command line or configuration.")]
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

/// Prints the overall status.
///
/// # Errors
/// The configuration is invalid, a read fails, or standard output cannot be written.
pub async fn run(args: &StatusArgs, mut problems: Problems, clock: Clock) -> anyhow::Result<ExitCode> {
    let (scheduler, admin) = jobs::open(&args.common, &args.manifests, &mut problems, clock).await?;
    let (jobs_json, jobs) = jobs::jobs(&admin).await?;
    let parked: i64 = read(&admin.ask("parkedAwardCount", PARKED, json!({})).await?)?;
    let (audits_json, audits) = books::audits(&admin, 7).await?;
    let clock_json = admin.ask("clock", CLOCK, json!({})).await?;
    let processes_json = admin.ask("processes", PROCESSES, json!({})).await?;
    let processes: Vec<Process> = read(&processes_json)?;
    let newest = audits.iter().max_by_key(|audit| audit.business_day);
    let pool = &scheduler.ledger.pools.jobs;
    let now = admin.author.at;
    let zone = Zone::new(find(pool).await?, admin.calendar);
    let (reopened_json, reopened) = installation::reopenings(&admin).await?;
    let awaiting = awaiting_beacon(pool, now).await?;
    let replicas = Replicas::examine(pool.database()).await;
    let mut looks = attention(&jobs, &processes, parked, newest);
    looks.extend(beacons_due(&awaiting, now));
    looks.extend(replicas::unused(&replicas));
    if args.common.json {
        output::json(&json!({
            "clock": clock_json,
            "timeZone": zone.as_value(),
            "reopenedDays": reopened_json,
            "processes": processes_json,
            "readReplicas": replicas::as_values(&replicas),
            "jobs": jobs_json,
            "parkedAwardCount": parked,
            "bookAudits": audits_json,
            "wordCampaignsAwaitingBeacon": words::as_values(&awaiting),
            "attention": looks,
        }))?;
    } else {
        let clock: BusinessClock = read(&clock_json)?;
        let mut rows = Rows::without_header(2);
        rows.fact(
            "business day",
            format_args!("{}, {} UTC", clock.business_day, utc(clock.server_time)),
        );
        rows.fact("time zone", &zone);
        rows.fact("reopened days", Reopening::text(&reopened, now));
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
        rows.fact("word campaigns", beacons(&awaiting, now));
        if !replicas.is_empty() {
            rows.fact("read replicas", replicas::text(&replicas));
        }
        let mut text = format!("{}\n\n{}", rows.into_text(), jobs::table(&jobs, now, false).into_text());
        if !processes.is_empty() {
            text.push_str(&format!("\n\n{}", table(&processes, now)));
        }
        for remark in jobs::remarks(&jobs, now) {
            text.push_str(&format!("\n\n{remark}"));
        }
        text.push_str("\n\n");
        text.push_str(&match looks.as_slice() {
            [] => "Nothing needs attention.".to_owned(),
            looks => format!("Needs attention: {}.", looks.join("; ")),
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

/// Summarises the campaigns that await their public randomness, with the command for the one with the earliest round.
fn beacons(awaiting: &[WordCampaign], now: DateTime<Utc>) -> String {
    let Some((first, at)) = awaiting
        .first()
        .and_then(|campaign| Some((campaign, campaign.awaited_beacon_at()?)))
    else {
        return "none awaits its public randomness".to_owned();
    };
    let all = match awaiting.len() {
        1 => "1 awaits its public randomness".to_owned(),
        count => format!("{count} await their public randomness, the first one"),
    };
    let when = if at <= now { "available since" } else { "available from" };
    format!("{all}, {when} {} UTC: newbee word show {}", utc(at), first.id)
}

/// Summarises the campaigns whose available public randomness is not entered; `None` if there are none.
fn beacons_due(awaiting: &[WordCampaign], now: DateTime<Utc>) -> Option<String> {
    let due = awaiting.iter().filter_map(WordCampaign::awaited_beacon_at);
    match i64::try_from(due.filter(|at| *at <= now).count()).unwrap_or(i64::MAX) {
        0 => None,
        1 => Some("1 word campaign lacks its public randomness".to_owned()),
        due => Some(format!(
            "{} lack their public randomness",
            counted(due, "word campaign")
        )),
    }
}

fn attention(jobs: &[Job], processes: &[Process], parked: i64, newest: Option<&books::Audit>) -> Vec<String> {
    let mut looks: Vec<String> = jobs.iter().filter_map(Job::look).collect();
    let mut alive = processes.iter().filter(|process| process.alive).peekable();
    if alive.peek().is_none() {
        looks.push("no process is serving".to_owned());
    } else if !alive.any(|process| process.scheduler) {
        looks.push("no process runs the scheduler".to_owned());
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

//! `newbee jobs run`.

use std::process::ExitCode;

use tokio_util::sync::CancellationToken;

use super::find_job;
use super::progress::Progress;
use crate::domain::language::Language;
use crate::scheduler::Scheduler;
use crate::scheduler::attention::{self, Attention};
use crate::scheduler::clock_skew::{clock_skew, is_tolerable};
use crate::scheduler::on_request::Request;
use crate::store::job_runs::listing::RunRow;

pub async fn run(scheduler: &Scheduler, name: &str, request: &Request, as_json: bool) -> anyhow::Result<ExitCode> {
    let job = find_job(scheduler, name)?;
    check_clock(scheduler).await?;
    let run_id = scheduler.request(job, request, &scheduler.ledger.pools.jobs).await?;
    let stop = stop_on_interrupt();
    let progress = Progress::of_run(scheduler, job, run_id).await;
    let waiting = |running: &RunRow| progress.say(&who_runs(running, run_id));
    let run = scheduler.see_through(job, run_id, &stop, waiting).await?;
    drop(progress);
    print(&run, as_json)?;
    let finding = finding(&run);
    if let Some(finding) = &finding {
        eprintln!("{finding}");
    }
    Ok(match run.state.as_str() {
        "SUCCEEDED" if finding.is_some() => ExitCode::from(1),
        "SUCCEEDED" => ExitCode::SUCCESS,
        "FAILED" | "CANCELLED" => ExitCode::from(1),
        _ => ExitCode::from(2),
    })
}

/// What the report of a run says that needs attention although the run succeeded.
pub fn finding(run: &RunRow) -> Option<String> {
    let found = Attention::of_report(&run.job, run.report.as_ref()?);
    attention::text(&found, Language::English)
}

/// Refuses to work with a clock that is off: the day of a run goes by it.
pub async fn check_clock(scheduler: &Scheduler) -> anyhow::Result<()> {
    let skew = clock_skew(&scheduler.ledger.pools.heartbeat, &scheduler.ledger.clock).await?;
    anyhow::ensure!(
        is_tolerable(skew),
        "this machine's clock is {:.1} s off the database's: set it right first (at most two seconds)",
        skew.as_seconds_f64()
    );
    Ok(())
}

/// A token that Ctrl-C cancels.
pub fn stop_on_interrupt() -> CancellationToken {
    let stop = CancellationToken::new();
    let interrupt = stop.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            eprintln!("Finishing the current batch …");
            interrupt.cancel();
        }
    });
    stop
}

/// What is waited for before, or instead of, working on a run.
pub fn who_runs(running: &RunRow, awaited: i64) -> String {
    let owner = running.lease_owner.as_deref().unwrap_or("another process");
    match running.run_id == awaited {
        true => format!("{owner} was quicker and runs it: waiting for its end …"),
        false => format!(
            "{owner} is running {} (run {}): waiting for its end …",
            running.job, running.run_id
        ),
    }
}

fn print(run: &RunRow, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        println!("{}", serde_json::to_string_pretty(run)?);
        return Ok(());
    }
    let day = run.business_day.map_or(String::new(), |day| format!(" for {day}"));
    let dry = if run.dry_run { "Dry run" } else { "Run" };
    println!("{dry} {} of {}{day}: {}", run.run_id, run.job, run.state);
    if run.dry_run && run.report.is_some() {
        println!("Nothing was changed. A run at that moment would have done this:");
    }
    if let Some(report) = &run.report {
        println!("{}", serde_json::to_string_pretty(report)?);
    }
    match (&run.error, run.is_over()) {
        (Some(error), _) => eprintln!("{error}"),
        (None, false) => eprintln!("It stays in the queue: the next process that serves goes on with it."),
        (None, true) => {}
    }
    Ok(())
}

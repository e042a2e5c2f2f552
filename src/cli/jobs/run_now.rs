//! `newbee jobs run`.

use std::process::ExitCode;

use tokio_util::sync::CancellationToken;

use super::find_job;
use super::progress::Progress;
use super::sentence::did;
use super::shapes;
use crate::cli::admin::Admin;
use crate::cli::output;
use crate::cli::table::took;
use crate::domain::language::Language;
use crate::scheduler::Scheduler;
use crate::scheduler::attention::{self, Attention};
use crate::scheduler::clock_skew::{clock_skew, is_tolerable};
use crate::scheduler::on_request::Request;
use crate::store::job_runs::listing::RunRow;

/// Queues a run, works on it or waits for the process that does, and prints how it ended.
///
/// # Errors
/// An unknown job, a clock that is off, a refused request, a failed read, or a standard output that cannot be written.
pub async fn run(
    scheduler: &Scheduler,
    admin: &Admin,
    name: &str,
    request: &Request,
    as_json: bool,
) -> anyhow::Result<ExitCode> {
    let job = find_job(scheduler, name)?;
    check_clock(scheduler).await?;
    let run_id = scheduler.request(job, request, &scheduler.ledger.pools.jobs).await?;
    let stop = stop_on_interrupt();
    let progress = Progress::of_run(scheduler, job, run_id).await;
    let waiting = |running: &RunRow| output::note(who_runs(running, run_id));
    let run = scheduler.run_to_completion(job, run_id, &stop, waiting).await?;
    drop(progress);
    match as_json {
        true => output::json(&shapes::run(admin, run_id).await?)?,
        false => print(&run)?,
    }
    let finding = finding(&run);
    if let Some(finding) = &finding {
        output::note(finding);
    }
    Ok(match run.state.as_str() {
        "SUCCEEDED" if finding.is_some() => ExitCode::from(1),
        "SUCCEEDED" => ExitCode::SUCCESS,
        "FAILED" | "CANCELLED" => ExitCode::from(1),
        _ => ExitCode::from(2),
    })
}

/// Returns what the report of a run says that needs attention although the run succeeded.
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
            output::note("Finishing the current batch …");
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

fn print(run: &RunRow) -> anyhow::Result<()> {
    let day = run.business_day.map_or(String::new(), |day| format!(" for {day}"));
    let dry = if run.dry_run { "Dry run" } else { "Run" };
    let time = run.started_at.zip(run.ended_at);
    let time = time.map_or(String::new(), |(from, to)| format!(" in {}", took(to - from)));
    let mut text = format!("{dry} {} of {}{day}: {}{time}", run.run_id, run.job, run.state);
    if let Some(report) = &run.report {
        let done = did(&run.job, report).unwrap_or_else(|| "nothing to do".to_owned());
        match run.dry_run {
            true => text.push_str(&format!(
                "\nNothing was changed. A run at that moment would say: {done}"
            )),
            false => text.push_str(&format!("\n{done}")),
        }
        text.push_str(&format!("\n{}", serde_json::to_string_pretty(report)?));
    }
    output::line(text)?;
    match (&run.error, run.is_over()) {
        (Some(error), _) => output::note(error),
        (None, false) => output::note("It stays in the queue: the next process that serves goes on with it."),
        (None, true) => {}
    }
    Ok(())
}

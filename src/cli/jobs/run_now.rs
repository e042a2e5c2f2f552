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
use crate::scheduler::attention;
use crate::scheduler::clock_skew::{clock_skew, is_tolerable};
use crate::scheduler::on_request::Request;
use crate::store::job_runs::listing::RunRow;

/// Queues a run, executes it or waits for the process that does, and prints its result.
///
/// # Errors
/// The job is unknown, the clock is off, the request is rejected, a read fails, or standard output cannot be written.
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

/// Returns the part of a successful run's report that needs attention, if any.
pub fn finding(run: &RunRow) -> Option<String> {
    let found = attention::of_report(&run.job, run.report.as_ref()?);
    attention::text(&found, Language::English)
}

/// Checks the clock of this machine, because the business day of a run follows it.
///
/// # Errors
/// The clock differs from the database's by more than two seconds, or the database fails.
pub async fn check_clock(scheduler: &Scheduler) -> anyhow::Result<()> {
    let skew = clock_skew(&scheduler.ledger.pools.heartbeat, &scheduler.ledger.clock).await?;
    anyhow::ensure!(
        is_tolerable(skew),
        "this machine's clock is {:.1} s off the database's; at most two seconds are allowed. Correct it first",
        skew.as_seconds_f64()
    );
    Ok(())
}

/// Returns a token that Ctrl-C cancels.
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

/// Returns the message shown while waiting for a run in another process.
pub fn who_runs(running: &RunRow, awaited: i64) -> String {
    let owner = running.lease_owner.as_deref().unwrap_or("another process");
    match running.run_id == awaited {
        true => format!("{owner} is already running it, waiting …"),
        false => format!("{owner} is running {} (run {}), waiting …", running.job, running.run_id),
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
                "\nNothing was changed. A real run would have reported: {done}"
            )),
            false => text.push_str(&format!("\n{done}")),
        }
        text.push_str(&format!("\n{}", serde_json::to_string_pretty(report)?));
    }
    output::line(text)?;
    match (&run.error, run.is_over()) {
        (Some(error), _) => output::note(error),
        (None, false) => output::note("The run stays in the queue for the next serving process."),
        (None, true) => {}
    }
    Ok(())
}

//! `newbee jobs run`.

use std::process::ExitCode;

use chrono::NaiveDate;
use tokio_util::sync::CancellationToken;

use super::author::author;
use super::find_job;
use crate::scheduler::Scheduler;
use crate::scheduler::clock_skew::{clock_skew, is_tolerable};
use crate::scheduler::on_request::Request;
use crate::store::job_runs::listing::RunRow;

pub async fn run(
    scheduler: &Scheduler,
    name: &str,
    day: Option<NaiveDate>,
    reason: Option<String>,
    as_json: bool,
) -> anyhow::Result<ExitCode> {
    let job = find_job(scheduler, name)?;
    let skew = clock_skew(&scheduler.ledger.pools.heartbeat, &scheduler.ledger.clock).await?;
    anyhow::ensure!(
        is_tolerable(skew),
        "this machine's clock is {:.1} s off the database's: set it right first (at most two seconds)",
        skew.as_seconds_f64()
    );
    let request = Request {
        day,
        requested_by: author(scheduler).name,
        reason,
    };
    let run_id = scheduler.request(job, &request).await?;

    let stop = CancellationToken::new();
    let interrupt = stop.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            eprintln!("Finishing the current batch …");
            interrupt.cancel();
        }
    });
    let waiting = |running: &RunRow| {
        let owner = running.lease_owner.as_deref().unwrap_or("another process");
        match running.run_id == run_id {
            true => eprintln!("{owner} was quicker and runs it: waiting for its end …"),
            false => eprintln!(
                "{owner} is running {} (run {}): waiting for its end …",
                running.job, running.run_id
            ),
        }
    };
    let run = scheduler.see_through(job, run_id, &stop, waiting).await?;
    print(&run, as_json)?;
    Ok(match run.state.as_str() {
        "SUCCEEDED" => ExitCode::SUCCESS,
        "FAILED" | "CANCELLED" => ExitCode::from(1),
        _ => ExitCode::from(2),
    })
}

fn print(run: &RunRow, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        println!("{}", serde_json::to_string_pretty(run)?);
        return Ok(());
    }
    let day = run.business_day.map_or(String::new(), |day| format!(" for {day}"));
    println!("Run {} of {}{day}: {}", run.run_id, run.job, run.state);
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

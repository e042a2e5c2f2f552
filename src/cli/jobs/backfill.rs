//! `newbee jobs backfill`.

use std::ops::RangeInclusive;
use std::process::ExitCode;

use anyhow::Context;
use chrono::NaiveDate;

use super::author::author;
use super::find_job;
use super::progress::counting;
use super::run_now::{check_clock, finding, stop_on_interrupt, who_runs};
use crate::cli::table::{table, took};
use crate::scheduler::Scheduler;
use crate::store::job_runs::listing::{self, RunRow};

pub async fn run(
    scheduler: &Scheduler,
    name: &str,
    range: RangeInclusive<NaiveDate>,
    reason: Option<&str>,
    as_json: bool,
) -> anyhow::Result<ExitCode> {
    let job = find_job(scheduler, name)?;
    check_clock(scheduler).await?;
    let pool = &scheduler.ledger.pools.jobs;
    let backfill = scheduler
        .request_backfill(job, range.clone(), reason, &author(scheduler), pool)
        .await?;
    let (days, queued) = (backfill.runs.len(), backfill.queued);
    if !as_json {
        println!("{days} day(s), {queued} of them queued now; the others were queued or done before.");
    }
    let stop = stop_on_interrupt();
    let bar = counting(days as u64, "days");
    bar.set_prefix(job.name());
    for run in &backfill.runs {
        let is_left = !run.is_over() && !stop.is_cancelled();
        if is_left {
            let waiting = |running: &RunRow| bar.suspend(|| eprintln!("{}", who_runs(running, run.run_id)));
            scheduler.see_through(job, run.run_id, &stop, waiting).await?;
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let runs = listing::of_backfill(pool, job.name(), *range.start(), *range.end()).await?;
    print(&runs, as_json)?;
    Ok(exit_code(&runs))
}

fn exit_code(runs: &[RunRow]) -> ExitCode {
    let any = |is: fn(&RunRow) -> bool| runs.iter().any(is);
    if any(|run| !run.is_over()) {
        ExitCode::from(2)
    } else if any(|run| run.state != "SUCCEEDED" || finding(run).is_some()) {
        ExitCode::from(1)
    } else {
        ExitCode::SUCCESS
    }
}

fn print(runs: &[RunRow], as_json: bool) -> anyhow::Result<()> {
    if as_json {
        println!("{}", serde_json::to_string_pretty(runs)?);
        return Ok(());
    }
    let mut lines = table(&["DAY", "RUN", "STATE", "TOOK", "WHAT"]);
    for run in runs {
        let what = run
            .error
            .clone()
            .or_else(|| run.report.as_ref().map(ToString::to_string));
        lines.add_row([
            run.business_day.context("a back-fill is about days")?.to_string(),
            run.run_id.to_string(),
            run.state.clone(),
            run.started_at
                .zip(run.ended_at)
                .map_or("-".to_owned(), |(from, to)| took(to - from)),
            what.unwrap_or_default(),
        ]);
    }
    println!("{lines}");
    for run in runs {
        if let (Some(day), Some(finding)) = (run.business_day, finding(run)) {
            eprintln!("{day}: {finding}");
        }
    }
    let left = runs.iter().filter(|run| !run.is_over()).count();
    if left > 0 {
        eprintln!("{left} day(s) stay in the queue: the processes that serve go on with them.");
    }
    Ok(())
}

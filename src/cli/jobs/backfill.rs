//! `newbee jobs backfill`.

use std::ops::RangeInclusive;
use std::process::ExitCode;

use anyhow::Context;
use chrono::NaiveDate;

use super::find_job;
use super::history::what;
use super::progress::counting;
use super::run_now::{check_clock, finding, stop_on_interrupt, who_runs};
use super::shapes::{self, Run};
use crate::cli::admin::{Admin, read};
use crate::cli::output;
use crate::cli::table::{Rows, counted};
use crate::scheduler::Scheduler;
use crate::store::job_runs::listing::{self, RunRow};
use crate::terminal::ShownBar;

/// Queues a run for each day of a range, executes the runs, and prints the result of each.
///
/// # Errors
/// The job is unknown, the clock is off, the request is rejected, a read fails, or standard output cannot be written.
pub async fn run(
    scheduler: &Scheduler,
    admin: &Admin,
    name: &str,
    range: RangeInclusive<NaiveDate>,
    reason: Option<&str>,
    as_json: bool,
) -> anyhow::Result<ExitCode> {
    let job = find_job(scheduler, name)?;
    check_clock(scheduler).await?;
    let pool = &scheduler.ledger.pools.jobs;
    let backfill = scheduler
        .request_backfill(job, range.clone(), reason, &admin.author, pool)
        .await?;
    let (days, queued) = (backfill.runs.len(), backfill.queued);
    if !as_json {
        output::line(beginning(days, usize::try_from(queued).unwrap_or(usize::MAX)))?;
    }
    let stop = stop_on_interrupt();
    let bar = ShownBar::new(counting(days as u64, "days"));
    bar.set_prefix(job.name());
    for run in &backfill.runs {
        let is_left = !run.is_over() && !stop.is_cancelled();
        if is_left {
            let waiting = |running: &RunRow| output::note(who_runs(running, run.run_id));
            scheduler.run_to_completion(job, run.run_id, &stop, waiting).await?;
        }
        bar.inc(1);
    }
    drop(bar);
    let runs = listing::of_backfill(pool, job.name(), *range.start(), *range.end()).await?;
    print(admin, &runs, as_json).await?;
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

/// Formats the number of days of a back-fill and how many of them this request queued.
fn beginning(days: usize, queued: usize) -> String {
    let all = counted(i64::try_from(days).unwrap_or(i64::MAX), "day");
    match (queued, days - queued.min(days)) {
        (_, 0) => format!("{all} queued."),
        (0, _) => format!("{all}, all already queued or completed."),
        (queued, 1) => format!("{all}: {queued} queued now, 1 already queued or completed."),
        (queued, others) => format!("{all}: {queued} queued now, {others} already queued or completed."),
    }
}

async fn print(admin: &Admin, runs: &[RunRow], as_json: bool) -> anyhow::Result<()> {
    let mut lines = Rows::new(&["DAY", "RUN", "STATE", "WHAT"]);
    let mut values = Vec::new();
    for run in runs {
        let Some(value) = shapes::run(admin, run.run_id).await? else {
            continue;
        };
        let read: Run = read(&value)?;
        lines.add([
            run.business_day
                .context("a run of a back-fill has a business day")?
                .to_string(),
            run.run_id.to_string(),
            run.state.clone(),
            what(&Run {
                business_day: None,
                ..read
            }),
        ]);
        values.push(value);
    }
    if as_json {
        return output::json(&values);
    }
    output::line(lines.into_text())?;
    for run in runs {
        if let (Some(day), Some(finding)) = (run.business_day, finding(run)) {
            output::note(format_args!("{day}: {finding}"));
        }
    }
    let left = runs.iter().filter(|run| !run.is_over()).count();
    if left > 0 {
        output::note(format_args!(
            "{} left in the queue; the serving processes will run them.",
            counted(i64::try_from(left).unwrap_or(i64::MAX), "day")
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::beginning;

    #[test]
    fn the_number_of_days_is_a_whole_sentence() {
        assert_eq!(beginning(1, 1), "1 day queued.");
        assert_eq!(beginning(3, 3), "3 days queued.");
        assert_eq!(beginning(3, 0), "3 days, all already queued or completed.");
        assert_eq!(beginning(3, 1), "3 days: 1 queued now, 2 already queued or completed.");
    }
}

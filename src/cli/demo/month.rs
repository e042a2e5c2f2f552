//! History of the demo: replays the month before the first start with the real jobs and a simulated clock. The awards
//! of each day are settled on that day, and each day is closed after its end, as in continuous operation.

use anyhow::{Context, bail};
use chrono::{Days, NaiveDate, TimeDelta};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::clock::Clock;
use crate::demo::DAYS_OF_HISTORY;
use crate::domain::audit::Author;
use crate::scheduler::Scheduler;
use crate::scheduler::on_request::Request;
use crate::service::jobs::Job;
use crate::service::jobs::close_day::{self, CloseDay};

/// Delay from the end of a day to its closing, as in the manifest of `close_day`.
const AFTER_MIDNIGHT: TimeDelta = TimeDelta::minutes(5);
/// Time from the last settlement of a day to the end of the day, so that awards are settled on the day they were made.
const BEFORE_MIDNIGHT: TimeDelta = TimeDelta::minutes(1);

/// Settles and closes every day of the history that is over, and audits the last of them. If this is interrupted, the
/// scheduled runs catch up.
///
/// # Errors
/// A run fails, or the database fails.
pub(super) async fn live_through(app: &App, stop: &CancellationToken) -> anyhow::Result<()> {
    // Register the jobs first, so that no due time of that month counts as missed.
    app.jobs.tick().await?;
    let (calendar, now) = (app.state.calendar, app.state.clock.now());
    let first = calendar
        .day_of(now)
        .checked_sub_days(Days::new(DAYS_OF_HISTORY))
        .context("the history starts before the first supported date")?;
    let clock = Clock::manual(calendar.day_starts_at(first));
    let jobs = Scheduler::new(app.state.pools.clone(), clock.clone(), calendar, app.jobs.jobs.to_vec());
    let mut last = None;
    for day in first.iter_days() {
        let ends_at = calendar.next_day_starts_at(calendar.day_starts_at(day));
        if ends_at + AFTER_MIDNIGHT > now {
            break;
        }
        clock.set(ends_at - BEFORE_MIDNIGHT);
        run(&jobs, &clock, "settle_awards", None, stop).await?;
        clock.set(ends_at + AFTER_MIDNIGHT);
        run(&jobs, &clock, "close_day", Some(day), stop).await?;
        last = Some(day);
    }
    match last {
        Some(_) => run(&jobs, &clock, "audit_books", last, stop).await,
        None => Ok(()),
    }
}

/// Closes the business days since the last start of the demo, at most 365. A scheduled run refuses to close many days
/// at once because the clock may be wrong; a start of the demo counts as confirmation by an operator.
///
/// # Errors
/// A run fails, or the database fails.
pub(super) async fn close_missed_days(app: &App, stop: &CancellationToken) -> anyhow::Result<()> {
    let jobs = &app.jobs;
    let job = jobs.job(CloseDay::NAME).context("the job is in the registry")?;
    let pool = &jobs.ledger.pools.jobs;
    let now = app.state.clock.now();
    let Some(first) = close_day::first_open_day(pool, now, &app.state.calendar).await? else {
        return Ok(());
    };
    let last = jobs.last_ready_day(job, now);
    let first = first.max(last - Days::new(365));
    if first > last {
        return Ok(());
    }
    let author = Author {
        name: "demo".to_owned(),
        request_id: None,
        at: now,
    };
    let reason = Some("the demo was not running");
    let backfill = jobs.request_backfill(job, first..=last, reason, &author, pool).await?;
    for run in backfill.runs.iter().filter(|run| !run.is_over()) {
        jobs.run_to_completion(job, run.run_id, stop, |_| {}).await?;
    }
    Ok(())
}

async fn run(
    jobs: &Scheduler,
    clock: &Clock,
    name: &str,
    day: Option<NaiveDate>,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let job = jobs.job(name).context("the job is in the registry")?;
    let request = Request {
        day,
        dry_run: false,
        author: Author {
            name: "demo".to_owned(),
            request_id: None,
            at: clock.now(),
        },
        reason: Some("the demo's history".to_owned()),
    };
    let run_id = jobs.request(job, &request, &jobs.ledger.pools.jobs).await?;
    let run = jobs.run_to_completion(job, run_id, stop, |_| {}).await?;
    match run.error {
        Some(error) => bail!("The job {name} failed on the demo's history: {error}"),
        None => Ok(()),
    }
}

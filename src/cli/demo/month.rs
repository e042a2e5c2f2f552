//! The month before the demo began, lived through once more by the real jobs on a clock that is moved from day to day: each
//! day is closed and settled right after it ended, as a service that ran all the time would have done.

use anyhow::{Context, bail};
use chrono::{Days, NaiveDate, TimeDelta};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::clock::Clock;
use crate::demo::DAYS_OF_HISTORY;
use crate::domain::audit::Author;
use crate::scheduler::Scheduler;
use crate::scheduler::on_request::Request;

/// A day is closed so long after its end, as its manifest has it.
const AFTER_MIDNIGHT: TimeDelta = TimeDelta::minutes(5);

/// Closes and settles every day of the history that can be closed, and audits the last of them. Should this be cut short, the
/// scheduled runs make up for it.
pub(super) async fn live_through(app: &App, stop: &CancellationToken) -> anyhow::Result<()> {
    // From now on the jobs are known, so that nothing of that month counts as missed.
    app.jobs.tick().await?;
    let (calendar, now) = (app.calendar, app.clock.now());
    let first = calendar
        .day_of(now)
        .checked_sub_days(Days::new(DAYS_OF_HISTORY))
        .context("a day of this era")?;
    let clock = Clock::manual(calendar.day_starts_at(first));
    let jobs = Scheduler::new(app.pools.clone(), clock.clone(), calendar, app.jobs.jobs.to_vec());
    let mut last = None;
    for day in first.iter_days() {
        let closes_at = calendar.next_day_starts_at(calendar.day_starts_at(day)) + AFTER_MIDNIGHT;
        if closes_at > now {
            break;
        }
        clock.set(closes_at);
        run(&jobs, &clock, "close_day", Some(day), stop).await?;
        run(&jobs, &clock, "settle_awards", None, stop).await?;
        last = Some(day);
    }
    match last {
        Some(_) => run(&jobs, &clock, "audit_books", last, stop).await,
        None => Ok(()),
    }
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
    let run = jobs.see_through(job, run_id, stop, |_| {}).await?;
    match run.error {
        Some(error) => bail!("The job {name} failed on the demo's history: {error}"),
        None => Ok(()),
    }
}

//! Progress bar of a run on a terminal, with rate and remaining time. Nothing is drawn elsewhere.

use std::fmt;
use std::time::Duration;

use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressState, ProgressStyle};
use tokio_util::task::AbortOnDropHandle;

use super::sentence::did;
use crate::scheduler::{ScheduledJob, Scheduler};
use crate::service::jobs::ReadContext;
use crate::store::job_runs::listing;
use crate::terminal::ShownBar;

const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Progress bar that is drawn until it is dropped.
pub struct Progress {
    _bar: ShownBar,
    _watching: AbortOnDropHandle<()>,
}

impl Progress {
    /// Follows the progress that a run saves with each batch, in this or another process.
    pub async fn of_run(scheduler: &Scheduler, job: &ScheduledJob, run_id: i64) -> Self {
        let pool = scheduler.ledger.pools.jobs.clone();
        let (calendar, now) = (scheduler.ledger.calendar, scheduler.ledger.clock.now());
        let read = ReadContext {
            pool: &pool,
            now,
            calendar,
        };
        // A failed count must not prevent the run.
        let backlog = job.job.backlog(&read).await.ok().flatten();
        let bar = match backlog.map(|backlog| (u64::try_from(backlog.count), backlog.unit)) {
            Some((Ok(count @ 1..), unit)) => counting(count, unit),
            _ => spinning(),
        };
        let has_length = bar.length().is_some();
        bar.set_prefix(job.name());
        let bar = ShownBar::new(bar);
        let drawn = ProgressBar::clone(&bar);
        let job = job.job;
        let watching = tokio::spawn(async move {
            loop {
                tokio::time::sleep(LOOK_EVERY).await;
                let Ok(Some(run)) = listing::run(&pool, run_id).await else {
                    continue;
                };
                let Some(progress) = &run.progress else {
                    continue;
                };
                if has_length {
                    let done = u64::try_from(job.read_report(progress).done).unwrap_or(0);
                    // More work may have become due since the count.
                    if drawn.length().is_some_and(|length| length < done) {
                        drawn.set_length(done);
                    }
                    drawn.set_position(done);
                } else {
                    drawn.set_message(did(&run.job, progress).unwrap_or_default());
                }
            }
        });
        Self {
            _bar: bar,
            _watching: AbortOnDropHandle::new(watching),
        }
    }
}

/// Creates a progress bar with a known length. Rate and remaining time appear once the first item is done.
pub fn counting(length: u64, unit: &'static str) -> ProgressBar {
    let template =
        format!("{{prefix}} {{wide_bar}} {{human_pos}} of {{human_len}} {unit}{{rate}}{{left}} ({{elapsed}})");
    animated(ProgressBar::new(length), &template)
}

/// Writes the rate, such as `, 14,590/s`, once an item is done.
fn rate(state: &ProgressState, to: &mut dyn fmt::Write) {
    if state.pos() > 0 {
        let _ = write!(to, ", {}/s", HumanCount(state.per_sec() as u64));
    }
}

/// Writes the remaining time, such as `, 12 seconds left`, once an item is done and until all are.
fn left(state: &ProgressState, to: &mut dyn fmt::Write) {
    if state.pos() > 0 && state.len().is_some_and(|length| state.pos() < length) {
        let _ = write!(to, ", {} left", HumanDuration(state.eta()));
    }
}

fn spinning() -> ProgressBar {
    animated(ProgressBar::new_spinner(), "{spinner} {prefix} {wide_msg} ({elapsed})")
}

fn animated(bar: ProgressBar, template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).expect("the template is valid");
    bar.set_style(style.with_key("rate", rate).with_key("left", left));
    bar
}

//! How far a run has come, for whoever waits at a terminal: a bar with rate and time left. Elsewhere nothing is drawn.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio_util::task::AbortOnDropHandle;

use crate::scheduler::{ScheduledJob, Scheduler};
use crate::store::job_runs::listing;

const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Draws until it is dropped.
pub struct Progress {
    bar: ProgressBar,
    _watching: AbortOnDropHandle<()>,
}

impl Progress {
    /// Watches a run by what it saves with its batches, whichever process works on it.
    pub async fn of_run(scheduler: &Scheduler, job: &ScheduledJob, run_id: i64) -> Self {
        let pool = scheduler.ledger.pools.jobs.clone();
        let (calendar, now) = (scheduler.ledger.calendar, scheduler.ledger.clock.now());
        let measure = job.job.measure.clone();
        let bar = match &measure {
            Some(measure) => {
                // Nobody is kept from a run because its length cannot be told: the bar then grows with what is done.
                let backlog = measure.backlog(&pool, now, calendar).await.unwrap_or(0);
                counting(u64::try_from(backlog).unwrap_or(0), measure.unit)
            }
            None => spinning(),
        };
        bar.set_prefix(job.name());
        let drawn = bar.clone();
        let watching = tokio::spawn(async move {
            loop {
                tokio::time::sleep(LOOK_EVERY).await;
                let Ok(Some(run)) = listing::run(&pool, run_id).await else {
                    continue;
                };
                match (&measure, &run.progress) {
                    (Some(measure), Some(progress)) => {
                        let done = u64::try_from((measure.done)(progress)).unwrap_or(0);
                        // More may have become due meanwhile.
                        if drawn.length().is_some_and(|length| length < done) {
                            drawn.set_length(done);
                        }
                        drawn.set_position(done);
                    }
                    (None, Some(progress)) => drawn.set_message(progress.to_string()),
                    (_, None) => {}
                }
            }
        });
        Self {
            bar,
            _watching: AbortOnDropHandle::new(watching),
        }
    }

    /// Prints a line above the bar.
    pub fn say(&self, line: &str) {
        self.bar.suspend(|| eprintln!("{line}"));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A bar over so many things.
pub fn counting(length: u64, unit: &'static str) -> ProgressBar {
    let template = format!(
        "{{prefix}} {{wide_bar}} {{human_pos}} of {{human_len}} {unit}, {{per_sec}}, {{eta}} left ({{elapsed}})"
    );
    animated(ProgressBar::new(length), &template)
}

fn spinning() -> ProgressBar {
    animated(ProgressBar::new_spinner(), "{spinner} {prefix} {wide_msg} ({elapsed})")
}

fn animated(bar: ProgressBar, template: &str) -> ProgressBar {
    bar.set_style(ProgressStyle::with_template(template).expect("the template is sound"));
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

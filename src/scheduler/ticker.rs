//! The ticker: triggers a check of due times every two seconds, in UTC.
//!
//! The only file that uses tokio-cron-scheduler. That library fixes zone offsets, loses missed ticks, starts
//! overlapping runs and does not survive a panic; so it gets one job that cannot panic, and all decisions are made
//! elsewhere.

use tokio::sync::mpsc;
use tokio_cron_scheduler::{Job, JobScheduler};

/// Interval that is short enough for jobs of every minute to start on time.
const EVERY_TWO_SECONDS: &str = "*/2 * * * * *";

/// A running ticker.
pub struct Alarm {
    clockwork: JobScheduler,
    ticks: mpsc::Receiver<()>,
}

impl Alarm {
    /// Starts the ticker. Needs a multi-threaded Tokio runtime.
    ///
    /// # Errors
    /// If the underlying scheduler cannot be started.
    pub async fn set() -> anyhow::Result<Self> {
        // Capacity of one tick, so that a busy receiver never accumulates several.
        let (bell, ticks) = mpsc::channel(1);
        let clockwork = JobScheduler::new().await?;
        let ring = Job::new_async(EVERY_TWO_SECONDS, move |_, _| {
            let _ = bell.try_send(());
            Box::pin(std::future::ready(()))
        })?;
        clockwork.add(ring).await?;
        clockwork.start().await?;
        Ok(Self { clockwork, ticks })
    }

    /// Waits for the next tick; `None` if the underlying scheduler has ended.
    pub async fn tick(&mut self) -> Option<()> {
        self.ticks.recv().await
    }

    /// Stops the ticker.
    pub async fn stop(mut self) {
        if let Err(error) = self.clockwork.shutdown().await {
            tracing::debug!(%error, "the ticker did not stop cleanly");
        }
    }
}

//! The alarm clock: says every two seconds, in UTC, that it is time to look what is due. Nothing else.
//!
//! The only file that names tokio-cron-scheduler. It freezes zone offsets, forgets missed ticks, starts runs that overlap
//! and does not survive a panic; so it gets one job that cannot panic, and all that matters is decided elsewhere.

use tokio::sync::mpsc;
use tokio_cron_scheduler::{Job, JobScheduler};

/// Often enough for jobs of every minute to start on time.
const EVERY_TWO_SECONDS: &str = "*/2 * * * * *";

/// A running alarm clock.
pub struct Alarm {
    clockwork: JobScheduler,
    ticks: mpsc::Receiver<()>,
}

impl Alarm {
    /// Sets the alarm. Needs a runtime of several threads.
    pub async fn set() -> anyhow::Result<Self> {
        // Room for one tick: a busy receiver finds one waiting tick, never several.
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

    /// Waits for the next tick; `None` when the clockwork broke.
    pub async fn tick(&mut self) -> Option<()> {
        self.ticks.recv().await
    }

    /// Stops the clockwork.
    pub async fn stop(mut self) {
        if let Err(error) = self.clockwork.shutdown().await {
            tracing::debug!(%error, "the alarm clock did not stop cleanly");
        }
    }
}

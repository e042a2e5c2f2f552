//! What the work of a job is given, and the only way it may write: batches that are fenced.
//!
//! A job compares what is with what should be, in bounded batches with a transaction each, and saves its progress with
//! their effects. So it may be stopped, killed or begun again between any two batches.

use crate::store::bounded::{PgPool, PgTransaction};
use chrono::NaiveDate;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::domain::business_day::Calendar;
use crate::store::job_runs::{Lease, lease};
use crate::store::transaction;

/// One run, as its work sees it.
#[derive(Clone, Debug)]
pub struct JobContext {
    pub pool: PgPool,
    pub clock: Clock,
    pub calendar: Calendar,
    pub lease: Lease,
    /// The day to work on; `None` for jobs that take no day.
    pub business_day: Option<NaiveDate>,
    /// A person asked for this day as part of a back-fill.
    pub by_backfill: bool,
    /// Nothing is to stay of it but its own row in the run ledger: each batch is rolled back.
    pub dry_run: bool,
    /// What earlier attempts of this run saved; `None` at the first, and in a dry run, of which nothing stayed.
    pub progress: Option<Value>,
    /// The most rows one transaction may take.
    pub batch_size: u32,
    /// Of this run alone. Set when the process is to end or somebody cancels the run: finish the batch and return
    /// [`JobEnd::Interrupted`].
    pub stop: CancellationToken,
}

/// How a job's work ended, if not by an error.
#[derive(Clone, Debug, PartialEq)]
pub enum JobEnd {
    /// All done; what was done, for people and programs.
    Done(Value),
    /// Asked to stop between two batches: the process that takes the run next does the rest, unless it is cancelled.
    Interrupted,
}

impl JobContext {
    /// Begins the transaction of one batch, fenced: fails when this process no longer holds the run. The batch that learns
    /// of a request to cancel the run is its last.
    pub async fn begin_batch(&self) -> anyhow::Result<PgTransaction<'static>> {
        let mut transaction = self.pool.begin().await?;
        // What is rolled back needs no fence that holds until the end, and its heartbeat must not be rolled back with it.
        let cancelled = match self.dry_run {
            true => lease::fence(&mut self.pool.acquire().await?, &self.lease).await?,
            false => lease::fence(&mut transaction, &self.lease).await?,
        };
        if cancelled {
            self.stop.cancel();
        }
        Ok(transaction)
    }

    /// Commits a batch together with the progress made by it; fails like [`JobContext::begin_batch`]. A dry run does all that
    /// the commit would do, rolls it back, and saves the progress alone.
    pub async fn commit_batch(&self, mut batch: PgTransaction<'static>, progress: &Value) -> anyhow::Result<()> {
        if self.dry_run {
            transaction::check_deferred(&mut batch).await?;
            batch.rollback().await?;
            return lease::save_progress(&mut self.pool.acquire().await?, &self.lease, progress).await;
        }
        lease::save_progress(&mut batch, &self.lease, progress).await?;
        Ok(batch.commit().await?)
    }

    /// Whether to stop before the next batch.
    pub fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }
}

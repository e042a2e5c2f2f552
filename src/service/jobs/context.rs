//! The context of a run, through which a job writes in fenced batches, and the context of reads about a job.
//!
//! A job compares the actual state with the required state, in bounded batches with a transaction each, and saves its
//! progress in the same transactions. So it may be stopped, killed or restarted between any two batches.

use crate::store::award_changes::notify;
use crate::store::bounded::{PgPool, PgTransaction};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::domain::business_day::Calendar;
use crate::store::citus;
use crate::store::job_runs::{Lease, lease};
use crate::store::transaction;

/// Context of one run.
#[derive(Clone, Debug)]
pub struct JobContext {
    pub pool: PgPool,
    pub clock: Clock,
    pub calendar: Calendar,
    pub lease: Lease,
    /// Business day to work on; `None` for jobs that are not day jobs.
    pub business_day: Option<NaiveDate>,
    /// True if the day was requested as part of a back-fill.
    pub by_backfill: bool,
    /// True if the run is of a due time, and nobody waits for its end.
    pub is_scheduled: bool,
    /// True if each batch is to be rolled back; only the run's own row in the run ledger is kept.
    pub dry_run: bool,
    /// Progress saved by earlier attempts of this run; `None` on the first attempt and in a dry run.
    pub progress: Option<Value>,
    /// Maximum number of rows per transaction.
    pub batch_size: u32,
    /// Stop token of this run. It is cancelled when the process shuts down or the run is cancelled: finish the batch
    /// and return [`Interrupted`].
    pub stop: CancellationToken,
}

/// Successful end of a job's work.
#[derive(Clone, Debug, PartialEq)]
pub enum JobEnd {
    /// Completed, with the report.
    Done(Value),
    /// Stopped between two batches: the process that takes over the run does the rest, unless the run is cancelled.
    Interrupted,
}

/// The run stops between two batches, because it was asked to.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("interrupted between two batches")]
pub struct Interrupted;

/// A run of a day job has no business day.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("{0} needs a business day: set --day")]
pub struct NoDay(pub &'static str);

/// Context of reads about a job.
#[derive(Clone, Copy, Debug)]
pub struct ReadContext<'a> {
    pub pool: &'a PgPool,
    pub now: DateTime<Utc>,
    pub calendar: Calendar,
}

impl JobContext {
    /// Begins the transaction of one batch, fenced by the lease. A batch that detects a request to cancel the run is
    /// its last.
    ///
    /// # Errors
    /// If this process no longer holds the run, or the database fails.
    pub async fn begin_batch(&self) -> anyhow::Result<PgTransaction<'static>> {
        let mut transaction = self.pool.begin().await?;
        // A rollback needs no fence until its end, and the heartbeat must not be rolled back with it.
        let cancelled = match self.dry_run {
            true => lease::fence(&mut self.pool.acquire().await?, &self.lease).await?,
            false => lease::fence(&mut transaction, &self.lease).await?,
        };
        citus::commit_in_two_phases(&mut transaction).await?;
        if cancelled {
            self.stop.cancel();
        }
        Ok(transaction)
    }

    /// Commits a batch together with its progress. In a dry run, performs the deferred checks of the commit, rolls the
    /// batch back, and saves only the progress.
    ///
    /// # Errors
    /// Like [`JobContext::begin_batch`].
    pub async fn commit_batch(
        &self,
        mut batch: PgTransaction<'static>,
        progress: &(impl Serialize + Sync),
    ) -> anyhow::Result<()> {
        let progress = &serde_json::to_value(progress)?;
        if self.dry_run {
            transaction::check_deferred(&mut batch).await?;
            batch.rollback().await?;
            return lease::save_progress(&mut self.pool.acquire().await?, &self.lease, progress).await;
        }
        lease::save_progress(&mut batch, &self.lease, progress).await?;
        Ok(batch.commit().await?)
    }

    /// Notifies subscribers of the awards that committed batches changed. A dry run changes none.
    pub async fn notify_of_changes(&self) {
        if !self.dry_run {
            notify(&self.pool).await;
        }
    }

    /// Returns true if the job is to stop before the next batch.
    pub fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Ends the work before the next batch if the run is to stop.
    ///
    /// # Errors
    /// [`Interrupted`] if so.
    pub fn stop_if_asked(&self) -> Result<(), Interrupted> {
        match self.is_stopping() {
            true => Err(Interrupted),
            false => Ok(()),
        }
    }
}

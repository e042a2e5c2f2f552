//! Settlement: every due award becomes a ledger entry and part of a balance, exactly once.
//!
//! A sweep that settles awards which are PENDING and due, user by user, in batches of one transaction each. A run can
//! be killed at any point; the next one continues.

use crate::metrics;
use crate::service::job::{JobContext, JobEnd};
use crate::store::settlement::{Cursor, has_work, lock_next, park, settle_batch};
use serde_json::Value;

mod batch_size;
mod report;

use batch_size::BatchSize;
use report::{Parked, Report};

/// Name of the job.
pub const NAME: &str = "settle_awards";

/// Returns the number of parked awards according to a report, and the error of the first.
pub fn parked(report: &Value) -> (i64, Option<String>) {
    let error = report["parked_awards"][0]["error"].as_str();
    (report["parked"].as_i64().unwrap_or(0), error.map(str::to_owned))
}

/// Settles all due awards.
///
/// # Errors
/// If the lease is lost or the database fails. An award that cannot be paid is not an error: it is parked and reported.
pub async fn settle_awards(job: JobContext) -> anyhow::Result<JobEnd> {
    let mut report = Report::resume(job.progress.as_ref())?;
    let mut size = BatchSize::up_to(job.batch_size);
    let mut next = has_work(&job.pool, job.clock.now()).await?.then_some(Cursor::START);
    while let Some(cursor) = next {
        if job.is_stopping() {
            return Ok(JobEnd::Interrupted);
        }
        next = step(&job, cursor, &mut size, &mut report).await?;
    }
    report.count_waiting(&job.pool, job.dry_run).await?;
    Ok(JobEnd::Done(report.to_json()))
}

/// Performs one step: settles a batch, reduces the size of the next batch, or parks a single award that cannot be
/// settled.
async fn step(
    job: &JobContext,
    cursor: Cursor,
    size: &mut BatchSize,
    report: &mut Report,
) -> anyhow::Result<Option<Cursor>> {
    let began = std::time::Instant::now();
    match settle(job, cursor, size.get(), report).await {
        Ok((next, grown)) => {
            if !job.dry_run {
                metrics::settled(grown.settled - report.settled);
            }
            *report = grown;
            size.took(began.elapsed());
            Ok(next)
        }
        Err(error) if size.get() > 1 && (is_unpayable(&error) || is_contention(&error)) => {
            tracing::warn!(
                size = size.get(),
                error = crate::causes::one_line(&error),
                "a settlement batch failed: retrying with a smaller one"
            );
            size.halve();
            Ok(Some(cursor))
        }
        Err(error) if is_unpayable(&error) => {
            let (next, grown) = settle_or_park_one(job, cursor, report).await?;
            *report = grown;
            size.took(began.elapsed());
            Ok(next)
        }
        Err(error) => Err(error),
    }
}

/// Settles one batch and returns the next position and the updated report.
async fn settle(
    job: &JobContext,
    cursor: Cursor,
    limit: i64,
    report: &Report,
) -> anyhow::Result<(Option<Cursor>, Report)> {
    let mut batch = job.begin_batch().await?;
    let settled = match settle_batch(&mut batch, cursor, limit, job.lease.run_id, job.clock.now()).await {
        Ok(settled) => settled,
        Err(error) => {
            // Roll back explicitly: a dropped transaction is rolled back asynchronously, and the smaller batch that
            // follows would skip the rows it still locks.
            batch.rollback().await?;
            return Err(error.into());
        }
    };
    let mut grown = report.clone();
    grown.add(&settled);
    job.commit_batch(batch, &grown.to_json()).await?;
    // A batch below the limit is the last one.
    Ok((settled.next.filter(|_| settled.award_count == limit), grown))
}

/// Settles the next award alone, or parks it. It is locked first, so that no other award can be parked instead.
async fn settle_or_park_one(
    job: &JobContext,
    cursor: Cursor,
    report: &Report,
) -> anyhow::Result<(Option<Cursor>, Report)> {
    let now = job.clock.now();
    let mut batch = job.begin_batch().await?;
    let Some(award) = lock_next(&mut batch, cursor, now).await? else {
        batch.rollback().await?;
        return Ok((None, report.clone()));
    };
    let just_before = Cursor {
        award_id: award.award_id - 1,
        ..award
    };
    let mut grown = report.clone();
    let mut attempt = batch.begin().await?;
    match settle_batch(&mut attempt, just_before, 1, job.lease.run_id, now)
        .await
        .map_err(anyhow::Error::from)
    {
        Ok(settled) => {
            attempt.commit().await?;
            grown.add(&settled);
        }
        Err(error) if is_unpayable(&error) => {
            attempt.rollback().await?;
            let error = why_unpayable(&error);
            tracing::error!(
                user_id = award.user_id,
                award_id = award.award_id,
                error,
                "an award cannot be settled: parked"
            );
            park(&mut batch, award, &error, now).await?;
            grown.park(Parked {
                user_id: award.user_id,
                award_id: award.award_id,
                error,
            });
        }
        Err(error) => return Err(error),
    }
    job.commit_batch(batch, &grown.to_json()).await?;
    Ok((Some(award), grown))
}

fn sql_state(error: &anyhow::Error) -> Option<String> {
    let error = error.chain().find_map(|cause| cause.downcast_ref::<sqlx::Error>())?;
    Some(error.as_database_error()?.code()?.into_owned())
}

/// Returns the reason why an award cannot be paid, for operators, without the database driver's wording.
fn why_unpayable(error: &anyhow::Error) -> String {
    const NUMERIC_VALUE_OUT_OF_RANGE: &str = "22003";
    let database = error
        .chain()
        .find_map(|cause| cause.downcast_ref::<sqlx::Error>())
        .and_then(sqlx::Error::as_database_error);
    match database {
        Some(error) if error.code().as_deref() == Some(NUMERIC_VALUE_OUT_OF_RANGE) => {
            "the balance would exceed 9,999,999,999,999,999.9999".to_owned()
        }
        Some(error) => error.message().to_owned(),
        None if is_unreadable(error) => "the amount or the resulting sum is not a payable number".to_owned(),
        None => crate::causes::one_line(error),
    }
}

/// Returns true if the database holds a value that is not an amount, such as NaN from an old import.
fn is_unreadable(error: &anyhow::Error) -> bool {
    let errors = error.chain().filter_map(|cause| cause.downcast_ref::<sqlx::Error>());
    errors
        .into_iter()
        .any(|error| matches!(error, sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_)))
}

/// Returns true if the award itself is the cause (class 22 data exception, 23 constraint violation), so that a retry
/// would fail too.
fn is_unpayable(error: &anyhow::Error) -> bool {
    is_unreadable(error) || sql_state(error).is_some_and(|code| code.starts_with("22") || code.starts_with("23"))
}

/// Returns true for contention: a statement or lock timeout, a deadlock, or a serialisation failure.
fn is_contention(error: &anyhow::Error) -> bool {
    matches!(sql_state(error).as_deref(), Some("57014" | "55P03" | "40P01" | "40001"))
}

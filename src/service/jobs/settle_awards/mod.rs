//! Settlement: every due award becomes a ledger entry and part of a balance, exactly once.
//!
//! A sweep that settles awards which are PENDING and due, user by user, in batches of one transaction each. A run can
//! be killed at any point; the next one continues.

use super::{Backlog, Job, JobContext, ReadContext};
use crate::domain::number::counted;
use crate::messages::Message;
use crate::metrics;
use crate::store::settlement::{self, Cursor, has_work, lock_next, park, settle_batch};

mod batch_size;
mod report;

use batch_size::BatchSize;
use report::{Parked, Report};

/// Settles all due awards. An award that cannot be paid is not an error: it is parked and reported.
pub struct SettleAwards;

impl Job for SettleAwards {
    const NAME: &'static str = "settle_awards";
    const MANIFEST: &'static str = include_str!("../../../../jobs/settle_awards.toml");

    type Report = Report;

    async fn run(&self, job: &JobContext, report: &mut Report) -> anyhow::Result<()> {
        let mut size = BatchSize::up_to(job.batch_size);
        let mut next = has_work(&job.pool, job.clock.now()).await?.then_some(Cursor::START);
        while let Some(cursor) = next {
            job.stop_if_asked()?;
            next = step(job, cursor, &mut size, report).await?;
        }
        Ok(report.count_waiting(&job.pool, job.dry_run).await?)
    }

    fn had_effect(report: &Report) -> bool {
        Self::done(report) > 0
    }

    fn done(report: &Report) -> i64 {
        report.settled + report.newly_parked
    }

    fn summary(report: &Report) -> Vec<String> {
        let mut said = Vec::new();
        if report.settled != 0 {
            said.push(format!(
                "settled {}{}",
                counted(report.settled, "award"),
                report.sums.text()
            ));
        }
        if report.newly_parked != 0 {
            said.push(format!("parked {}", counted(report.newly_parked, "award")));
        }
        if ![0, report.newly_parked].contains(&report.parked) {
            said.push(format!("{} parked in total", counted(report.parked, "award")));
        }
        said
    }

    fn findings(report: &Report) -> Vec<Message> {
        let first = report.parked_awards.first();
        messages(report.parked, first.map(|parked| parked.error.clone()))
    }

    async fn attention(&self, read: &ReadContext<'_>, _: &Report) -> sqlx::Result<Vec<Message>> {
        let parked = settlement::parked_summary(read.pool).await?;
        Ok(messages(parked.count, parked.first_error))
    }

    async fn backlog(&self, read: &ReadContext<'_>) -> sqlx::Result<Option<Backlog>> {
        Ok(Some(Backlog {
            count: settlement::count_due(read.pool, read.now).await?,
            unit: "awards",
            waiting_since: settlement::oldest_due(read.pool, read.now).await?,
        }))
    }
}

fn messages(parked: i64, first_error: Option<String>) -> Vec<Message> {
    let error = first_error.unwrap_or_default();
    (parked > 0)
        .then_some(Message::AwardsParked { count: parked, error })
        .into_iter()
        .collect()
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
    job.commit_batch(batch, &grown).await?;
    job.notify_of_changes().await;
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
    job.commit_batch(batch, &grown).await?;
    job.notify_of_changes().await;
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

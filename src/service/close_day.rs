//! Closing business days: totals are written once, the day accepts no more awards, and old counters are deleted.
//!
//! No request waits for it: daily state is keyed by its day, so a new day starts without it. Every open day is closed,
//! oldest first, in a transaction each; the totals of a day that is already closed are recomputed and compared.

use crate::store::bounded::PgPool;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::business_day::Calendar;
use crate::service::job::{JobContext, JobEnd};
use crate::store::business_days::{self, Difference, counters};

/// Name of the job.
pub const NAME: &str = "close_day";

/// Time after the end of a day from which it may be closed: no transaction that began in it can still be open.
pub const AFTER_ITS_END: TimeDelta = TimeDelta::minutes(5);
/// Maximum number of consecutive days without activity that are closed automatically. It prevents a clock that jumps
/// far ahead from closing future days permanently.
const MAX_UNATTENDED_DAYS: u32 = 7;
/// Maximum number of days of a back-fill suggested by an error message.
const PROPOSED: Days = Days::new(365);
/// Retention of daily counters. They are needed only on their own day; a week is kept for inspection.
const COUNTERS_KEPT: Days = Days::new(7);
/// Maximum number of closed days that are listed in the report; the rest are counted.
const NAMED: usize = 31;

/// The report; also the progress of an unfinished run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Report {
    closed: i64,
    /// The first of the closed days, oldest first.
    closed_days: Vec<NaiveDate>,
    /// Number of awards counted by the closings.
    awards: i64,
    pruned_counters: i64,
    /// Set if the requested day was closed before: its recomputed totals, compared with the stored ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    checked: Option<Value>,
}

#[derive(Debug, thiserror::Error)]
pub enum CloseDayError {
    #[error("close_day needs a business day: set --day")]
    NoDay,
    #[error("the business day {day} is not over: it can be closed from {from}")]
    NotOver { day: NaiveDate, from: String },
    #[error(
        "the business days from {day} on were not closed: there was no activity in the {MAX_UNATTENDED_DAYS} days before \
         its end, so the clock may be wrong. If those days did pass: newbee jobs backfill close_day --from {day} --to {until}"
    )]
    Unattended { day: NaiveDate, until: NaiveDate },
}

/// Closes every open day up to the run's business day, and deletes the counters of days more than a week older.
///
/// # Errors
/// [`CloseDayError`], a lost lease, or a database failure.
pub async fn close_day(job: JobContext) -> anyhow::Result<JobEnd> {
    let until = job.business_day.ok_or(CloseDayError::NoDay)?;
    let from = closable_from(&job.calendar, until);
    if job.clock.now() < from {
        let local = from.with_timezone(&job.calendar.time_zone);
        return Err(CloseDayError::NotOver {
            day: until,
            from: format!("{} {}", local.format("%Y-%m-%d %H:%M:%S"), job.calendar.time_zone),
        }
        .into());
    }
    let mut report = match &job.progress {
        Some(progress) => Report::deserialize(progress)?,
        None => Report::default(),
    };
    // A day that this run closed in an earlier attempt needs no check.
    if report.closed == 0 && business_days::is_closed(&job.pool, until).await? == Some(true) {
        report.checked = Some(check(&job, until).await?);
    }
    for day in days_to_close(&job.pool, until).await? {
        if job.is_stopping() {
            return Ok(JobEnd::Interrupted);
        }
        if !job.by_backfill && !is_plausible(&job, day).await? {
            let until = until.min(day + PROPOSED);
            return Err(CloseDayError::Unattended { day, until }.into());
        }
        close(&job, day, &mut report).await?;
    }
    prune_counters(&job, until, &mut report).await
}

/// Returns the day whose totals differ from its awards according to a report; `None` if there is none.
pub fn differing_day(report: &Value) -> Option<String> {
    let checked = &report["checked"];
    let differs = checked["differences"].as_array().is_some_and(|found| !found.is_empty());
    differs.then(|| checked["day"].as_str().unwrap_or_default().to_owned())
}

/// Returns the instant from which a day may be closed.
pub fn closable_from(calendar: &Calendar, day: NaiveDate) -> DateTime<Utc> {
    calendar.next_day_starts_at(calendar.day_starts_at(day)) + AFTER_ITS_END
}

/// Returns the number of business days that could be closed now and are not.
///
/// # Errors
/// If the database fails.
pub async fn open_days(pool: &PgPool, now: DateTime<Utc>, calendar: &Calendar) -> sqlx::Result<i64> {
    let until = calendar.day_before(calendar.day_of(now - AFTER_ITS_END));
    Ok(match business_days::first_unclosed(pool).await? {
        None => 0,
        Some(_) => days_to_close(pool, until).await?.len() as i64,
    })
}

/// Returns the first open day, if it can be closed now; `None` if no day is to be closed.
///
/// # Errors
/// If the database fails.
pub async fn first_open_day(pool: &PgPool, now: DateTime<Utc>, calendar: &Calendar) -> sqlx::Result<Option<NaiveDate>> {
    let first = business_days::first_unclosed(pool).await?;
    Ok(first.filter(|first| closable_from(calendar, *first) <= now))
}

/// Returns true if there was activity on the day or on one of the days before it, which shows that the day really
/// passed. The first day to be closed needs none.
async fn is_plausible(job: &JobContext, day: NaiveDate) -> sqlx::Result<bool> {
    if business_days::first_unclosed(&job.pool).await?.is_none() {
        return Ok(true);
    }
    let first = day - Days::new(u64::from(MAX_UNATTENDED_DAYS));
    let instants = job.calendar.day_starts_at(first)..closable_from(&job.calendar, day);
    business_days::is_attended(&job.pool, first..=day, instants).await
}

async fn days_to_close(pool: &PgPool, until: NaiveDate) -> sqlx::Result<Vec<NaiveDate>> {
    let first = business_days::first_unclosed(pool).await?.unwrap_or(until);
    let mut days = business_days::left_open(pool, first, until).await?;
    days.extend(first.iter_days().take_while(|day| *day <= until));
    Ok(days)
}

async fn close(job: &JobContext, day: NaiveDate, report: &mut Report) -> anyhow::Result<()> {
    let mut batch = job.begin_batch().await?;
    if business_days::lock_for_closing(&mut batch, day).await? {
        // Another run closed it in the meantime.
        return Ok(batch.rollback().await?);
    }
    let awards = business_days::close(&mut batch, day, job.lease.run_id, job.clock.now()).await?;
    report.closed += 1;
    report.awards += awards;
    if report.closed_days.len() < NAMED {
        report.closed_days.push(day);
    }
    job.commit_batch(batch, &serde_json::to_value(&report)?).await
}

/// Recomputes the totals of a closed day. A difference is logged and reported for investigation; the stored totals are
/// not changed.
async fn check(job: &JobContext, day: NaiveDate) -> anyhow::Result<Value> {
    let differences: Vec<Difference> = business_days::differences(&job.pool, day).await?;
    if !differences.is_empty() {
        tracing::error!(%day, ?differences, "the totals of a closed day differ from its awards");
    }
    Ok(serde_json::json!({ "day": day, "differences": differences }))
}

async fn prune_counters(job: &JobContext, until: NaiveDate, report: &mut Report) -> anyhow::Result<JobEnd> {
    let before = until - COUNTERS_KEPT;
    let mut after = None;
    loop {
        if job.is_stopping() {
            return Ok(JobEnd::Interrupted);
        }
        let mut batch = job.begin_batch().await?;
        let (deleted, last) = counters::prune(&mut batch, after.as_ref(), before, job.batch_size.into()).await?;
        report.pruned_counters += deleted;
        let progress = serde_json::to_value(&report)?;
        job.commit_batch(batch, &progress).await?;
        if last.is_none() {
            return Ok(JobEnd::Done(progress));
        }
        after = last;
    }
}

//! Closing business days: totals are written once, the day takes no more awards, old counters go.
//!
//! Nobody waits for it: daily state is keyed by its day, so a new day is fresh without it. It closes every day that is
//! still open, oldest first, a transaction each; a day that is closed already is added up again and compared.

use crate::store::bounded::PgPool;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::business_day::Calendar;
use crate::service::job::{JobContext, JobEnd};
use crate::store::business_days::{self, Difference, counters};

/// The job's name.
pub const NAME: &str = "close_day";

/// When a day may be closed: no transaction that began in it can still be open so long after its end.
pub const AFTER_ITS_END: TimeDelta = TimeDelta::minutes(5);
/// The most days in a row on which nothing happened that are closed without a person's word. A clock that jumps far ahead
/// would otherwise close days that nobody has lived through, and close them for good.
const MAX_UNATTENDED_DAYS: u32 = 7;
/// The most days of one back-fill that an error message proposes.
const PROPOSED: Days = Days::new(365);
/// Counters are needed on their own day; a week of them is kept to look at.
const COUNTERS_KEPT: Days = Days::new(7);
/// So many closed days are named in the report; the rest are counted.
const NAMED: usize = 31;

/// The report, also the progress of a run that is not over.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Report {
    closed: i64,
    /// The first of them, oldest first.
    closed_days: Vec<NaiveDate>,
    /// Awards counted by the closings.
    awards: i64,
    pruned_counters: i64,
    /// Set when the day asked for was closed before: what its awards now add up to, compared with its totals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    checked: Option<Value>,
}

#[derive(Debug, thiserror::Error)]
pub enum CloseDayError {
    #[error("close_day needs a business day: give one by --day")]
    NoDay,
    #[error("the business day {day} is not over: it can be closed from {from}")]
    NotOver { day: NaiveDate, from: String },
    #[error(
        "the business days from {day} on were not closed: nothing happened on this service in the {MAX_UNATTENDED_DAYS} days before \
         its end, so the clock may be wrong. If those days did pass: newbee jobs backfill close_day --from {day} --to {until}"
    )]
    Unattended { day: NaiveDate, until: NaiveDate },
}

/// Closes every open day up to the run's business day, and prunes the counters of days a week older.
///
/// # Errors
/// [`CloseDayError`], a lost lease, or the database's.
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
    // A day that this very run closed, in an earlier attempt, needs no check.
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

/// The day whose totals a report says differ from its awards; `None` when none does.
pub fn differing_day(report: &Value) -> Option<String> {
    let checked = &report["checked"];
    let differs = checked["differences"].as_array().is_some_and(|found| !found.is_empty());
    differs.then(|| checked["day"].as_str().unwrap_or_default().to_owned())
}

/// The instant from which a day may be closed.
pub fn closable_from(calendar: &Calendar, day: NaiveDate) -> DateTime<Utc> {
    calendar.next_day_starts_at(calendar.day_starts_at(day)) + AFTER_ITS_END
}

/// How many business days could be closed now and are not.
pub async fn open_days(pool: &PgPool, now: DateTime<Utc>, calendar: &Calendar) -> sqlx::Result<i64> {
    let until = calendar.day_before(calendar.day_of(now - AFTER_ITS_END));
    Ok(match business_days::first_unclosed(pool).await? {
        None => 0,
        Some(_) => days_to_close(pool, until).await?.len() as i64,
    })
}

/// Returns the first day that closing has to go on from, if it could be closed now; `None` when nothing is to be closed.
///
/// # Errors
/// The database's.
pub async fn first_open_day(pool: &PgPool, now: DateTime<Utc>, calendar: &Calendar) -> sqlx::Result<Option<NaiveDate>> {
    let first = business_days::first_unclosed(pool).await?;
    Ok(first.filter(|first| closable_from(calendar, *first) <= now))
}

/// Returns true when there are signs that a day went by: something happened on it or on one of the days just before it. The
/// very first day to be closed needs none.
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
        // Another run closed it since we looked.
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

/// Adds a closed day up again. A difference is reported loudly and left for people: the closed totals stay as they are.
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

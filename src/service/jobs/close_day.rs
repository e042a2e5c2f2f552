//! Closing business days: totals are written once, the day accepts no more awards, and old counters are deleted.
//!
//! No request waits for it: daily state is keyed by its day, so a new day starts without it. Every open day is closed,
//! oldest first, in a transaction each; the totals of a day that is already closed are recomputed and compared.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{AnyJob, Backlog, Job, JobContext, NoDay, ReadContext};
use crate::domain::business_day::Calendar;
use crate::domain::number::counted;
use crate::messages::Message;
use crate::store::bounded::PgPool;
use crate::store::business_days::{self, Difference, counters, reopening};

/// Time after the end of a day from which it may be closed: no transaction that began in it can still be open.
const AFTER_ITS_END: TimeDelta = TimeDelta::minutes(5);
/// Maximum number of consecutive days without activity that are closed automatically. It prevents a clock that jumps
/// far ahead from closing future days permanently.
const MAX_UNATTENDED_DAYS: u32 = 7;
/// Maximum number of days of a back-fill suggested by an error message.
const PROPOSED: Days = Days::new(365);
/// Retention of daily counters. They are needed only on their own day; a week is kept for inspection.
const COUNTERS_KEPT: Days = Days::new(7);
/// Maximum number of closed days that are listed in the report; the rest are counted.
const NAMED: usize = 31;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    closed: i64,
    /// The first of the closed days, oldest first.
    closed_days: Vec<NaiveDate>,
    /// Number of awards counted by the closings.
    awards: i64,
    pruned_counters: i64,
    /// Set if the requested day was closed before: its recomputed totals, compared with the stored ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    checked: Option<Checked>,
}

/// A day that was closed before, with the totals that differ from its awards.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Checked {
    day: NaiveDate,
    differences: Vec<Difference>,
}

#[derive(Debug, thiserror::Error)]
pub enum CloseDayError {
    #[error("the business day {day} is not over: it can be closed from {from}")]
    NotOver { day: NaiveDate, from: String },
    #[error(
        "the business days from {day} on were not closed: there was no activity in the {MAX_UNATTENDED_DAYS} days before \
         its end, so the clock may be wrong. If those days did pass: newbee jobs backfill close_day --from {day} --to {until}"
    )]
    Unattended { day: NaiveDate, until: NaiveDate },
}

/// Closes every open day up to the run's business day, and deletes the counters of days more than a week older.
pub struct CloseDay;

impl Job for CloseDay {
    const NAME: &'static str = "close_day";
    const MANIFEST: &'static str = include_str!("../../../jobs/close_day.toml");
    const READY_AFTER: Option<TimeDelta> = Some(AFTER_ITS_END);

    type Report = Report;

    /// # Errors
    /// [`CloseDayError`], among others.
    async fn run(&self, job: &JobContext, report: &mut Report) -> anyhow::Result<()> {
        let until = job.business_day.ok_or(NoDay(Self::NAME))?;
        let from = self.ready_at(&job.calendar, until);
        if job.clock.now() < from {
            let local = from.with_timezone(&job.calendar.time_zone);
            return Err(CloseDayError::NotOver {
                day: until,
                from: format!("{} {}", local.format("%Y-%m-%d %H:%M:%S"), job.calendar.time_zone),
            }
            .into());
        }
        // A day that this run closed in an earlier attempt needs no check.
        if report.closed == 0 && business_days::is_closed(&job.pool, until).await? == Some(true) {
            report.checked = Some(check(job, until).await?);
        }
        for day in days_to_close(&job.pool, until).await? {
            job.stop_if_asked()?;
            if !job.by_backfill && !is_plausible(job, day).await? {
                let until = until.min(day + PROPOSED);
                return Err(CloseDayError::Unattended { day, until }.into());
            }
            close(job, day, report).await?;
        }
        prune_counters(job, until, report).await
    }

    fn had_effect(report: &Report) -> bool {
        report.closed > 0 || report.awards > 0 || report.pruned_counters > 0
    }

    fn done(report: &Report) -> i64 {
        report.closed
    }

    fn summary(report: &Report) -> Vec<String> {
        let mut said = Vec::new();
        if report.closed != 0 {
            let days = counted(report.closed, "day");
            let named = match report.closed_days.as_slice() {
                [day] => day.to_string(),
                [first, .., last] => format!("{days}, {first} to {last},"),
                [] => days,
            };
            said.push(format!("closed {named} with {}", counted(report.awards, "award")));
        }
        if report.checked.is_some() {
            said.push("the day was already closed; its totals were checked".to_owned());
        }
        if report.pruned_counters != 0 {
            said.push(format!("deleted {}", counted(report.pruned_counters, "old counter")));
        }
        said
    }

    fn findings(report: &Report) -> Vec<Message> {
        let differing = report.checked.iter().filter(|checked| !checked.differences.is_empty());
        let day = |checked: &Checked| checked.day.to_string();
        differing
            .map(|checked| Message::TotalsDiffer { day: day(checked) })
            .collect()
    }

    async fn attention(&self, read: &ReadContext<'_>, last: &Report) -> sqlx::Result<Vec<Message>> {
        let ahead = reopening::closed_ahead(read.pool, read.calendar.day_of(read.now)).await?;
        let ahead = ahead.first.map(|first| Message::DaysClosedAhead {
            count: ahead.count,
            day: first.to_string(),
        });
        Ok(Self::findings(last).into_iter().chain(ahead).collect())
    }

    async fn backlog(&self, read: &ReadContext<'_>) -> sqlx::Result<Option<Backlog>> {
        Ok(Some(Backlog {
            count: open_days(read.pool, read.now, &read.calendar).await?,
            unit: "days",
            waiting_since: None,
        }))
    }
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
    Ok(first.filter(|first| CloseDay.ready_at(calendar, *first) <= now))
}

/// Returns true if there was activity on the day or on one of the days before it, which shows that the day really
/// passed. The first day to be closed needs none.
async fn is_plausible(job: &JobContext, day: NaiveDate) -> sqlx::Result<bool> {
    if business_days::first_unclosed(&job.pool).await?.is_none() {
        return Ok(true);
    }
    let first = day - Days::new(u64::from(MAX_UNATTENDED_DAYS));
    let instants = job.calendar.day_starts_at(first)..CloseDay.ready_at(&job.calendar, day);
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
    job.commit_batch(batch, report).await
}

/// Recomputes the totals of a closed day. A difference is logged and reported for investigation; the stored totals are
/// not changed.
async fn check(job: &JobContext, day: NaiveDate) -> anyhow::Result<Checked> {
    let differences: Vec<Difference> = business_days::differences(&job.pool, day).await?;
    if !differences.is_empty() {
        tracing::error!(%day, ?differences, "the totals of a closed day differ from its awards");
    }
    Ok(Checked { day, differences })
}

async fn prune_counters(job: &JobContext, until: NaiveDate, report: &mut Report) -> anyhow::Result<()> {
    let before = until - COUNTERS_KEPT;
    let mut after = None;
    loop {
        job.stop_if_asked()?;
        let mut batch = job.begin_batch().await?;
        let (deleted, last) = counters::prune(&mut batch, after.as_ref(), before, job.batch_size.into()).await?;
        report.pruned_counters += deleted;
        job.commit_batch(batch, report).await?;
        if last.is_none() {
            return Ok(());
        }
        after = last;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report(report: serde_json::Value) -> Report {
        serde_json::from_value(report).unwrap()
    }

    #[test]
    fn closed_days_are_summarised() {
        let one = report(json!({ "closed": 1, "closed_days": ["2026-11-21"], "awards": 7, "pruned_counters": 0 }));
        assert_eq!(CloseDay::summary(&one), ["closed 2026-11-21 with 7 awards"]);
        let days = ["2026-11-19", "2026-11-20", "2026-11-21"];
        let three = report(json!({ "closed": 3, "closed_days": days, "awards": 7, "pruned_counters": 2 }));
        assert_eq!(
            CloseDay::summary(&three),
            [
                "closed 3 days, 2026-11-19 to 2026-11-21, with 7 awards",
                "deleted 2 old counters"
            ]
        );
    }

    #[test]
    fn only_differing_totals_need_attention() {
        let difference = json!({ "item": "sign_in", "coin_id": "1", "recorded_count": 1, "recorded_amount": "1.0000",
                                 "counted_count": 2, "counted_amount": "2.0000" });
        for (differences, found) in [(json!([difference]), 1), (json!([]), 0)] {
            let checked = report(json!({ "checked": { "day": "2026-11-19", "differences": differences } }));
            assert_eq!(CloseDay::findings(&checked).len(), found);
            assert_eq!(
                CloseDay::summary(&checked),
                ["the day was already closed; its totals were checked"]
            );
        }
    }
}

//! Due times of a job, by its schedule and the zone database. Pure: no clock and no database.
//!
//! A schedule is in local time, across clock changes: 00:05 stays 00:05. A fixed time that a clock change skips is due
//! right after the change; one that occurs twice is due only the first time. A day that does not exist has no due time.

use std::fmt;

use chrono::{DateTime, MappedLocalTime, NaiveDateTime, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds};

use crate::domain::business_day::Calendar;

/// A cron expression of six fields, seconds first, in a time zone.
#[derive(Clone, Debug)]
pub struct Schedule {
    cron: Cron,
    pub time_zone: Tz,
}

impl Schedule {
    /// Parses `second minute hour day-of-month month day-of-week`.
    ///
    /// # Errors
    /// Returns a description of the problem if the expression is invalid or never due.
    pub fn parse(text: &str, time_zone: Tz) -> Result<Self, String> {
        let cron = CronParser::builder()
            .seconds(Seconds::Required)
            .build()
            .parse(text)
            .map_err(|error| error.to_string())?;
        let schedule = Self { cron, time_zone };
        let first = schedule.after(DateTime::UNIX_EPOCH).next();
        first.map(|_| schedule).ok_or_else(|| "it is never due".to_owned())
    }

    /// Returns all due times after `instant`, oldest first.
    pub fn after(&self, instant: DateTime<Utc>) -> impl Iterator<Item = DateTime<Tz>> + use<> {
        let schedule = self.clone();
        let mut latest = instant.with_timezone(&self.time_zone);
        std::iter::from_fn(move || {
            let next = schedule.cron.find_next_occurrence(&latest, false).ok();
            latest = next.or_else(|| schedule.past_a_long_gap(&latest))?;
            Some(latest)
        })
    }

    /// Returns the due time after `instant` if the next one lies in a gap of more than the two hours that croner
    /// supports: the end of the gap, or the first due time after it if the zone skipped a whole day (Apia, 30 December
    /// 2011).
    fn past_a_long_gap(&self, instant: &DateTime<Tz>) -> Option<DateTime<Tz>> {
        // The same search in a zone without gaps finds the time that croner could not resolve.
        let gapless = self.cron.find_next_occurrence(&instant.naive_local().and_utc(), false);
        let missing = gapless.ok()?.naive_utc();
        if self.time_zone.from_local_datetime(&missing) != MappedLocalTime::None {
            return None;
        }
        let end = Calendar::new(self.time_zone).end_of_gap(missing);
        let end = end.with_timezone(&self.time_zone);
        if end.date_naive() == missing.date() {
            return Some(end);
        }
        self.cron.find_next_occurrence(&end, true).ok()
    }

    /// Returns the unique key of a due time: local time and zone, so that replicas with different zone data agree. In a
    /// repeated hour, the key includes the UTC offset.
    pub fn run_key(&self, due: &DateTime<Tz>) -> String {
        let (local, zone) = (due.naive_local(), self.time_zone);
        let offset = match zone.from_local_datetime(&local).latest() == zone.from_local_datetime(&local).earliest() {
            true => String::new(),
            false => due.format("%:z").to_string(),
        };
        format!("schedule:{}{offset}@{zone}", civil(local))
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.cron.pattern, self.time_zone)
    }
}

/// Formats local time to the minute, or to the second if it has seconds.
fn civil(local: NaiveDateTime) -> impl fmt::Display {
    local.format(if local.second() == 0 {
        "%Y-%m-%dT%H:%M"
    } else {
        "%Y-%m-%dT%H:%M:%S"
    })
}

/// Policy for due times that passed while no process ran the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CatchUp {
    /// All are run, oldest first.
    All,
    /// Only the latest is run.
    Latest,
    /// None is run: a due time is valid only for [`PUNCTUAL`].
    Skip,
}

/// Maximum delay of a due time that does not count as missed.
const PUNCTUAL: TimeDelta = TimeDelta::minutes(1);
/// Maximum number of due times returned at once; older ones are skipped.
pub const MAX_AT_ONCE: usize = 10_000;

/// Runs and skipped due times to record for the time since the last check.
#[derive(Clone, Debug, PartialEq)]
pub struct DuePlan {
    /// Due times to be run, oldest first.
    pub runs: Vec<DateTime<Tz>>,
    /// Due times not to be run, oldest first; at most one entry for age and one by policy.
    pub skipped: Vec<Skipped>,
}

/// A range of skipped due times.
#[derive(Clone, Debug, PartialEq)]
pub struct Skipped {
    pub count: usize,
    pub first: DateTime<Tz>,
    pub last: DateTime<Tz>,
    pub why: String,
}

impl Skipped {
    fn new(times: &[DateTime<Tz>], why: impl Into<String>) -> Option<Self> {
        Some(Self {
            count: times.len(),
            first: *times.first()?,
            last: *times.last()?,
            why: why.into(),
        })
    }

    /// Returns the number, range and reason of the skipped due times, for the run ledger.
    pub fn reason(&self) -> String {
        let (first, last) = (
            self.first.format("%Y-%m-%d %H:%M:%S"),
            self.last.format("%Y-%m-%d %H:%M:%S %Z"),
        );
        match self.count {
            1 => format!("the due time {last} was skipped: {}", self.why),
            count => format!("{count} due times from {first} to {last} were skipped: {}", self.why),
        }
    }
}

/// Decides about the due times after `through` and up to `now`; `None` if there are none.
///
/// `window` limits the age of due times that are made up for, and thereby the cost of a long downtime.
pub fn plan(
    schedule: &Schedule,
    catch_up: CatchUp,
    window: TimeDelta,
    through: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Option<DuePlan> {
    let horizon = through.max(now - window);
    let mut skipped = Vec::new();
    if through < horizon {
        // A due time exactly at the start of the window belongs to it.
        let too_old: Vec<_> = schedule
            .after(through)
            .take_while(|due| *due < horizon)
            .take(MAX_AT_ONCE)
            .collect();
        let or_more = if too_old.len() == MAX_AT_ONCE {
            " (counted no further)"
        } else {
            ""
        };
        skipped.extend(Skipped::new(&too_old, format!("older than catch_up_window{or_more}")));
    }
    let just_before = if through < horizon {
        horizon - TimeDelta::nanoseconds(1)
    } else {
        through
    };
    let mut due: Vec<_> = schedule.after(just_before).take_while(|due| *due <= now).collect();
    let dropped = due.len().saturating_sub(MAX_AT_ONCE);
    skipped.extend(Skipped::new(
        &due[..dropped],
        format!("only {MAX_AT_ONCE} are made up for at once"),
    ));
    due.drain(..dropped);

    let (first_run, why) = match catch_up {
        CatchUp::All => (0, ""),
        CatchUp::Latest => (
            due.len().saturating_sub(1),
            "missed; catch_up = \"LATEST\" runs only the last",
        ),
        CatchUp::Skip => (
            due.partition_point(|due| *due <= now - PUNCTUAL),
            "missed; catch_up = \"SKIP\" makes up for none",
        ),
    };
    skipped.extend(Skipped::new(&due[..first_run], why));
    let runs = due.split_off(first_run);
    (!runs.is_empty() || !skipped.is_empty()).then_some(DuePlan { runs, skipped })
}

#[cfg(test)]
mod tests;

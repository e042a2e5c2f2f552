//! When a job is due, by its schedule and the zone database. Pure: nothing here asks a clock or a database.
//!
//! A schedule is in local time and keeps it when the clocks change: 00:05 stays 00:05. A fixed time that the clocks jump
//! over is due right after the jump; one that comes twice is due the first time only. A day that never was has no due time.

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
    /// Reads `second minute hour day-of-month month day-of-week`. The error says what is wrong with it.
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

    /// Every due time after `instant`, oldest first.
    pub fn after(&self, instant: DateTime<Utc>) -> impl Iterator<Item = DateTime<Tz>> + use<> {
        let schedule = self.clone();
        let mut latest = instant.with_timezone(&self.time_zone);
        std::iter::from_fn(move || {
            let next = schedule.cron.find_next_occurrence(&latest, false).ok();
            latest = next.or_else(|| schedule.past_a_long_gap(&latest))?;
            Some(latest)
        })
    }

    /// The due time after `instant` where the clocks jump over the next one by more than croner's two hours: the end of the
    /// gap, or the first due time after it when the zone left out a whole day (Apia, 30 December 2011).
    fn past_a_long_gap(&self, instant: &DateTime<Tz>) -> Option<DateTime<Tz>> {
        // The same search where no time is missing says which one croner could not place.
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

    /// What makes a due time one: its local time and zone, so that replicas with different zone data agree. Only in an
    /// hour that the clocks repeat the offset tells the two apart.
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

/// Local time to the minute, or to the second where there are seconds.
fn civil(local: NaiveDateTime) -> impl fmt::Display {
    local.format(if local.second() == 0 {
        "%Y-%m-%dT%H:%M"
    } else {
        "%Y-%m-%dT%H:%M:%S"
    })
}

/// What becomes of due times that passed while nothing ran the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CatchUp {
    /// Each is run, oldest first.
    All,
    /// Only the last is run.
    Latest,
    /// None is run: a due time counts only for [`PUNCTUAL`].
    Skip,
}

/// A due time noticed within this is not a missed one.
const PUNCTUAL: TimeDelta = TimeDelta::minutes(1);
/// The most due times that one look may return; older ones are skipped.
pub const MAX_AT_ONCE: usize = 10_000;

/// What to write down for the time that passed since the last look.
#[derive(Clone, Debug, PartialEq)]
pub struct DuePlan {
    /// To be run, oldest first.
    pub runs: Vec<DateTime<Tz>>,
    /// Not to be run, oldest first; at most one for being too old and one by policy.
    pub skipped: Vec<Skipped>,
}

/// Due times that are not run, as one.
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

    /// For the run ledger: how many, from when to when, and why.
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

/// Decides about the due times after `through` and up to `now`; `None` when there are none.
///
/// `window` bounds how far back due times are made up for, and so what a year of downtime may cost.
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
        // A due time at the horizon itself belongs to the window.
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

//! The keys of a manifest and their permitted values.

use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use chrono_tz::Tz;
use toml::{Table, Value};

use super::Manifest;
use crate::domain::business_day::Calendar;
use crate::scheduler::due_times::{CatchUp, MAX_AT_ONCE, Schedule};

/// Maximum batch size in rows, since one transaction should take about a second.
const MAX_ROWS: i64 = 50_000;

/// Removes keys from a manifest one by one; the keys left at the end are unknown.
struct Keys<'a> {
    table: Table,
    report: &'a mut dyn FnMut(String),
}

/// Parses one manifest. Problems are passed to `report` without the file name; returns `None` if there were any.
pub fn read(stem: &str, text: &str, calendar: &Calendar, report: &mut dyn FnMut(String)) -> Option<Manifest> {
    let table = match text.parse::<Table>() {
        Ok(table) => table,
        Err(error) => {
            report(format!(
                "is not valid TOML: {}",
                error.to_string().trim_end().replace('\n', "\n    ")
            ));
            return None;
        }
    };
    let mut keys = Keys { table, report };

    let name = keys.text("name", &format!("the file's name, \"{stem}\""));
    if let Some(name) = name.as_deref().filter(|name| *name != stem) {
        (keys.report)(format!(
            "name: is {name:?}; write name = \"{stem}\", or rename the file"
        ));
    }
    let description = keys.text("description", "a sentence that describes the job");
    let enabled = keys.take("enabled", "true or false", |value| value.as_bool());
    let zone = keys.zone(calendar);
    let schedule = keys.schedule(zone);
    let catch_up = keys.take("catch_up", "\"ALL\", \"LATEST\" or \"SKIP\"", |value| {
        match value.as_str()? {
            "ALL" => Some(CatchUp::All),
            "LATEST" => Some(CatchUp::Latest),
            "SKIP" => Some(CatchUp::Skip),
            _ => None,
        }
    });
    let window = keys.time("catch_up_window", "30days");
    let timeout = keys.time("timeout", "10min");
    let lease = keys.time("lease", "30s");
    let heartbeat = keys.time("heartbeat_every", "10s");
    let max_attempts = keys.take("max_attempts", "a whole number from 1 to 100", |value| {
        let attempts = value.as_integer().filter(|attempts| (1..=100).contains(attempts))?;
        i32::try_from(attempts).ok()
    });
    let batch_size = keys.take("batch_size", &format!("a whole number from 1 to {MAX_ROWS}"), |value| {
        value
            .as_integer()
            .filter(|rows| (1..=MAX_ROWS).contains(rows))
            .and_then(|rows| u32::try_from(rows).ok())
    });
    keys.refuse_the_rest();

    if let (Some(lease), Some(heartbeat)) = (lease, heartbeat)
        && lease <= heartbeat * 2
    {
        (keys.report)(format!(
            "lease: {} does not allow for a lost heartbeat; write more than twice heartbeat_every ({})",
            humantime::format_duration(lease),
            humantime::format_duration(heartbeat)
        ));
    }
    if let (Some(lease), Some(timeout)) = (lease, timeout)
        && timeout < lease
    {
        (keys.report)(format!(
            "timeout: {} is shorter than lease; write at least {}",
            humantime::format_duration(timeout),
            humantime::format_duration(lease)
        ));
    }
    if let (Some(schedule), Some(window)) = (&schedule, window) {
        keys.bound_window(schedule, window);
    }

    Some(Manifest {
        name: name?,
        description: description?,
        enabled: enabled?,
        schedule: schedule?,
        catch_up: catch_up?,
        catch_up_window: window?,
        timeout: timeout?,
        max_attempts: max_attempts?,
        batch_size: batch_size?,
        lease: lease?,
        heartbeat_every: heartbeat?,
    })
}

/// Formats a value as in the file, if it is short.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text:?}"),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Boolean(truth) => truth.to_string(),
        other => format!("of type {}", other.type_str()),
    }
}

impl Keys<'_> {
    /// Takes a required key; `expected` completes "write …".
    fn take<T>(&mut self, key: &str, expected: &str, read: impl FnOnce(&Value) -> Option<T>) -> Option<T> {
        let Some(value) = self.table.remove(key) else {
            (self.report)(format!("{key}: missing; write {expected}"));
            return None;
        };
        let read = read(&value);
        if read.is_none() {
            (self.report)(format!("{key}: is {}; write {expected}", shown(&value)));
        }
        read
    }

    fn text(&mut self, key: &str, expected: &str) -> Option<String> {
        self.take(key, expected, |value| {
            value.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned)
        })
    }

    /// Takes a duration greater than zero.
    fn time(&mut self, key: &str, example: &str) -> Option<Duration> {
        self.take(key, &format!("a duration such as \"{example}\""), |value| {
            let time = humantime::parse_duration(value.as_str()?).ok()?;
            (!time.is_zero() && TimeDelta::from_std(time).is_ok_and(|time| time <= TimeDelta::days(3660)))
                .then_some(time)
        })
    }

    /// Takes the optional time zone; the default is the business time zone.
    fn zone(&mut self, calendar: &Calendar) -> Option<Tz> {
        if !self.table.contains_key("time_zone") {
            return Some(calendar.time_zone);
        }
        self.take(
            "time_zone",
            "\"business\", or an IANA name such as \"Asia/Shanghai\"",
            |value| match value.as_str()? {
                "business" => Some(calendar.time_zone),
                name => name.parse().ok(),
            },
        )
    }

    fn schedule(&mut self, zone: Option<Tz>) -> Option<Schedule> {
        let expected = "six fields: second minute hour day-of-month month day-of-week, such as \"0 5 0 * * *\"";
        let text = self.text("schedule", expected)?;
        match Schedule::parse(&text, zone.unwrap_or(Tz::UTC)) {
            Ok(schedule) => Some(schedule),
            Err(error) => {
                (self.report)(format!(
                    "schedule: {text:?} is not a valid schedule ({error}); write {expected}"
                ));
                None
            }
        }
    }

    /// Rejects a window with more due times than can be made up for at once.
    fn bound_window(&mut self, schedule: &Schedule, window: Duration) {
        let from = DateTime::UNIX_EPOCH;
        let Some(until) = TimeDelta::from_std(window)
            .ok()
            .and_then(|window| from.checked_add_signed(window))
        else {
            return;
        };
        if schedule
            .after(from)
            .take_while(|due| *due <= until)
            .nth(MAX_AT_ONCE)
            .is_some()
        {
            (self.report)(format!(
                "catch_up_window: holds more than {MAX_AT_ONCE} due times of this schedule; write a shorter one"
            ));
        }
    }

    fn refuse_the_rest(&mut self) {
        for key in std::mem::take(&mut self.table).keys() {
            (self.report)(format!(
                "{key}: unknown key; remove it, or see the comments in the repository's jobs/*.toml"
            ));
        }
    }
}

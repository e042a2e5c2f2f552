//! The business day: the calendar day of the installation's single time zone.
//!
//! All computations use the zone database. Nothing adds 86,400 seconds: a day may have 23, 24, 25 or 23.5 hours, may
//! lack its midnight, or (Apia, 30 December 2011) may not exist.

use chrono::{DateTime, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// The first and last supported day. Days and instants outside this range are clamped to it, so that no computation
/// with dates can fail.
const FIRST: NaiveDate = NaiveDate::from_ymd_opt(1, 1, 1).expect("a day of the calendar");
const LAST: NaiveDate = NaiveDate::from_ymd_opt(10_001, 1, 1).expect("a day of the calendar");

/// The calendar of one time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calendar {
    pub time_zone: Tz,
}

/// An instant and its business day: computed once per request, passed down, stored on the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BusinessTime {
    pub at: DateTime<Utc>,
    pub day: NaiveDate,
}

impl Calendar {
    pub fn new(time_zone: Tz) -> Self {
        Self { time_zone }
    }

    /// Returns the instant together with its business day.
    pub fn moment(&self, at: DateTime<Utc>) -> BusinessTime {
        BusinessTime {
            at,
            day: self.day_of(at),
        }
    }

    /// Returns the business day of an instant.
    pub fn day_of(&self, at: DateTime<Utc>) -> NaiveDate {
        within(at).with_timezone(&self.time_zone).date_naive()
    }

    /// Returns the first instant of a day; if the zone skipped the whole day, the first instant after it.
    pub fn day_starts_at(&self, day: NaiveDate) -> DateTime<Utc> {
        let midnight = day.clamp(FIRST, LAST).and_time(NaiveTime::MIN);
        match self.time_zone.from_local_datetime(&midnight) {
            MappedLocalTime::Single(start) | MappedLocalTime::Ambiguous(start, _) => start.with_timezone(&Utc),
            // There is no midnight on this day because of a clock change. The day starts after the change.
            MappedLocalTime::None => self.end_of_gap(midnight),
        }
    }

    /// Returns the first instant of the business day after the one that `at` belongs to.
    pub fn next_day_starts_at(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        let at = within(at);
        // A skipped day starts at the same instant as the next day; it is left out if its start is not after `at`.
        let later = self.day_of(at).iter_days().skip(1).map(|day| self.day_starts_at(day));
        later.take(4).find(|start| *start > at).unwrap_or(at)
    }

    /// Returns the business day before `day`, leaving out days that the zone skipped.
    pub fn day_before(&self, day: NaiveDate) -> NaiveDate {
        self.day_of(self.day_starts_at(day) - TimeDelta::seconds(1))
    }

    /// Returns the first instant after the gap that contains a missing local time. The gap must be the only change of
    /// local time within 40 hours on either side.
    pub fn end_of_gap(&self, missing: NaiveDateTime) -> DateTime<Utc> {
        let naive_utc = missing.and_utc();
        let (mut before, mut after) = (naive_utc - TimeDelta::hours(40), naive_utc + TimeDelta::hours(40));
        while after - before > TimeDelta::seconds(1) {
            let middle = before + (after - before) / 2;
            if middle.with_timezone(&self.time_zone).naive_local() < missing {
                before = middle;
            } else {
                after = middle;
            }
        }
        DateTime::from_timestamp(after.timestamp(), 0).expect("the instant lies within chrono's calendar")
    }
}

/// Clamps an instant to the supported days.
fn within(at: DateTime<Utc>) -> DateTime<Utc> {
    let edge = TimeDelta::days(3);
    let start = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
    at.clamp(start(FIRST) + edge, start(LAST) - edge)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(zone: &str) -> Calendar {
        Calendar::new(zone.parse().expect("a zone of the database"))
    }

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn shanghai_changes_day_at_sixteen_utc() {
        let shanghai = calendar("Asia/Shanghai");
        assert_eq!(shanghai.day_of(utc("2026-11-22T15:59:59Z")), day("2026-11-22"));
        assert_eq!(shanghai.day_of(utc("2026-11-22T16:00:00Z")), day("2026-11-23"));
        assert_eq!(
            shanghai.next_day_starts_at(utc("2026-11-22T16:00:00Z")),
            utc("2026-11-23T16:00:00Z")
        );
    }

    #[test]
    fn days_across_daylight_saving_have_23_and_25_hours() {
        let london = calendar("Europe/London");
        let hours = |text: &str| {
            (london.next_day_starts_at(london.day_starts_at(day(text))) - london.day_starts_at(day(text))).num_hours()
        };
        assert_eq!(hours("2026-03-29"), 23);
        assert_eq!(hours("2026-10-25"), 25);
        assert_eq!(hours("2026-10-26"), 24);
    }

    #[test]
    fn a_day_without_midnight_starts_after_the_clock_change() {
        // Sao Paulo, 4 November 2018: 00:00 became 01:00.
        assert_eq!(
            calendar("America/Sao_Paulo").day_starts_at(day("2018-11-04")),
            utc("2018-11-04T03:00:00Z")
        );
    }

    #[test]
    fn a_day_that_does_not_exist_is_left_out() {
        // Apia went from 29 to 31 December 2011.
        let apia = calendar("Pacific/Apia");
        let start = apia.next_day_starts_at(utc("2011-12-30T09:59:59Z"));
        assert_eq!(start, utc("2011-12-30T10:00:00Z"));
        assert_eq!(apia.day_of(start), day("2011-12-31"));
        assert_eq!(apia.day_before(day("2011-12-31")), day("2011-12-29"));
    }

    #[test]
    fn extreme_dates_do_not_fail() {
        for zone in ["Asia/Shanghai", "Pacific/Apia", "America/New_York", "Africa/Cairo"] {
            let calendar = calendar(zone);
            for day in [
                NaiveDate::MIN,
                NaiveDate::MAX,
                FIRST,
                LAST,
                day("9999-12-31"),
                day("1900-01-01"),
            ] {
                let start = calendar.day_starts_at(day);
                let _ = (calendar.day_before(day), calendar.next_day_starts_at(start));
            }
            for at in [
                DateTime::<Utc>::MIN_UTC,
                DateTime::<Utc>::MAX_UTC,
                utc("9999-12-31T23:59:59Z"),
            ] {
                let _ = (calendar.moment(at), calendar.next_day_starts_at(at));
            }
        }
    }

    #[test]
    fn a_half_hour_change_is_kept() {
        // Lord Howe moves by thirty minutes.
        let lord_howe = calendar("Australia/Lord_Howe");
        let start = lord_howe.day_starts_at(day("2026-04-05"));
        assert_eq!(
            lord_howe.next_day_starts_at(start) - start,
            TimeDelta::minutes(24 * 60 + 30)
        );
    }
}

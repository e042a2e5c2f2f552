//! The days of a month, each with its state for the streak of a user.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::make_up::PastDay;
use super::streak::MakeUpRule;

/// State of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DayState {
    SignedIn,
    MadeUp,
    Frozen,
    Bridged,
    Missed,
    /// Today, before the sign-in.
    Open,
    Upcoming,
    BeforeAccount,
}

/// A day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CalendarDay {
    pub day: NaiveDate,
    pub state: DayState,
    /// True if the user can make the day up now.
    pub can_make_up: bool,
}

/// Facts about a user and a month.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MonthFacts {
    /// Days of the month that are recorded; the strongest state of each.
    pub recorded: BTreeMap<NaiveDate, DayState>,
    /// Days since the streak's last day that freezes cover now.
    pub frozen_now: BTreeSet<NaiveDate>,
    /// Terms of made-up days at the time of the request; `None` if no day can be made up.
    pub make_up: Option<MakeUpRule>,
}

impl MonthFacts {
    /// Records a day, unless it has a stronger state: a sign-in on a bridged day is a sign-in.
    pub fn record(&mut self, day: NaiveDate, state: DayState) {
        let known = self.recorded.entry(day).or_insert(state);
        *known = (*known).min(state);
    }

    /// Returns how many days of the month the user has made up.
    pub fn made_up(&self) -> i64 {
        let made_up = self.recorded.values().filter(|state| **state == DayState::MadeUp);
        i64::try_from(made_up.count()).unwrap_or(i64::MAX)
    }

    /// Returns the days from `first` to `last` of a user whose account was created on `account_day`.
    pub fn days(
        &self,
        (first, last): (NaiveDate, NaiveDate),
        account_day: NaiveDate,
        today: NaiveDate,
    ) -> Vec<CalendarDay> {
        let made_up_in_month = self.made_up();
        let day_of = |day: NaiveDate| {
            let recorded = self.recorded.get(&day).copied();
            let state = match recorded {
                Some(state) => state,
                None if day > today => DayState::Upcoming,
                None if day == today => DayState::Open,
                None if day < account_day => DayState::BeforeAccount,
                None if self.frozen_now.contains(&day) => DayState::Frozen,
                None => DayState::Missed,
            };
            let past = PastDay {
                day,
                account_day,
                is_covered: recorded.is_some(),
                made_up_in_month,
            };
            CalendarDay {
                day,
                state,
                can_make_up: self.make_up.is_some_and(|rule| rule.check(past, today).is_ok()),
            }
        };
        first.iter_days().take_while(|day| *day <= last).map(day_of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::make_up::month_of;

    #[test]
    fn each_day_has_its_state() {
        let day = |day| NaiveDate::from_ymd_opt(2026, 11, day).unwrap();
        let mut facts = MonthFacts {
            make_up: Some(MakeUpRule { days: 7, per_month: 2 }),
            frozen_now: [day(19)].into(),
            ..MonthFacts::default()
        };
        facts.record(day(16), DayState::Bridged);
        facts.record(day(16), DayState::SignedIn);
        facts.record(day(15), DayState::Bridged);
        facts.record(day(14), DayState::MadeUp);
        facts.record(day(12), DayState::Frozen);
        let days = facts.days(month_of(day(20)), day(10), day(20));
        assert_eq!(days.len(), 30);
        let state = |n: usize| (days[n - 1].state, days[n - 1].can_make_up);
        assert_eq!(state(9), (DayState::BeforeAccount, false));
        assert_eq!(state(10), (DayState::Missed, false), "too old");
        assert_eq!(state(12), (DayState::Frozen, false));
        assert_eq!(state(13), (DayState::Missed, true));
        assert_eq!(state(14), (DayState::MadeUp, false));
        assert_eq!(state(15), (DayState::Bridged, false));
        assert_eq!(state(16), (DayState::SignedIn, false));
        assert_eq!(state(19), (DayState::Frozen, true), "its freeze is not used yet");
        assert_eq!(state(20), (DayState::Open, false));
        assert_eq!(state(21), (DayState::Upcoming, false));
        facts.record(day(17), DayState::MadeUp);
        assert!(
            facts
                .days(month_of(day(20)), day(10), day(20))
                .iter()
                .all(|day| !day.can_make_up)
        );
    }
}

//! Streaks of sign-ins, and what does not end them: bridged days, freezes and made-up days.
//!
//! A sign-in and a made-up day count in the length. A bridged day (an outage, for all users) and a frozen day (covered by
//! a freeze that the user held) do not count and do not end the streak. Freezes are used by arithmetic: a streak whose
//! missed days are covered is shown as alive, and the next sign-in records them.

use chrono::{Days, NaiveDate};

/// Maximum number of days back that can be made up.
pub const MAX_MAKE_UP_DAYS: i32 = 31;
/// Maximum number of made-up days in a calendar month.
pub const MAX_MAKE_UPS: i32 = 31;
/// Number of days of a streak that earn a freeze: at least this many.
pub const MIN_FREEZE_EVERY: i32 = 2;
/// Maximum number of days of a streak that earn a freeze.
pub const MAX_FREEZE_EVERY: i32 = 3_660;
/// Maximum number of freezes that a user can hold.
pub const MAX_FREEZES: i32 = 30;

/// Terms of the sign-in rule for missed days. Without them, a missed day ends the streak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgiveness {
    /// Number of days back that users can make up; set together with `make_ups_per_month`.
    pub make_up_days: Option<i32>,
    /// Number of days of a calendar month that a user can make up.
    pub make_ups_per_month: Option<i32>,
    /// Number of days of a streak that earn a freeze; set together with `max_freezes`.
    pub freeze_every: Option<i32>,
    /// Number of freezes that a user can hold.
    pub max_freezes: Option<i32>,
}

/// Terms of made-up days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MakeUpRule {
    pub days: i32,
    pub per_month: i32,
}

/// Terms of freezes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FreezeRule {
    /// Number of days of a streak that earn one.
    pub every: i32,
    /// Number that a user can hold.
    pub most: i32,
}

impl Forgiveness {
    /// Returns the terms of made-up days; `None` if no day can be made up.
    pub fn make_up(&self) -> Option<MakeUpRule> {
        let (days, per_month) = self.make_up_days.zip(self.make_ups_per_month)?;
        Some(MakeUpRule { days, per_month })
    }

    /// Returns the terms of freezes; `None` if there are none.
    pub fn freezes(&self) -> Option<FreezeRule> {
        let (every, most) = self.freeze_every.zip(self.max_freezes)?;
        Some(FreezeRule { every, most })
    }

    /// Returns true if the terms of made-up days are complete and within bounds, and belong to the item `sign_in`.
    pub fn is_make_up_valid(&self, item: &str) -> bool {
        match (self.make_up_days, self.make_ups_per_month) {
            (None, None) => true,
            (Some(days), Some(per_month)) => {
                item == "sign_in" && (1..=MAX_MAKE_UP_DAYS).contains(&days) && (1..=MAX_MAKE_UPS).contains(&per_month)
            }
            _ => false,
        }
    }

    /// Returns true if the terms of freezes are complete and within bounds, and belong to the item `sign_in`.
    pub fn are_freezes_valid(&self, item: &str) -> bool {
        match (self.freeze_every, self.max_freezes) {
            (None, None) => true,
            (Some(every), Some(most)) => {
                item == "sign_in"
                    && (MIN_FREEZE_EVERY..=MAX_FREEZE_EVERY).contains(&every)
                    && (1..=MAX_FREEZES).contains(&most)
            }
            _ => false,
        }
    }
}

/// Streak of sign-ins that earns a bonus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreakRule {
    /// Number of consecutive days.
    pub length: i32,
    /// True if every multiple of the length earns the bonus again.
    pub repeats: bool,
}

/// Streak of a user as of its last day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Streak {
    pub last_day: NaiveDate,
    /// Number of days with a sign-in or made up.
    pub length: i32,
    /// Number of bridged and frozen days between them.
    pub skipped: i32,
    /// Number of freezes held.
    pub freezes: i32,
    /// Length of the longest earlier streak; 0 if there was none.
    pub best: i32,
}

impl Streak {
    /// Returns the first day of the streak.
    pub fn first_day(&self) -> NaiveDate {
        first_day(self.last_day, self.length, self.skipped)
    }

    /// Returns the streak after a sign-in on a later day. `day_before` is the preceding business day, and `earliest` is
    /// the result of [`earliest_last_days`] for it. The statement of sign-ins does the same for a group of users.
    #[must_use]
    pub fn after(
        last: Option<Self>,
        day: NaiveDate,
        day_before: NaiveDate,
        earliest: &[NaiveDate],
        rule: Option<FreezeRule>,
    ) -> Self {
        let first = Self {
            last_day: day,
            length: 1,
            skipped: 0,
            freezes: 0,
            best: 0,
        };
        let Some(last) = last else { return first };
        let used = earliest.iter().filter(|earliest| **earliest > last.last_day).count();
        let used = i32::try_from(used).unwrap_or(i32::MAX);
        if used > last.freezes || used >= i32::try_from(earliest.len()).unwrap_or(0) {
            return Self {
                best: last.best.max(last.length),
                ..first
            };
        }
        let length = last.length + 1;
        let earned = rule.is_some_and(|rule| length % rule.every == 0);
        let held = last.freezes - used + i32::from(earned);
        Self {
            last_day: day,
            length,
            skipped: last.skipped + i32::try_from((day_before - last.last_day).num_days()).unwrap_or(0),
            freezes: rule.map_or(held, |rule| held.min(rule.most)),
            best: last.best,
        }
    }
}

/// Returns the first day of a streak.
pub fn first_day(last_day: NaiveDate, length: i32, skipped: i32) -> NaiveDate {
    let before = u64::try_from(length + skipped - 1).unwrap_or(0);
    last_day.checked_sub_days(Days::new(before)).unwrap_or(last_day)
}

/// Returns the earliest last days of streaks that a sign-in continues, in ascending order: with the help of at most
/// `freezes`, …, 1 and 0 freezes. `day_before` is the business day before the sign-in.
pub fn earliest_last_days(day_before: NaiveDate, bridged: &[NaiveDate], freezes: i32) -> Vec<NaiveDate> {
    let mut earliest = Vec::new();
    let mut day = day_before;
    for _ in 0..=freezes.max(0) {
        while bridged.contains(&day) {
            day = day.pred_opt().unwrap_or(day);
        }
        earliest.push(day);
        day = day.pred_opt().unwrap_or(day);
    }
    earliest.reverse();
    earliest
}

/// Returns the key of a bonus: it is paid once per first day and length of a streak.
pub fn bonus_key(first_day: NaiveDate, length: i32) -> String {
    format!("{first_day}:{length}")
}

impl StreakRule {
    /// Returns the lengths above `from`, up to `to`, that earn the bonus.
    pub fn lengths_between(&self, from: i32, to: i32) -> impl Iterator<Item = i32> {
        let rule = *self;
        (from + 1..=to).filter(move |length| {
            *length == rule.length || rule.repeats && rule.length > 0 && length % rule.length == 0
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, day).unwrap()
    }

    fn streak(last_day: u32, length: i32, freezes: i32) -> Option<Streak> {
        Some(Streak {
            last_day: day(last_day),
            length,
            skipped: 0,
            freezes,
            best: 0,
        })
    }

    const RULE: Option<FreezeRule> = Some(FreezeRule { every: 5, most: 2 });

    /// Length, skipped days, freezes and best after a sign-in on the twentieth.
    fn after(last: Option<Streak>, bridged: &[NaiveDate], rule: Option<FreezeRule>) -> (i32, i32, i32, i32) {
        let earliest = earliest_last_days(day(19), bridged, rule.map_or(0, |rule| rule.most));
        let after = Streak::after(last, day(20), day(19), &earliest, rule);
        (after.length, after.skipped, after.freezes, after.best)
    }

    #[test]
    fn without_forgiveness_a_missed_day_ends_the_streak() {
        assert_eq!(after(None, &[], None), (1, 0, 0, 0));
        assert_eq!(after(streak(19, 4, 0), &[], None), (5, 0, 0, 0));
        assert_eq!(after(streak(18, 4, 0), &[], None), (1, 0, 0, 4));
        assert_eq!(after(streak(18, 4, 2), &[], None), (1, 0, 0, 4), "freezes are off");
    }

    #[test]
    fn bridged_days_neither_end_a_streak_nor_count() {
        assert_eq!(after(streak(17, 4, 0), &[day(18), day(19)], None), (5, 2, 0, 0));
        assert_eq!(after(streak(18, 4, 0), &[day(18), day(19)], None), (5, 1, 0, 0));
        assert_eq!(after(streak(16, 4, 0), &[day(18), day(19)], None), (1, 0, 0, 4));
    }

    #[test]
    fn freezes_are_earned_held_and_used() {
        assert_eq!(after(streak(19, 4, 0), &[], RULE), (5, 0, 1, 0));
        assert_eq!(after(streak(19, 9, 2), &[], RULE), (10, 0, 2, 0), "at most two");
        assert_eq!(after(streak(18, 6, 1), &[], RULE), (7, 1, 0, 0));
        assert_eq!(after(streak(17, 6, 1), &[], RULE), (1, 0, 0, 6));
        assert_eq!(after(streak(17, 9, 2), &[], RULE), (10, 2, 1, 0));
        assert_eq!(
            after(streak(16, 6, 2), &[day(17)], RULE),
            (7, 3, 0, 0),
            "one bridged, two frozen"
        );
        assert_eq!(after(streak(15, 6, 9), &[], RULE), (1, 0, 0, 6), "only two can be used");
    }

    #[test]
    fn a_streak_knows_its_first_day_and_the_lengths_that_it_reached() {
        let streak = Streak {
            skipped: 2,
            ..streak(20, 5, 0).unwrap()
        };
        assert_eq!(streak.first_day(), day(14));
        assert_eq!(bonus_key(streak.first_day(), streak.length), "2026-11-14:5");
        let lengths = |repeats, from, to| {
            StreakRule { length: 3, repeats }
                .lengths_between(from, to)
                .collect::<Vec<_>>()
        };
        assert_eq!(lengths(true, 2, 9), [3, 6, 9]);
        assert_eq!(lengths(false, 2, 9), [3]);
        assert_eq!(lengths(true, 3, 5), Vec::<i32>::new());
    }
}

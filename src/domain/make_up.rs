//! Making up a missed sign-in (补签): the rule, and the reasons for a rejection.

use chrono::{Datelike, NaiveDate};

use super::rejection::rejections;
use super::streak::MakeUpRule;

rejections! {
    /// Reason why a missed sign-in was not made up.
    #[derive(Copy)]
    pub enum MakeUpRejection {
        /// The sign-in rule allows no make-up sign-ins, or is closed.
        Closed => "MAKE_UP_CLOSED",
            "Missed sign-ins cannot be made up at the moment.",
            "补签暂未开放。";
        /// The day is today or a future day.
        NotPast => "MAKE_UP_NOT_PAST",
            "Only a past day can be made up. For today, sign in with signInToday.",
            "只能补签过去的日期；今天请用 signInToday 签到。";
        /// The day is too long ago.
        TooOld { days: i32 } => "MAKE_UP_TOO_OLD",
            format!("Only the last {days} days can be made up."),
            format!("只能补签最近 {days} 天。");
        /// The account did not exist on the day.
        BeforeAccount => "MAKE_UP_BEFORE_ACCOUNT",
            "Your account did not exist on that day. Choose a later day.",
            "那一天您还没有账号，请选择之后的日期。";
        /// The user signed in on the day, or it is covered by a freeze or bridged.
        NotMissed => "MAKE_UP_NOT_MISSED",
            "You did not miss that day: you signed in, or your streak goes on without it.",
            "那一天不用补签：您已签到，或连续签到没有因它中断。";
        /// The user has made up as many days of the month as the rule allows.
        LimitReached { per_month: i32 } => "MAKE_UP_LIMIT_REACHED",
            format!("You have made up {per_month} days of that month, and more are not possible."),
            format!("该月已补签 {per_month} 天，不能再补签。");
    }
}

/// State of a day that a user wants to make up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PastDay {
    pub day: NaiveDate,
    /// Business day on which the account was created.
    pub account_day: NaiveDate,
    /// True if the user signed in on the day, or if it is recorded as frozen or bridged.
    pub is_covered: bool,
    /// Number of made-up days in the month of the day.
    pub made_up_in_month: i64,
}

impl MakeUpRule {
    /// Checks that a day can be made up today.
    ///
    /// # Errors
    /// The first reason against it.
    pub fn check(&self, past: PastDay, today: NaiveDate) -> Result<(), MakeUpRejection> {
        if past.day >= today {
            return Err(MakeUpRejection::NotPast);
        }
        if (today - past.day).num_days() > self.days.into() {
            return Err(MakeUpRejection::TooOld { days: self.days });
        }
        if past.day < past.account_day {
            return Err(MakeUpRejection::BeforeAccount);
        }
        if past.is_covered {
            return Err(MakeUpRejection::NotMissed);
        }
        if past.made_up_in_month >= self.per_month.into() {
            return Err(MakeUpRejection::LimitReached {
                per_month: self.per_month,
            });
        }
        Ok(())
    }
}

/// Returns the first and the last day of the calendar month of a day.
pub fn month_of(day: NaiveDate) -> (NaiveDate, NaiveDate) {
    let first = day.with_day(1).unwrap_or(day);
    let next = first.checked_add_months(chrono::Months::new(1));
    let last = next.and_then(|next| next.pred_opt()).unwrap_or(day);
    (first, last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn months_have_28_to_31_days() {
        for (within, first, last) in [
            ("2026-02-10", "2026-02-01", "2026-02-28"),
            ("2028-02-29", "2028-02-01", "2028-02-29"),
            ("2026-12-31", "2026-12-01", "2026-12-31"),
            ("9999-12-31", "9999-12-01", "9999-12-31"),
        ] {
            assert_eq!(month_of(day(within)), (day(first), day(last)));
        }
    }

    #[test]
    fn each_reason_is_given_at_its_edge() {
        let rule = MakeUpRule { days: 7, per_month: 2 };
        let today = day("2026-12-03");
        let past = |text: &str| PastDay {
            day: day(text),
            account_day: day("2026-11-27"),
            is_covered: false,
            made_up_in_month: 1,
        };
        assert_eq!(rule.check(past("2026-12-02"), today), Ok(()));
        assert_eq!(rule.check(past("2026-11-27"), today), Ok(()));
        for refused in ["2026-12-03", "2026-12-04"] {
            assert_eq!(rule.check(past(refused), today), Err(MakeUpRejection::NotPast));
        }
        assert_eq!(
            rule.check(past("2026-11-25"), today),
            Err(MakeUpRejection::TooOld { days: 7 })
        );
        assert_eq!(
            rule.check(past("2026-11-26"), today),
            Err(MakeUpRejection::BeforeAccount)
        );
        let covered = PastDay {
            is_covered: true,
            ..past("2026-12-02")
        };
        assert_eq!(rule.check(covered, today), Err(MakeUpRejection::NotMissed));
        let third = PastDay {
            made_up_in_month: 2,
            ..past("2026-12-02")
        };
        assert_eq!(
            rule.check(third, today),
            Err(MakeUpRejection::LimitReached { per_month: 2 })
        );
    }
}

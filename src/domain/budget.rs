//! Budgets of rules: their limits, what is left, and when it will be used up.

use chrono::{DateTime, Days, NaiveDate, Utc};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// Part of a budget, in percent, below which it is nearly spent.
const NEARLY_SPENT_PERCENT: i64 = 10;

/// Limits of the sum of a rule's awards, in its coin; `None` means unlimited. Awards of versions without a limit are not
/// counted, and voided awards are not given back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// Per business day.
    pub day: Option<Decimal>,
    /// In total.
    pub total: Option<Decimal>,
}

impl Budget {
    /// Returns true if there is no limit.
    pub fn is_unlimited(&self) -> bool {
        self.day.is_none() && self.total.is_none()
    }
}

/// One limit of a budget, and the sum of the awards that it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetUse {
    pub limit: Decimal,
    pub spent: Decimal,
}

impl BudgetUse {
    /// Returns the sum that can still be awarded; 0 if the limit was lowered below what is spent.
    pub fn left(&self) -> Decimal {
        (self.limit - self.spent).max(Decimal::ZERO)
    }

    /// Returns true if less than a tenth of the budget is left.
    pub fn is_nearly_spent(&self) -> bool {
        self.left() * Decimal::from(100) < self.limit * Decimal::from(NEARLY_SPENT_PERCENT)
    }

    /// Returns the time when the budget of a day is used up at the pace of the day so far; `None` if it lasts until the
    /// day ends, or nothing is spent yet.
    pub fn runs_out_at(
        &self,
        now: DateTime<Utc>,
        day_starts_at: DateTime<Utc>,
        day_ends_at: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let elapsed = Decimal::from((now - day_starts_at).num_seconds().max(1));
        let seconds = (self.left() * elapsed).checked_div(self.spent)?.to_i64()?;
        let at = now.checked_add_signed(chrono::TimeDelta::try_seconds(seconds)?)?;
        (at < day_ends_at).then_some(at)
    }

    /// Returns the day on which the budget is used up if each day from `today` on spends `pace`; `None` without a pace,
    /// or beyond the calendar.
    pub fn runs_out_on(&self, today: NaiveDate, pace: Decimal) -> Option<NaiveDate> {
        let days = self.left().checked_div(pace)?.floor().to_u64()?;
        today.checked_add_days(Days::new(days))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forecast_continues_the_pace() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let used = |limit: i64, spent: i64| BudgetUse {
            limit: limit.into(),
            spent: spent.into(),
        };
        let (start, noon, end) = (
            at("2026-11-20T00:00:00Z"),
            at("2026-11-20T12:00:00Z"),
            at("2026-11-21T00:00:00Z"),
        );
        // Half a day for 60 of 100: 40 more take eight hours.
        assert_eq!(
            used(100, 60).runs_out_at(noon, start, end),
            Some(at("2026-11-20T20:00:00Z"))
        );
        assert_eq!(used(100, 100).runs_out_at(noon, start, end), Some(noon));
        for lasting in [used(100, 50), used(100, 10), used(100, 0)] {
            assert_eq!(lasting.runs_out_at(noon, start, end), None, "{lasting:?}");
        }
        let today = start.date_naive();
        assert_eq!(
            used(100, 60).runs_out_on(today, 20.into()),
            today.checked_add_days(Days::new(2))
        );
        assert_eq!(used(100, 60).runs_out_on(today, Decimal::ZERO), None);
        assert!(!used(100, 90).is_nearly_spent() && used(100, 91).is_nearly_spent());
        assert_eq!(used(100, 120).left(), Decimal::ZERO);
    }
}

//! Replays of rules: what proposed terms would have paid for the awards of past days.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::rule::{AmountRule, RuleTerms};

/// Number of days that are replayed, up to yesterday.
pub const REPLAYED_DAYS: u64 = 7;

/// Awards of an item on a day.
#[derive(Clone, Debug, PartialEq)]
pub struct PastDay {
    pub day: NaiveDate,
    pub award_count: i64,
    /// Sums by coin.
    pub paid: Vec<(String, Decimal)>,
    /// Number of those awards that lie in the proposed window and within the proposed daily limit of their users.
    pub fitting_count: i64,
}

/// A past day under the proposed terms.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplayedDay {
    pub past: PastDay,
    pub award_count: i64,
    /// Sum in the proposed coin.
    pub amount: Decimal,
}

/// Replays past days in their order. Amounts that are drawn count with their mean. Awards that the rule in force did
/// not make are unknown, so a higher limit or a wider window adds none.
pub fn replay(terms: &RuleTerms, days: Vec<PastDay>) -> Vec<ReplayedDay> {
    let each = mean(terms.amount);
    let mut left = terms.budget.total;
    let mut replayed = Vec::with_capacity(days.len());
    for past in days {
        let open = if terms.enabled { past.fitting_count } else { 0 };
        let count = [terms.budget.day, left]
            .into_iter()
            .flatten()
            .filter_map(|budget| i64::try_from((budget / each).floor()).ok())
            .fold(open, i64::min);
        let amount = each * Decimal::from(count);
        left = left.map(|left| left - amount);
        replayed.push(ReplayedDay {
            past,
            award_count: count,
            amount,
        });
    }
    replayed
}

fn mean(amount: AmountRule) -> Decimal {
    match amount {
        AmountRule::Fixed(amount) => amount,
        AmountRule::Range { least, most, .. } => (least + most) / Decimal::TWO,
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::budget::Budget;
    use crate::domain::qualification::InviteTerms;
    use crate::domain::rule::TargetRule;
    use crate::domain::streak::Forgiveness;

    #[test]
    fn amount_budgets_and_switch_decide() {
        let day = |fitting_count| PastDay {
            day: NaiveDate::default(),
            award_count: 20,
            paid: Vec::new(),
            fitting_count,
        };
        let terms = RuleTerms {
            amount: AmountRule::Range {
                least: 2.into(),
                most: 4.into(),
                step: 1.into(),
            },
            coin_id: "1".into(),
            daily_limit: None,
            target_rule: TargetRule::None,
            hold: TimeDelta::zero(),
            opens_at: None,
            closes_at: None,
            enabled: true,
            streak: None,
            budget: Budget::default(),
            forgiveness: Forgiveness::default(),
            invite: InviteTerms::default(),
        };
        let counts = |terms: &RuleTerms| -> Vec<(i64, Decimal)> {
            let replayed = replay(terms, vec![day(10), day(20), day(20)]);
            replayed.iter().map(|day| (day.award_count, day.amount)).collect()
        };
        assert_eq!(counts(&terms), [(10, 30.into()), (20, 60.into()), (20, 60.into())]);
        let budget = Budget {
            day: Some(50.into()),
            total: Some(85.into()),
        };
        let limited = RuleTerms {
            budget,
            ..terms.clone()
        };
        assert_eq!(counts(&limited), [(10, 30.into()), (16, 48.into()), (2, 6.into())]);
        let closed = RuleTerms {
            enabled: false,
            ..terms
        };
        assert_eq!(counts(&closed)[0], (0, Decimal::ZERO));
    }
}

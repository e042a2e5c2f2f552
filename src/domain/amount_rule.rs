//! Amounts of rules: fixed, or drawn for each award.

use rust_decimal::Decimal;

use super::money::is_amount;

/// Amount of one award.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AmountRule {
    Fixed(Decimal),
    /// Drawn for each award, uniformly from `least`, `least + step`, … up to `most`.
    Range {
        least: Decimal,
        most: Decimal,
        step: Decimal,
    },
}

impl AmountRule {
    /// Returns the smallest amount that it may pay.
    pub fn least(&self) -> Decimal {
        match self {
            Self::Fixed(amount) => *amount,
            Self::Range { least, .. } => *least,
        }
    }

    /// Returns the largest amount that it may pay; `None` if the amount is fixed.
    pub fn most(&self) -> Option<Decimal> {
        match self {
            Self::Fixed(_) => None,
            Self::Range { most, .. } => Some(*most),
        }
    }

    /// Returns the step between its amounts; `None` if the amount is fixed.
    pub fn step(&self) -> Option<Decimal> {
        match self {
            Self::Fixed(_) => None,
            Self::Range { step, .. } => Some(*step),
        }
    }

    pub(super) fn is_made_of_amounts(&self) -> bool {
        match self {
            Self::Fixed(amount) => is_amount(*amount),
            Self::Range { least, most, step } => [least, most, step].into_iter().all(|part| is_amount(*part)),
        }
    }

    pub(super) fn is_in_order(&self) -> bool {
        match self {
            Self::Fixed(_) => true,
            Self::Range { least, most, step } => most > least && !step.is_zero() && ((most - least) % step).is_zero(),
        }
    }
}

//! Balance sheet of an installation, and its comparison with totals of another system.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::domain::money::{parse_decimal, wire_amount};
use crate::store::imports::report::Figure;

/// Names of the figures of a coin, in the order of a sheet.
pub const FIGURES: [&str; 6] = ["pending", "settled", "reversed", "void", "openings", "balances"];

/// Number and sum of rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sum {
    pub count: Option<i64>,
    /// Decimal with four places.
    pub amount: Option<String>,
}

/// Balance sheet. In the totals of another system, each figure may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sheet {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub users: Option<i64>,
    /// Users with a parent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bindings: Option<i64>,
    /// By coin and name of the figure, see [`FIGURES`].
    #[serde(default)]
    pub coins: BTreeMap<String, BTreeMap<String, Sum>>,
}

/// Figure that differs from the totals of the other system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Path of the figure, such as `coins.1.settled.amount`.
    pub figure: String,
    pub given: String,
    pub newbee: String,
}

/// Totals that cannot be compared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TotalsError {
    #[error("{0}: unknown figure. A coin has: {list}", list = FIGURES.join(", "))]
    UnknownFigure(String),
    #[error("{0}: expected an amount as a text, such as \"10.0000\"")]
    InvalidAmount(String),
}

impl Sheet {
    /// Creates the sheet from its figures.
    pub fn of(figures: &[Figure]) -> Self {
        let mut sheet = Self {
            users: Some(0),
            bindings: Some(0),
            coins: BTreeMap::new(),
        };
        for figure in figures {
            match (&figure.coin_id, figure.name.as_str()) {
                (None, "users") => sheet.users = Some(figure.count),
                (None, _) => sheet.bindings = Some(figure.count),
                (Some(coin), name) => {
                    let sum = Sum {
                        count: Some(figure.count),
                        amount: Some(wire_amount(figure.amount)),
                    };
                    sheet
                        .coins
                        .entry(coin.clone())
                        .or_default()
                        .insert(name.to_owned(), sum);
                }
            }
        }
        sheet
    }

    /// Returns a figure of a coin; zero if there is none.
    pub fn sum(&self, coin: &str, name: &str) -> (i64, Decimal) {
        let sum = self.coins.get(coin).and_then(|figures| figures.get(name));
        let amount = sum.and_then(|sum| parse_decimal(sum.amount.as_deref()?).ok());
        (sum.and_then(|sum| sum.count).unwrap_or(0), amount.unwrap_or_default())
    }

    /// Checks the names and amounts of the totals of another system.
    ///
    /// # Errors
    /// The first figure that cannot be compared.
    pub fn check(&self) -> Result<(), TotalsError> {
        for (coin, figures) in &self.coins {
            for (name, sum) in figures {
                if !FIGURES.contains(&name.as_str()) {
                    return Err(TotalsError::UnknownFigure(format!("coins.{coin}.{name}")));
                }
                if sum
                    .amount
                    .as_deref()
                    .is_some_and(|amount| parse_decimal(amount).is_err())
                {
                    return Err(TotalsError::InvalidAmount(format!("coins.{coin}.{name}.amount")));
                }
            }
        }
        Ok(())
    }

    /// Compares this sheet with the totals of another system: all figures that are given, and the coins that are not.
    pub fn differences(&self, given: &Self) -> Vec<Difference> {
        let mut found = Vec::new();
        let mut compare = |figure: String, given: String, newbee: String| {
            if given != newbee {
                found.push(Difference { figure, given, newbee });
            }
        };
        for (name, given, newbee) in [
            ("users", given.users, self.users),
            ("bindings", given.bindings, self.bindings),
        ] {
            if let Some(given) = given {
                compare(name.to_owned(), given.to_string(), newbee.unwrap_or(0).to_string());
            }
        }
        for (coin, figures) in &given.coins {
            for (name, sum) in figures {
                let (count, amount) = self.sum(coin, name);
                if let Some(given) = sum.count {
                    compare(
                        format!("coins.{coin}.{name}.count"),
                        given.to_string(),
                        count.to_string(),
                    );
                }
                if sum.amount.is_some() {
                    let (_, given) = given.sum(coin, name);
                    compare(
                        format!("coins.{coin}.{name}.amount"),
                        wire_amount(given),
                        wire_amount(amount),
                    );
                }
            }
        }
        for coin in self
            .coins
            .keys()
            .filter(|coin| !given.coins.is_empty() && !given.coins.contains_key(*coin))
        {
            compare(format!("coins.{coin}"), "no such coin".to_owned(), "present".to_owned());
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(json: &str) -> Sheet {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn only_given_figures_are_compared() {
        let newbee = sheet(
            r#"{"users": 3, "bindings": 1, "coins": {"1": {"settled": {"count": 2, "amount": "20.0000"}}, "2": {}}}"#,
        );
        assert_eq!(newbee.differences(&Sheet::default()), []);
        assert_eq!(newbee.differences(&newbee), []);
        let given = sheet(r#"{"users": 4, "coins": {"1": {"settled": {"amount": "20"}, "void": {"count": 1}}}}"#);
        let differences = newbee.differences(&given);
        let shown: Vec<_> = differences
            .iter()
            .map(|found| format!("{}: {} / {}", found.figure, found.given, found.newbee))
            .collect();
        assert_eq!(
            shown,
            [
                "users: 4 / 3",
                "coins.1.void.count: 1 / 0",
                "coins.2: no such coin / present"
            ]
        );
    }

    #[test]
    fn misspelt_figures_are_refused() {
        assert!(sheet(r#"{"coins": {"1": {"coins": {}}}}"#).check().is_err());
        assert!(
            sheet(r#"{"coins": {"1": {"settled": {"amount": "1e3"}}}}"#)
                .check()
                .is_err()
        );
        assert!(serde_json::from_str::<Sheet>(r#"{"user": 1}"#).is_err());
    }
}

//! Sums by coin for job reports.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::domain::money::wire_amount;
use crate::domain::number::grouped_amount;

/// Sums by coin ID, each a string with four decimal places.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CoinSums(pub BTreeMap<String, String>);

impl CoinSums {
    pub fn add(&mut self, coin: &str, amount: Decimal) {
        let sum = self
            .0
            .entry(coin.to_owned())
            .or_insert_with(|| wire_amount(Decimal::ZERO));
        let before: Decimal = sum.parse().expect("sums are written by wire_amount");
        *sum = wire_amount(before + amount);
    }

    /// Formats the sums for a summary, as `: 1,200.0000 of coin 1`; empty if there are none.
    pub fn text(&self) -> String {
        let each = self
            .0
            .iter()
            .map(|(coin, sum)| format!("{} of coin {coin}", grouped_amount(sum)));
        let each: Vec<String> = each.collect();
        match each.is_empty() {
            true => String::new(),
            false => format!(": {}", each.join(", ")),
        }
    }
}

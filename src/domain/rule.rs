//! A rule of the catalogue: what an item pays, how often, and when.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::award::AwardType;

/// What the target of a task has to do with how often it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetRule {
    /// The item has no target.
    None,
    /// Each target counts once a day.
    OnceADay,
    /// The same target may count again: what repeats a report is its idempotency key.
    Repeatable,
}

/// The version of a rule that is in force.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    pub item: String,
    pub award_type: AwardType,
    pub version: i32,
    pub amount: Decimal,
    /// The host's own id of the coin.
    pub coin_id: String,
    /// Awards per user and business day; `None` is no cap.
    pub daily_limit: Option<i32>,
    pub target_rule: TargetRule,
    pub opens_at: Option<DateTime<Utc>>,
    pub closes_at: Option<DateTime<Utc>>,
    pub enabled: bool,
}

impl Rule {
    /// Whether it pays at that instant.
    pub fn is_open(&self, at: DateTime<Utc>) -> bool {
        self.enabled && self.opens_at.is_none_or(|opens| opens <= at) && self.closes_at.is_none_or(|closes| at < closes)
    }
}

//! Reservations: campaigns in which each user can take one place, within a time window and up to a capacity.

use crate::domain::rejection::change::ChangeRejection;
use crate::domain::rejection::rejections;
use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::money::is_amount;
use super::rule::{MAX_COIN_ID_LENGTH, MAX_HOLD};
use super::text::{is_blank, match_form};

/// Maximum length of a key, in characters.
pub const MAX_KEY_LENGTH: usize = 40;
/// Maximum length of a title, in characters.
pub const MAX_TITLE_LENGTH: usize = 100;

/// A reservation campaign.
#[derive(Clone, Debug, PartialEq)]
pub struct ReservationCampaign {
    pub id: i64,
    /// Public key of the campaign, also the target of its awards; see [`normalise_key`].
    pub key: String,
    pub terms: ReservationTerms,
    /// Number of users who have a place.
    pub reserved_count: i32,
    /// Time of the launch; `None` before.
    pub launched_at: Option<DateTime<Utc>>,
    /// Time at which every place had its award; `None` before, and if the campaign has no reward.
    pub rewards_paid_at: Option<DateTime<Utc>>,
    pub created_by: String,
    pub reason: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Terms of a campaign, set by operators.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReservationTerms {
    pub title: Option<String>,
    /// Maximum number of places; `None` means unlimited.
    pub capacity: Option<i32>,
    pub opens_at: Option<DateTime<Utc>>,
    pub closes_at: Option<DateTime<Utc>>,
    /// Closed regardless of the window: manually, or because the window is over. It can be reopened until the launch.
    pub is_closed: bool,
    /// Award for each place, paid after the launch.
    pub reward: Option<ReservationReward>,
    /// True if the legacy method counts this campaign when no key is given. At most one campaign has this flag.
    pub is_legacy_default: bool,
}

/// Reward for a place.
#[derive(Clone, Debug, PartialEq)]
pub struct ReservationReward {
    pub amount: Decimal,
    /// Coin ID, as assigned by the host application.
    pub coin_id: String,
    /// Time from the award to its settlement.
    pub hold: TimeDelta,
}

/// State of a campaign at some instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReservationState {
    Upcoming,
    Open,
    Closed,
    Launched,
}

rejections! {
    /// Reason why a place was not reserved or not cancelled.
    #[derive(Copy, Serialize, Deserialize)]
    pub enum ReservationRejection {
        /// There is no such campaign.
        Unknown => "RESERVATION_UNKNOWN" legacy (221, "预约活动不存在"),
            "Reservation campaign not found. Check the name.",
            "没有这个预约活动，请检查名称。";
        /// The campaign is not open yet.
        NotOpen { opens_at: DateTime<Utc> } => "RESERVATION_NOT_OPEN" legacy (222, ""),
            "Reservations are not open yet. Come back when they open.",
            "预约还没有开始，请在开放后再来。";
        /// The campaign is closed or was launched.
        Closed => "RESERVATION_CLOSED" legacy (223, ""),
            "Reservations are closed.",
            "预约已经结束。";
        /// Every place is taken.
        Full => "RESERVATION_FULL" legacy (224, ""),
            "All places are taken. A place may become free if a reservation is cancelled: try again later.",
            "预约名额已满，如果有人取消，可以稍后再试。";
    }
}

rejections! {
    /// Reason why a reservation campaign was not created or changed.
    #[derive(Copy)]
    pub enum ReservationCampaignRejection {
        /// The campaign key is not valid.
        KeyInvalid => "KEY_INVALID",
            "A key is 1-40 characters: lowercase letters, digits, hyphens or underscores, starting with a letter.",
            "活动标识为 1 到 40 个字符，以小写字母开头，由小写字母、数字、连字符和下划线组成。";
        /// The campaign key is already in use.
        KeyTaken => "KEY_TAKEN",
            "A campaign with this key already exists. Choose another key.",
            "这个活动标识已被使用，请换一个。";
        /// The title is empty or too long.
        TitleInvalid => "TITLE_INVALID",
            "A title is 1 to 100 characters; omit it for no title.",
            "标题为 1 到 100 个字符；没有标题则不填。";
        /// The capacity is less than 1.
        CapacityInvalid => "CAPACITY_INVALID",
            "A capacity must be a positive integer; omit it for no limit.",
            "名额是大于零的整数；不限则不填。";
        /// The capacity is less than the number of reserved places.
        CapacityBelowCount { reserved: i32 } => "CAPACITY_BELOW_COUNT",
            format!("{reserved} places are taken. The capacity cannot be lower."),
            format!("已有{reserved}人预约，名额不能少于这个数。");
        /// The campaign was already launched.
        Launched => "LAUNCHED",
            "The campaign has been launched. Only its title and the legacy default can be changed.",
            "活动已经开启，只能修改标题和旧接口默认标记。";
    }
    with { Change(ChangeRejection) }
}

impl ReservationCampaign {
    pub fn state_at(&self, at: DateTime<Utc>) -> ReservationState {
        let terms = &self.terms;
        if self.launched_at.is_some() {
            ReservationState::Launched
        } else if terms.is_closed || terms.closes_at.is_some_and(|closes| closes <= at) {
            ReservationState::Closed
        } else if terms.opens_at.is_some_and(|opens| at < opens) {
            ReservationState::Upcoming
        } else {
            ReservationState::Open
        }
    }

    /// Returns true if places can no longer be taken or given back.
    pub fn is_over(&self, at: DateTime<Utc>) -> bool {
        matches!(self.state_at(at), ReservationState::Closed | ReservationState::Launched)
    }

    /// Returns the reason why new places cannot be taken at that instant; `None` if they can.
    pub fn refusal_at(&self, at: DateTime<Utc>) -> Option<ReservationRejection> {
        if self.is_over(at) {
            return Some(ReservationRejection::Closed);
        }
        if let Some(opens_at) = self.terms.opens_at.filter(|opens| at < *opens) {
            return Some(ReservationRejection::NotOpen { opens_at });
        }
        let is_full = self
            .terms
            .capacity
            .is_some_and(|capacity| self.reserved_count >= capacity);
        is_full.then_some(ReservationRejection::Full)
    }

    /// Returns all reasons why the campaign cannot change to these terms; empty if it can.
    pub fn change_problems(&self, terms: &ReservationTerms) -> Vec<ReservationCampaignRejection> {
        let mut problems = terms.problems();
        if terms.capacity.is_some_and(|capacity| capacity < self.reserved_count) {
            problems.push(ReservationCampaignRejection::CapacityBelowCount {
                reserved: self.reserved_count,
            });
        }
        let free_to_change = ReservationTerms {
            title: terms.title.clone(),
            is_legacy_default: terms.is_legacy_default,
            ..self.terms.clone()
        };
        if self.launched_at.is_some() && free_to_change != *terms {
            problems.push(ReservationCampaignRejection::Launched);
        }
        problems
    }
}

impl ReservationTerms {
    /// Returns all problems of the terms; empty if they are valid.
    pub fn problems(&self) -> Vec<ReservationCampaignRejection> {
        use ReservationCampaignRejection as Problem;
        let has = |reward: fn(&ReservationReward) -> bool| self.reward.as_ref().is_none_or(reward);
        let checks = [
            (
                Problem::TitleInvalid,
                self.title
                    .as_deref()
                    .is_none_or(|title| is_text(title, MAX_TITLE_LENGTH)),
            ),
            (
                Problem::CapacityInvalid,
                self.capacity.is_none_or(|capacity| capacity > 0),
            ),
            (
                ChangeRejection::WindowEndsBeforeItStarts.into(),
                self.opens_at
                    .zip(self.closes_at)
                    .is_none_or(|(opens, closes)| opens < closes),
            ),
            (
                ChangeRejection::AmountInvalid.into(),
                has(|reward| is_amount(reward.amount)),
            ),
            (
                ChangeRejection::CoinInvalid.into(),
                has(|reward| is_text(&reward.coin_id, MAX_COIN_ID_LENGTH)),
            ),
            (
                ChangeRejection::HoldInvalid.into(),
                has(|reward| (TimeDelta::zero()..=MAX_HOLD).contains(&reward.hold)),
            ),
        ];
        checks
            .into_iter()
            .filter(|(_, is_fine)| !is_fine)
            .map(|(problem, _)| problem)
            .collect()
    }
}

fn is_text(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.chars().count()) && !text.contains(char::is_control) && !is_blank(text)
}

/// Returns the form in which a key is unique and looked up, see [`match_form`]; `None` if it is not a valid key.
pub fn normalise_key(key: &str) -> Option<String> {
    let form = match_form(key);
    let mut characters = form.chars();
    let is_key = form.len() <= MAX_KEY_LENGTH
        && characters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && characters.all(|other| other.is_ascii_alphanumeric() || other == '_' || other == '-');
    is_key.then_some(form)
}

#[cfg(test)]
mod tests;

//! Reservations: campaigns in which each user can take one place, within a time window and up to a capacity.

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;

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

/// Reason why a place could not be taken or given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReservationRejection {
    Unknown,
    NotOpen {
        opens_at: DateTime<Utc>,
    },
    /// By its window, manually, or by its launch.
    Closed,
    Full,
}

/// Problem with the requested terms of a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CampaignProblem {
    Unknown,
    KeyInvalid,
    KeyTaken,
    TitleInvalid,
    CapacityInvalid,
    CapacityBelowCount {
        reserved: i32,
    },
    WindowEndsBeforeItStarts,
    RewardAmountInvalid,
    RewardCoinInvalid,
    RewardHoldInvalid,
    /// Only the title and the legacy default can change after the launch.
    Launched,
    ReasonInvalid,
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
    pub fn change_problems(&self, terms: &ReservationTerms) -> Vec<CampaignProblem> {
        let mut problems = terms.problems();
        if terms.capacity.is_some_and(|capacity| capacity < self.reserved_count) {
            problems.push(CampaignProblem::CapacityBelowCount {
                reserved: self.reserved_count,
            });
        }
        let free_to_change = ReservationTerms {
            title: terms.title.clone(),
            is_legacy_default: terms.is_legacy_default,
            ..self.terms.clone()
        };
        if self.launched_at.is_some() && free_to_change != *terms {
            problems.push(CampaignProblem::Launched);
        }
        problems
    }
}

impl ReservationTerms {
    /// Returns all problems of the terms; empty if they are valid.
    pub fn problems(&self) -> Vec<CampaignProblem> {
        use CampaignProblem as Problem;
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
                Problem::WindowEndsBeforeItStarts,
                self.opens_at
                    .zip(self.closes_at)
                    .is_none_or(|(opens, closes)| opens < closes),
            ),
            (Problem::RewardAmountInvalid, has(|reward| is_amount(reward.amount))),
            (
                Problem::RewardCoinInvalid,
                has(|reward| is_text(&reward.coin_id, MAX_COIN_ID_LENGTH)),
            ),
            (
                Problem::RewardHoldInvalid,
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

//! Corrections of awards by ops: what can be taken back, and which awards are meant.

use chrono::NaiveDate;

use super::award::AwardStatus;
use super::id::{AwardId, UserId};
use super::rule::is_valid_item;
use super::text::is_blank;

/// The most awards that one correction touches, and the most that it may name by their ids.
pub const MAX_CORRECTED: i64 = 10_000;
pub const MAX_NAMED: usize = 500;
/// The longest reason, in characters.
pub const MAX_REASON_LENGTH: usize = 500;

/// What is done to awards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Correction {
    /// Withdraws pending awards before they are paid.
    Void,
    /// Takes settled awards back by an opposite entry; a balance may go below zero.
    Reverse,
    /// Lets settlement try parked awards again.
    Retry,
}

impl Correction {
    /// The status that an award must have, and the one that it gets.
    pub fn moves(self) -> (AwardStatus, AwardStatus) {
        match self {
            Self::Void => (AwardStatus::Pending, AwardStatus::Void),
            Self::Reverse => (AwardStatus::Settled, AwardStatus::Reversed),
            Self::Retry => (AwardStatus::Pending, AwardStatus::Pending),
        }
    }

    /// Its name in the audit log.
    pub fn action(self) -> &'static str {
        match self {
            Self::Void => "void_award",
            Self::Reverse => "reverse_award",
            Self::Retry => "retry_award",
        }
    }
}

/// Which awards are meant: those that fit all that is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AwardSelection {
    pub ids: Option<Vec<AwardId>>,
    pub user_id: Option<UserId>,
    pub item: Option<String>,
    pub business_day: Option<NaiveDate>,
}

/// Why a correction was not begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CorrectionRejection {
    /// Neither ids, nor a user, nor a business day: that would be awards of all times.
    SelectionTooWide,
    TooManyIds,
    /// More than [`MAX_CORRECTED`] awards fit; nothing was changed.
    TooManyAwards,
    ReasonInvalid,
    ItemInvalid,
}

impl AwardSelection {
    /// What is wrong with a correction before any award is looked at.
    pub fn check(&self, reason: &str) -> Result<(), CorrectionRejection> {
        if !is_valid_reason(reason) {
            return Err(CorrectionRejection::ReasonInvalid);
        }
        if self.item.as_deref().is_some_and(|item| !is_valid_item(item)) {
            return Err(CorrectionRejection::ItemInvalid);
        }
        match &self.ids {
            Some(ids) if ids.len() > MAX_NAMED => Err(CorrectionRejection::TooManyIds),
            None if self.user_id.is_none() && self.business_day.is_none() => Err(CorrectionRejection::SelectionTooWide),
            _ => Ok(()),
        }
    }
}

/// Whether a text says why: ops are asked later.
pub fn is_valid_reason(text: &str) -> bool {
    let text = text.trim();
    let is_unprintable = |character: char| character.is_control() && character != '\n';
    !is_blank(text) && text.chars().count() <= MAX_REASON_LENGTH && !text.contains(is_unprintable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_must_be_bounded_and_explained() {
        let item = AwardSelection {
            item: Some("join_group".into()),
            ..AwardSelection::default()
        };
        assert_eq!(item.check("a test"), Err(CorrectionRejection::SelectionTooWide));
        let of_a_day = AwardSelection {
            business_day: "2026-11-20".parse().ok(),
            ..item
        };
        assert_eq!(of_a_day.check("a test"), Ok(()));
        for reason in ["  ", "a\0b", &"x".repeat(501)] {
            assert_eq!(of_a_day.check(reason), Err(CorrectionRejection::ReasonInvalid));
        }
        let named = AwardSelection {
            ids: Some(vec![AwardId(1); MAX_NAMED + 1]),
            ..AwardSelection::default()
        };
        assert_eq!(named.check("a test"), Err(CorrectionRejection::TooManyIds));
    }
}

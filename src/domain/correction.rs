//! Corrections of awards by operators: the kinds of correction, and the selection of awards.

use super::rejection::change::ChangeRejection;
use super::rejection::rejections;
use chrono::NaiveDate;

use super::award::AwardStatus;
use super::id::{AwardId, UserId};
use super::rule::is_valid_item;
use super::text::is_blank;

/// Maximum number of awards that one correction changes, and of IDs that it may list.
pub const MAX_CORRECTED: i64 = 10_000;
pub const MAX_NAMED: usize = 500;
/// Maximum length of a reason, in characters.
pub const MAX_REASON_LENGTH: usize = 500;

/// Kind of a correction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Correction {
    /// Withdraws pending awards before they are paid.
    Void,
    /// Takes settled awards back with an opposite ledger entry; a balance may become negative.
    Reverse,
    /// Makes parked awards eligible for settlement again.
    Retry,
}

impl Correction {
    /// Returns the status that an award must have, and the status that it gets.
    pub fn moves(self) -> (AwardStatus, AwardStatus) {
        match self {
            Self::Void => (AwardStatus::Pending, AwardStatus::Void),
            Self::Reverse => (AwardStatus::Settled, AwardStatus::Reversed),
            Self::Retry => (AwardStatus::Pending, AwardStatus::Pending),
        }
    }

    /// Returns its name in the audit log.
    pub fn action(self) -> &'static str {
        match self {
            Self::Void => "void_award",
            Self::Reverse => "reverse_award",
            Self::Retry => "retry_award",
        }
    }
}

/// Filter of awards; all conditions must match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AwardSelection {
    pub ids: Option<Vec<AwardId>>,
    pub user_id: Option<UserId>,
    pub item: Option<String>,
    pub business_day: Option<NaiveDate>,
}

rejections! {
    /// Reason why awards were not corrected.
    #[derive(Copy)]
    pub enum CorrectionRejection {
        /// The selection has no IDs, no user and no business day.
        SelectionTooWide => "SELECTION_TOO_WIDE",
            "Select the awards by ID, user or business day.",
            "请指定奖励：按 ID、用户或业务日。";
        /// The selection has too many IDs.
        TooManyIds => "TOO_MANY_IDS",
            "At most 500 IDs can be given at once.",
            "一次最多指定 500 个 ID。";
        /// The selection matches more awards than one correction may change.
        TooManyAwards => "TOO_MANY_AWARDS",
            "More than 10000 awards match. Narrow the selection by user or item. Nothing was changed.",
            "符合条件的奖励超过 10000 个，请按用户或项目缩小范围。没有任何改动。";
    }
    with { Change(ChangeRejection) }
}

impl AwardSelection {
    /// Checks the selection and the reason before any award is read.
    ///
    /// # Errors
    /// Returns the first problem of the selection or the reason.
    pub fn check(&self, reason: &str) -> Result<(), CorrectionRejection> {
        if !is_valid_reason(reason) {
            return Err(ChangeRejection::ReasonInvalid.into());
        }
        if self.item.as_deref().is_some_and(|item| !is_valid_item(item)) {
            return Err(ChangeRejection::ItemInvalid.into());
        }
        match &self.ids {
            Some(ids) if ids.len() > MAX_NAMED => Err(CorrectionRejection::TooManyIds),
            None if self.user_id.is_none() && self.business_day.is_none() => Err(CorrectionRejection::SelectionTooWide),
            _ => Ok(()),
        }
    }
}

/// Returns true if a text is a valid reason.
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
            assert_eq!(of_a_day.check(reason), Err(ChangeRejection::ReasonInvalid.into()));
        }
        let named = AwardSelection {
            ids: Some(vec![AwardId(1); MAX_NAMED + 1]),
            ..AwardSelection::default()
        };
        assert_eq!(named.check("a test"), Err(CorrectionRejection::TooManyIds));
    }
}

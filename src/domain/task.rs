//! Completed tasks as reported by the host application: content, idempotency, and reasons for rejection.

use chrono::{DateTime, NaiveDate, Utc};
use sha2::{Digest, Sha256};

use super::award::AwardType;
use super::id::UserId;
use super::rule::{Rule, TargetRule};

/// Maximum length of a target and of an idempotency key, in characters.
pub const MAX_TARGET_LENGTH: usize = 64;
pub const MAX_IDEMPOTENCY_KEY_LENGTH: usize = 100;

/// One report. Reports with the same key and the same content are the same report and are awarded once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskReport {
    pub user_id: UserId,
    pub item: String,
    pub target_id: Option<String>,
    pub idempotency_key: String,
    /// Time of completion; `None` means now. Its business day must still be open.
    pub occurred_at: Option<DateTime<Utc>>,
}

/// Reason why a report earned nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskRejection {
    UserUnknown,
    ItemUnknown,
    /// Sign-ins, invitations and bonuses are awarded by newbee and cannot be reported.
    ItemNotATask,
    TargetMissing,
    TargetNotAllowed,
    TargetTooLong,
    KeyInvalid,
    /// The idempotency key was used before with different content.
    Conflict,
    RuleClosed,
    /// All awards of the item were already earned: once per user, once per target and day, or once per day.
    AlreadyAwarded,
    /// The daily limit of the item was reached.
    LimitReached {
        limit: i32,
    },
    DayClosed {
        day: NaiveDate,
    },
    InTheFuture,
}

impl TaskReport {
    /// Returns a hash of the content. Each part is hashed with its length, so that different contents cannot have the
    /// same encoding.
    pub fn content_hash(&self) -> [u8; 32] {
        let occurred_at = self.occurred_at.map(|at| at.to_rfc3339());
        let mut hash = Sha256::new();
        for part in [
            Some(self.item.as_str()),
            self.target_id.as_deref(),
            occurred_at.as_deref(),
        ] {
            hash.update(part.map_or(u64::MAX, |text| text.len() as u64).to_be_bytes());
            hash.update(part.unwrap_or_default());
        }
        hash.finalize().into()
    }

    /// Checks the report itself, before any look-up.
    ///
    /// # Errors
    /// Returns the first invalid part of the report.
    pub fn check(&self) -> Result<(), TaskRejection> {
        let key_length = self.idempotency_key.chars().count();
        if !(1..=MAX_IDEMPOTENCY_KEY_LENGTH).contains(&key_length) || self.idempotency_key.contains(char::is_control) {
            return Err(TaskRejection::KeyInvalid);
        }
        match &self.target_id {
            Some(target) if target.is_empty() => Err(TaskRejection::TargetMissing),
            Some(target) if target.chars().count() > MAX_TARGET_LENGTH || target.contains(char::is_control) => {
                Err(TaskRejection::TargetTooLong)
            }
            _ => Ok(()),
        }
    }

    /// Checks the report against its rule.
    ///
    /// # Errors
    /// Returns the reason why the rule does not pay for this report.
    pub fn check_against(&self, rule: &Rule, at: DateTime<Utc>) -> Result<(), TaskRejection> {
        if rule.item == "sign_in" || !matches!(rule.award_type, AwardType::Newbee | AwardType::Daily) {
            return Err(TaskRejection::ItemNotATask);
        }
        if !rule.is_open(at) {
            return Err(TaskRejection::RuleClosed);
        }
        match (rule.terms.target_rule, &self.target_id) {
            (TargetRule::OnceADay, None) => Err(TaskRejection::TargetMissing),
            (TargetRule::None, Some(_)) => Err(TaskRejection::TargetNotAllowed),
            _ => Ok(()),
        }
    }

    /// Returns the key that is unique per award of this user and item, and so enforces the frequency of the rule.
    pub fn source_key(&self, rule: &Rule, day: NaiveDate) -> String {
        match (rule.terms.target_rule, &self.target_id) {
            _ if rule.award_type == AwardType::Newbee => String::new(),
            (TargetRule::Repeatable, _) => self.idempotency_key.clone(),
            (TargetRule::OnceADay, Some(target)) => format!("{day}/{target}"),
            _ => day.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(item: &str, target: Option<&str>) -> TaskReport {
        TaskReport {
            user_id: UserId(1),
            item: item.into(),
            target_id: target.map(Into::into),
            idempotency_key: "k".into(),
            occurred_at: None,
        }
    }

    #[test]
    fn different_contents_have_different_hashes() {
        let contents = [
            report("a", None),
            report("a", Some("")),
            report("a", Some("b")),
            report("ab", None),
        ];
        let hashes: std::collections::HashSet<_> = contents.iter().map(TaskReport::content_hash).collect();
        assert_eq!(hashes.len(), contents.len());
    }
}

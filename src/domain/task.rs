//! Completed tasks as reported by the host application: content, idempotency, and reasons for rejection.

use super::rejection::rejections;
use super::user::UnknownUser;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use super::award::AwardType;
use super::id::UserId;
use super::rule::{Rule, TargetRule};

/// Maximum length of a target and of an idempotency key, in characters.
pub const MAX_TARGET_LENGTH: usize = 64;
pub const MAX_IDEMPOTENCY_KEY_LENGTH: usize = 100;

/// Maximum time by which the host application's clock may be ahead.
pub const TOLERATED_CLOCK_LEAD: TimeDelta = TimeDelta::minutes(1);

/// Maximum time between a task or an act and its report, even if its day is not closed yet.
pub const MAX_REPORT_DELAY: TimeDelta = TimeDelta::days(31);

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

rejections! {
    /// Reason why a task was not recorded.
    #[derive(Copy)]
    pub enum TaskRejection {
        /// The rule catalogue has no such item.
        ItemUnknown => "ITEM_UNKNOWN",
            "The rule catalogue has no such item.",
            "规则目录中没有这个项目。";
        /// Awards for this item are created by newbee and cannot be reported.
        ItemNotATask => "ITEM_NOT_A_TASK",
            "This item is not a task reported by the host: newbee creates its awards itself.",
            "该项目不是宿主上报的任务，其奖励由 newbee 自行发放。";
        /// The item requires a target.
        TargetMissing => "TARGET_MISSING",
            "This item counts once a day per target. Specify the target.",
            "该项目按目标每天计一次，请指定目标。";
        /// The item does not allow a target.
        TargetNotAllowed => "TARGET_NOT_ALLOWED",
            "This item has no target. Omit it.",
            "该项目没有目标，请不要填写。";
        /// The target is empty, too long, or has control characters.
        TargetInvalid => "TARGET_INVALID",
            "A target is 1 to 64 characters without control characters.",
            "目标为 1 到 64 个字符，不能含控制字符。";
        /// The idempotency key is empty, too long, or has control characters.
        KeyInvalid => "KEY_INVALID",
            "An idempotency key is 1 to 100 characters without control characters.",
            "幂等键为 1 到 100 个字符，不能含控制字符。";
        /// The key was already used with different content.
        Conflict => "CONFLICT",
            "This idempotency key was already used for different content. Use a new key for a new event.",
            "该幂等键已用于其他内容，新的事件请使用新的键。";
        /// The rule was disabled or outside its window when the task was completed.
        RuleClosed => "RULE_CLOSED",
            "The rule of this item was disabled or outside its window when the task was completed. Report a later task with a new key.",
            "任务完成时，该项目的规则已停用或不在开放时间内。开放期间完成的任务请使用新的键。";
        /// The user already has the award for this task.
        AlreadyAwarded => "ALREADY_AWARDED",
            "The user already has this award.",
            "该用户已经获得这项奖励。";
        /// The daily limit of the item was reached.
        LimitReached { limit: i32 } => "LIMIT_REACHED",
            format!("The user has already received this item {limit} times on that day, which is the limit."),
            format!("该用户当天已获得该项目{limit}次，达到上限。");
        /// The budget of the rule is used up for that day or in total.
        BudgetSpent => "BUDGET_SPENT",
            "The budget of this item is used up, so nothing was paid. Report a later task with a new key.",
            "该项目的预算已经用完，没有发放奖励。之后完成的任务请使用新的键。";
        /// The business day of the task is closed.
        DayClosed { day: NaiveDate } => "DAY_CLOSED",
            format!("The business day {day} is closed. Omit occurredAt to count the task for today."),
            format!("业务日{day}已经关闭。如需计入今天，请不要填写 occurredAt。");
        /// The time of completion is in the future.
        InTheFuture => "IN_THE_FUTURE",
            "occurredAt is in the future. Check the clock of the reporting machine.",
            "occurredAt 在未来，请检查上报方的时钟。";
        /// The task could not be recorded. Send it again with the same key.
        TryAgain => "TRY_AGAIN",
            "The service is busy. Try again in a few seconds.",
            "服务繁忙，请几秒后再试。";
    }
    with { User(UnknownUser) }
}

/// Returns true for 1–100 characters without control characters.
pub(super) fn is_valid_idempotency_key(key: &str) -> bool {
    (1..=MAX_IDEMPOTENCY_KEY_LENGTH).contains(&key.chars().count()) && !key.contains(char::is_control)
}

/// Returns a hash of the parts of a report. Each part is hashed with its length, so that different contents cannot have
/// the same encoding.
pub(super) fn content_hash<'a>(parts: impl IntoIterator<Item = Option<&'a str>>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.map_or(u64::MAX, |text| text.len() as u64).to_be_bytes());
        hash.update(part.unwrap_or_default());
    }
    hash.finalize().into()
}

impl TaskReport {
    /// Returns a hash of the content.
    pub fn content_hash(&self) -> [u8; 32] {
        let occurred_at = self.occurred_at.map(|at| at.to_rfc3339());
        content_hash([
            Some(self.item.as_str()),
            self.target_id.as_deref(),
            occurred_at.as_deref(),
        ])
    }

    /// Checks the report itself, before any look-up.
    ///
    /// # Errors
    /// Returns the first invalid part of the report.
    pub fn check(&self) -> Result<(), TaskRejection> {
        if !is_valid_idempotency_key(&self.idempotency_key) {
            return Err(TaskRejection::KeyInvalid);
        }
        match &self.target_id {
            Some(target) if target.is_empty() => Err(TaskRejection::TargetMissing),
            Some(target) if target.chars().count() > MAX_TARGET_LENGTH || target.contains(char::is_control) => {
                Err(TaskRejection::TargetInvalid)
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
            (TargetRule::OnceADay | TargetRule::Once, None) => Err(TaskRejection::TargetMissing),
            (TargetRule::None, Some(_)) => Err(TaskRejection::TargetNotAllowed),
            _ => Ok(()),
        }
    }

    /// Returns the key that is unique per award of this user and item, within the business day for a DAILY item, and so
    /// enforces the frequency of the rule.
    pub fn source_key(&self, rule: &Rule) -> &str {
        match (rule.terms.target_rule, &self.target_id) {
            _ if rule.award_type == AwardType::Newbee => "",
            (TargetRule::Repeatable, _) => &self.idempotency_key,
            (TargetRule::OnceADay | TargetRule::Once, Some(target)) => target,
            _ => "",
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

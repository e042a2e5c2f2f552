//! Grants: awards that operators give by hand, with a reason.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use sha2::{Digest, Sha256};

use super::correction::is_valid_reason;
use super::id::UserId;
use super::money::is_amount;
use super::rejection::change::ChangeRejection;
use super::rejection::rejections;
use super::rule::{MAX_COIN_ID_LENGTH, MAX_HOLD};
use super::task::MAX_IDEMPOTENCY_KEY_LENGTH;
use super::text::is_blank;
use super::user::UnknownUser;

/// Maximum number of awards of one grant.
pub const MAX_GRANT_LINES: usize = 10_000;
/// Maximum length of a label, in characters.
pub const MAX_LABEL_LENGTH: usize = 64;
/// Time within which a waiting grant must be approved.
pub const APPROVAL_TIME: TimeDelta = TimeDelta::days(7);

/// One award of a grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantLine {
    pub user_id: UserId,
    /// Text that the user sees as the target of the award.
    pub label: String,
    pub amount: Decimal,
    /// Coin ID, as assigned by the host application.
    pub coin_id: String,
    /// Time from the award to its settlement.
    pub hold: TimeDelta,
}

/// Request to give awards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantRequest {
    pub lines: Vec<GrantLine>,
    pub reason: String,
    /// Requests with the same key and the same content are the same request.
    pub idempotency_key: String,
}

/// Sum of one coin, per author and business day, above which a grant needs an approval; `None`: none needs one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ApprovalLimit(pub Option<Decimal>);

/// State of a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantState {
    /// Waits for the approval of a second author.
    Waiting,
    Granted,
    Rejected,
    /// Was neither approved nor rejected in time. Stored as WAITING: the time decides.
    Expired,
}

impl GrantState {
    /// States that are stored.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Granted, Self::Rejected];

    /// Returns the name of the state in the database and in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "WAITING",
            Self::Granted => "GRANTED",
            Self::Rejected => "REJECTED",
            Self::Expired => "EXPIRED",
        }
    }

    /// Returns the state at an instant, given the stored state.
    pub fn at(self, now: DateTime<Utc>, expires_at: Option<DateTime<Utc>>) -> Self {
        match self {
            Self::Waiting if expires_at.is_some_and(|expires| expires <= now) => Self::Expired,
            other => other,
        }
    }
}

/// Sum of the awards of one coin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantSum {
    pub coin_id: String,
    pub line_count: i32,
    pub amount: Decimal,
}

rejections! {
    /// Reason why a line of a grant was refused.
    #[derive(Copy)]
    pub enum GrantLineRejection {
        /// The label is empty, too long, or has control characters.
        LabelInvalid => "LABEL_INVALID",
            format!("A label is 1 to {MAX_LABEL_LENGTH} characters without control characters."),
            format!("标签为 1 到 {MAX_LABEL_LENGTH} 个字符，不能含控制字符。");
        /// An earlier line has the same user, label and coin.
        LineRepeated => "LINE_REPEATED",
            "An earlier line has the same user, label and coin. Add the amounts up, or use another label.",
            "前面的行已有相同的用户、标签和币种，请合并金额或使用其他标签。";
    }
    with { User(UnknownUser), Change(ChangeRejection) }
}

rejections! {
    /// Reason why awards were not granted, or a grant was not decided.
    pub enum GrantRejection {
        /// The grant has no lines.
        GrantEmpty => "GRANT_EMPTY",
            "A grant needs at least one line.",
            "至少需要一行。";
        /// The grant has too many lines.
        TooManyLines => "TOO_MANY_LINES",
            format!("A grant has at most {MAX_GRANT_LINES} lines. Split it into several grants."),
            format!("一次最多 {MAX_GRANT_LINES} 行，请分成多次发放。");
        /// Some lines were refused, so no award was made.
        LinesRefused { count: usize } => "LINES_REFUSED",
            format!("Refused lines: {count}. No award was made: correct the lines and send all of them again."),
            format!("有 {count} 行被拒绝，没有发放任何奖励。请更正后重新提交全部内容。");
        /// The idempotency key is empty, too long, or has control characters.
        GrantKeyInvalid => "KEY_INVALID",
            format!("An idempotency key is 1 to {MAX_IDEMPOTENCY_KEY_LENGTH} characters without control characters."),
            format!("幂等键为 1 到 {MAX_IDEMPOTENCY_KEY_LENGTH} 个字符，不能含控制字符。");
        /// The key was already used for another grant.
        GrantConflict => "CONFLICT",
            "This idempotency key was already used for another grant. Use a new key for a new grant.",
            "该幂等键已用于其他发放，新的发放请使用新的键。";
        /// There is no such grant.
        GrantUnknown => "GRANT_UNKNOWN",
            "There is no such grant. See grants for the list.",
            "没有这次发放，请用 grants 查询。";
        /// The grant is already decided, or needed no approval.
        GrantDecided { state: String } => "GRANT_DECIDED",
            format!("This grant is {state} and does not wait for a decision. Nothing was changed."),
            format!("该发放的状态是{state}，不在等待审批。没有任何改动。");
        /// The time for an approval is over.
        GrantExpired => "GRANT_EXPIRED",
            "The time for an approval is over. Request the grant again, with a new idempotency key.",
            "审批期限已过，请使用新的幂等键重新提交。";
        /// The author of a grant cannot approve it.
        SecondKeyNeeded => "SECOND_KEY_NEEDED",
            "A grant is approved by another key than the one that requested it. Ask its owner.",
            "发放必须由另一个密钥审批，不能由提交者自己批准，请联系另一位审批人。";
    }
    with { Change(ChangeRejection) }
}

impl GrantRequest {
    /// Checks the request without its lines.
    ///
    /// # Errors
    /// Returns the first problem.
    pub fn check(&self) -> Result<(), GrantRejection> {
        let key_length = self.idempotency_key.chars().count();
        if !is_valid_reason(&self.reason) {
            Err(ChangeRejection::ReasonInvalid.into())
        } else if !(1..=MAX_IDEMPOTENCY_KEY_LENGTH).contains(&key_length)
            || self.idempotency_key.contains(char::is_control)
        {
            Err(GrantRejection::GrantKeyInvalid)
        } else if self.lines.is_empty() {
            Err(GrantRejection::GrantEmpty)
        } else if self.lines.len() > MAX_GRANT_LINES {
            Err(GrantRejection::TooManyLines)
        } else {
            Ok(())
        }
    }

    /// Returns the refused lines by index, with the first problem of each. `is_known` tells whether a user exists.
    pub fn refused_lines(&self, is_known: impl Fn(UserId) -> bool) -> BTreeMap<usize, GrantLineRejection> {
        let mut seen = HashSet::new();
        let mut refused = BTreeMap::new();
        for (index, line) in self.lines.iter().enumerate() {
            let problem = line.check().err().or_else(|| {
                let is_new = seen.insert((line.user_id, line.label.as_str(), line.coin_id.as_str()));
                (!is_new).then_some(GrantLineRejection::LineRepeated)
            });
            let unknown = || (!is_known(line.user_id)).then(|| UnknownUser::Unknown.into());
            if let Some(problem) = problem.or_else(unknown) {
                refused.insert(index, problem);
            }
        }
        refused
    }

    /// Returns the sums per coin, without the refused lines.
    pub fn sums(&self, refused: &BTreeMap<usize, GrantLineRejection>) -> Vec<GrantSum> {
        let mut sums: BTreeMap<&str, (i32, Decimal)> = BTreeMap::new();
        for (index, line) in self.lines.iter().enumerate() {
            if !refused.contains_key(&index) {
                let (count, amount) = sums.entry(&line.coin_id).or_default();
                *count += 1;
                *amount += line.amount;
            }
        }
        let sum = |(coin, (line_count, amount)): (&str, _)| GrantSum {
            coin_id: coin.to_owned(),
            line_count,
            amount,
        };
        sums.into_iter().map(sum).collect()
    }

    /// Returns a hash of the content. Each part is hashed with its length, so that different contents cannot have the
    /// same encoding.
    pub fn content_hash(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let mut add = |text: &str| {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        };
        add(self.reason.trim());
        for line in &self.lines {
            add(&line.user_id.0.to_string());
            add(&line.label);
            add(&line.amount.normalize().to_string());
            add(&line.coin_id);
            add(&line.hold.num_seconds().to_string());
        }
        hash.finalize().into()
    }
}

impl GrantLine {
    fn check(&self) -> Result<(), GrantLineRejection> {
        let is_text = |text: &str, longest: usize| {
            text.chars().count() <= longest && !is_blank(text) && !text.contains(char::is_control)
        };
        if !is_text(&self.label, MAX_LABEL_LENGTH) {
            Err(GrantLineRejection::LabelInvalid)
        } else if !is_amount(self.amount) {
            Err(ChangeRejection::AmountInvalid.into())
        } else if !is_text(&self.coin_id, MAX_COIN_ID_LENGTH) {
            Err(ChangeRejection::CoinInvalid.into())
        } else if !(TimeDelta::zero()..=MAX_HOLD).contains(&self.hold) {
            Err(ChangeRejection::HoldInvalid.into())
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(user: i64, label: &str, amount: i64) -> GrantLine {
        GrantLine {
            user_id: UserId(user),
            label: label.into(),
            amount: amount.into(),
            coin_id: "1".into(),
            hold: TimeDelta::zero(),
        }
    }

    fn request(lines: Vec<GrantLine>) -> GrantRequest {
        GrantRequest {
            lines,
            reason: "a test".into(),
            idempotency_key: "k".into(),
        }
    }

    #[test]
    fn each_bad_line_is_refused_and_left_out_of_the_sums() {
        let asked = request(vec![
            line(1, "gift", 5),
            line(1, "gift", 7),
            line(1, "other", 7),
            line(2, "gift", 5),
            line(1, " ", 5),
            line(1, "x", 0),
            GrantLine {
                hold: TimeDelta::seconds(-1),
                ..line(1, "y", 5)
            },
        ]);
        let refused = asked.refused_lines(|user| user == UserId(1));
        let expected: [(usize, GrantLineRejection); 5] = [
            (1, GrantLineRejection::LineRepeated),
            (3, UnknownUser::Unknown.into()),
            (4, GrantLineRejection::LabelInvalid),
            (5, ChangeRejection::AmountInvalid.into()),
            (6, ChangeRejection::HoldInvalid.into()),
        ];
        assert_eq!(
            refused.iter().map(|(at, why)| (*at, *why)).collect::<Vec<_>>(),
            expected
        );
        let sums = asked.sums(&refused);
        assert_eq!((sums[0].line_count, sums[0].amount), (2, Decimal::from(12)));
    }

    #[test]
    fn content_decides_about_the_hash() {
        let one = request(vec![line(1, "a", 5)]);
        let same = GrantRequest {
            idempotency_key: "other".into(),
            reason: " a test ".into(),
            ..one.clone()
        };
        assert_eq!(one.content_hash(), same.content_hash());
        for other in [
            vec![line(1, "a", 6)],
            vec![line(2, "a", 5)],
            vec![line(1, "a", 5), line(2, "a", 5)],
        ] {
            assert_ne!(one.content_hash(), request(other).content_hash());
        }
        assert_eq!(request(Vec::new()).check(), Err(GrantRejection::GrantEmpty));
    }
}

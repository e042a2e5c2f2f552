//! Statuses of the legacy wire, with the messages that clients show for each.

use crate::domain::invitation::InvitationRejection;
use crate::domain::word::WordRejection;

/// Reason why there is no data. (Status 1, 成功, is success.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// A parameter is missing or too long, or the body cannot be read.
    BadParameters,
    /// The body is UTF-16.
    Utf16,
    NoSession,
    /// The key is malformed, unknown, expired or revoked.
    BadSession,
    Internal,
    /// The rate limit is exceeded: status 5, as for other temporary errors; the header contains the time to wait.
    AskedTooOften,
    UnknownMethod,
    CodeUnknown,
    AlreadySet,
    CodeOwn,
    CodeDescendant,
    AlreadySignedIn,
    WordUnavailable,
    WordExpired,
    WordClaimed,
    TooManyTries,
    ReservationUnknown,
    /// The rule `sign_in` is closed. Reported as a method that is not available: 202 would claim that an award exists,
    /// 5 would trigger retries and a search for a fault, and neither the parameters nor the session is wrong.
    SignInClosed,
}

impl Status {
    /// Returns the `status` number.
    pub fn number(self) -> u16 {
        self.parts().0
    }

    /// Returns the `msg` text.
    pub fn message(self) -> &'static str {
        self.parts().1
    }

    fn parts(self) -> (u16, &'static str) {
        match self {
            Self::BadParameters => (0, "参数不足"),
            Self::Utf16 => (0, "不支持 UTF-16 编码，请使用 UTF-8"),
            Self::NoSession => (2, "用户未登录"),
            Self::BadSession => (3, "session错误或用户不存在"),
            Self::Internal => (5, "内部错误"),
            Self::AskedTooOften => (5, "请求过于频繁，请稍后再试"),
            Self::UnknownMethod => (6, "状态码不存在"),
            Self::SignInClosed => (6, "签到暂未开放"),
            Self::CodeUnknown => (102, "邀请码错误"),
            Self::AlreadySet => (103, "重复设置邀请码"),
            Self::CodeOwn => (110, "不能填写自己的邀请码"),
            Self::CodeDescendant => (111, "不能填写自己下级的邀请码"),
            Self::AlreadySignedIn => (202, "今日挖矿任务已完成"),
            Self::WordUnavailable => (203, "口令彩蛋不存在或者已领完"),
            Self::WordExpired => (204, "口令已经过期"),
            Self::WordClaimed => (205, "你已经领取过此口令彩蛋"),
            Self::TooManyTries => (206, "尝试次数过多，请稍后再试"),
            Self::ReservationUnknown => (221, "预约活动不存在"),
        }
    }
}

impl From<InvitationRejection> for Status {
    fn from(refusal: InvitationRejection) -> Self {
        match refusal {
            InvitationRejection::CodeUnknown => Self::CodeUnknown,
            InvitationRejection::AlreadySet => Self::AlreadySet,
            InvitationRejection::CodeOwn => Self::CodeOwn,
            InvitationRejection::CodeDescendant => Self::CodeDescendant,
            InvitationRejection::TooManyTries { .. } => Self::TooManyTries,
        }
    }
}

impl From<WordRejection> for Status {
    fn from(refusal: WordRejection) -> Self {
        match refusal {
            WordRejection::Unavailable => Self::WordUnavailable,
            WordRejection::Expired => Self::WordExpired,
            WordRejection::AlreadyClaimed => Self::WordClaimed,
            WordRejection::TooManyTries { .. } => Self::TooManyTries,
        }
    }
}

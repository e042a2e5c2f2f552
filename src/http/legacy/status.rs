//! Statuses of the legacy wire, with the messages that clients show for each.

use crate::domain::rejection::{LegacyStatus, RejectionTable};

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
    /// Rejection of the domain.
    Rejected(LegacyStatus),
}

impl Status {
    /// Returns the status of a rejection; rejections that no legacy method has are internal errors.
    pub fn of(rejection: &impl RejectionTable) -> Self {
        rejection.legacy().map_or(Self::Internal, Self::Rejected)
    }

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
            Self::Rejected(LegacyStatus { number, message }) => (number, message),
        }
    }
}

//! Users of the demo, each named after the state that it demonstrates.

use crate::domain::id::UserId;
use crate::store::demo::DemoUserRow;

/// Demo user with a public session key.
#[derive(Clone, Copy, Debug)]
pub struct DemoUser {
    pub user_id: UserId,
    pub name: &'static str,
    pub session_key: &'static str,
    /// Description of the demonstrated state, at most 42 characters: a line of the start-up text and of the pages.
    pub shows: &'static str,
    /// Chinese translation of `shows`.
    pub shows_zh: &'static str,
    pub key_is_expired: bool,
    code: &'static str,
}

pub(super) const REGULAR: UserId = UserId(17);
pub(super) const INVITER: UserId = UserId(2);
pub(super) const INVITED: UserId = UserId(3);

/// Demo users with session keys.
pub const DEMO_USERS: [DemoUser; 5] = [
    DemoUser {
        user_id: REGULAR,
        name: "Regular",
        session_key: "demo-session-regular",
        shows: "a month of awards, balances, a streak",
        shows_zh: "一个月的奖励、余额和连续签到",
        key_is_expired: false,
        code: "REGU1AR0",
    },
    DemoUser {
        user_id: UserId(1),
        name: "Newcomer",
        session_key: "demo-session-newcomer",
        shows: "no awards yet, can bind the code 1NV1TER0",
        shows_zh: "还没有奖励，可绑定邀请码 1NV1TER0",
        key_is_expired: false,
        code: "NEWC0MER",
    },
    DemoUser {
        user_id: INVITER,
        name: "Inviter",
        session_key: "demo-session-inviter",
        shows: "200 children and their awards, some held",
        shows_zh: "200 个下级及其奖励，部分尚在等待期",
        key_is_expired: false,
        code: "1NV1TER0",
    },
    DemoUser {
        user_id: INVITED,
        name: "Invited",
        session_key: "demo-session-invited",
        shows: "bound to Inviter, cannot bind again",
        shows_zh: "已绑定 Inviter，不能再次绑定",
        key_is_expired: false,
        code: "1NV1TED0",
    },
    DemoUser {
        user_id: UserId(4),
        name: "Expired",
        session_key: "demo-session-expired",
        shows: "an expired session key: HTTP 401",
        shows_zh: "会话密钥已过期：HTTP 401",
        key_is_expired: true,
        code: "EXP1RED0",
    },
];

impl DemoUser {
    pub(super) fn row(&self) -> DemoUserRow {
        DemoUserRow {
            user_id: self.user_id,
            name: self.name.to_owned(),
            code: self.code.to_owned(),
        }
    }
}

/// Number of the inviter's children: `Invited`, and one fewer friends than this.
pub(super) const CHILDREN_OF_INVITER: i64 = 200;

/// Returns the inviter's other children.
pub(super) fn friends() -> Vec<DemoUserRow> {
    friend_ids()
        .map(|user_id| DemoUserRow {
            user_id,
            name: format!("Friend {}", user_id.0 - 1_000),
            code: format!("FR1END{:03}", user_id.0 - 1_000),
        })
        .collect()
}

pub(super) fn friend_ids() -> impl Iterator<Item = UserId> {
    (1_001..1_000 + CHILDREN_OF_INVITER).map(UserId)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Maximum length of `shows`, so that a line of the start-up text fits a terminal of 80 columns.
    const MAX_SHOWS: usize = 42;

    #[test]
    fn each_user_is_described_in_one_short_line() {
        for user in DEMO_USERS {
            assert!((1..=MAX_SHOWS).contains(&user.shows.chars().count()), "{}", user.shows);
            assert!(!user.shows_zh.is_ascii() && user.shows_zh.chars().count() <= MAX_SHOWS);
        }
    }
}

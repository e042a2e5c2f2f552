//! Who is in the demo. They are named for what they show.

use crate::domain::id::UserId;
use crate::store::demo::DemoUserRow;

/// A demo user with a key that everybody knows.
#[derive(Clone, Copy, Debug)]
pub struct DemoUser {
    pub user_id: UserId,
    pub name: &'static str,
    pub session_key: &'static str,
    /// What there is to see as this user, for a line of the start-up text.
    pub shows: &'static str,
    pub key_is_expired: bool,
    code: &'static str,
}

pub(super) const REGULAR: UserId = UserId(17);
pub(super) const INVITER: UserId = UserId(2);
pub(super) const INVITED: UserId = UserId(3);

/// The users to sign in as.
pub const DEMO_USERS: [DemoUser; 5] = [
    DemoUser {
        user_id: REGULAR,
        name: "Regular",
        session_key: "demo-session-regular",
        shows: "a month of sign-ins and groups joined, balances, a streak to go on with today",
        key_is_expired: false,
        code: "REGU1AR0",
    },
    DemoUser {
        user_id: UserId(1),
        name: "Newcomer",
        session_key: "demo-session-newcomer",
        shows: "nothing yet: empty lists, every task open, free to bind a code (try 1NV1TER0)",
        key_is_expired: false,
        code: "NEWC0MER",
    },
    DemoUser {
        user_id: INVITER,
        name: "Inviter",
        session_key: "demo-session-inviter",
        shows: "200 children to page through, awards for them, some still held back",
        key_is_expired: false,
        code: "1NV1TER0",
    },
    DemoUser {
        user_id: INVITED,
        name: "Invited",
        session_key: "demo-session-invited",
        shows: "a bound code: another one answers INVITATION_ALREADY_SET",
        key_is_expired: false,
        code: "1NV1TED0",
    },
    DemoUser {
        user_id: UserId(4),
        name: "Expired",
        session_key: "demo-session-expired",
        shows: "a key that ended yesterday: HTTP 401",
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

/// How many children the inviter has: `Invited` and this many friends less one.
pub(super) const CHILDREN_OF_INVITER: i64 = 200;

/// The inviter's other children.
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

//! The audit log: author, time, reason, and the state before and after each change.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::id::UserId;

/// Author of a change, with the request and the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// `key:NAME` for an API key, `command line` for a person with access to the database.
    pub name: String,
    /// Request ID as in the log; `None` on the command line.
    pub request_id: Option<String>,
    pub at: DateTime<Utc>,
}

impl Author {
    /// Returns the author of a change made on the command line.
    pub fn at_the_command_line(at: DateTime<Utc>) -> Self {
        Self {
            name: "command line".into(),
            request_id: None,
            at,
        }
    }
}

/// One change of one object.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Action, such as `set_rule`.
    pub action: &'static str,
    /// Object that was changed, such as `rule:join_group`.
    pub subject: String,
    /// The user concerned, if the change concerns exactly one.
    pub user_id: Option<UserId>,
    pub reason: Option<String>,
    /// `None` if the object did not exist before.
    pub before: Option<Value>,
    /// `None` if the object no longer exists.
    pub after: Option<Value>,
}

//! The audit log: who changed what, why, and what it was like before and after.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::id::UserId;

/// Who makes changes, in which request, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// `key:NAME` for an API key, `command line` for a person with the database's password.
    pub name: String,
    /// The request, as the log calls it; `None` on the command line.
    pub request_id: Option<String>,
    pub at: DateTime<Utc>,
}

impl Author {
    /// Somebody at the command line.
    pub fn at_the_command_line(at: DateTime<Utc>) -> Self {
        Self {
            name: "command line".into(),
            request_id: None,
            at,
        }
    }
}

/// One change of one thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// What was done, such as `set_rule`.
    pub action: &'static str,
    /// What it was done to, such as `rule:join_group`.
    pub subject: String,
    /// Whom it concerns, where it is one user.
    pub user_id: Option<UserId>,
    pub reason: Option<String>,
    /// `None`: it was not there.
    pub before: Option<Value>,
    /// `None`: it is gone.
    pub after: Option<Value>,
}

//! IDs, each with a type of its own so that they cannot be confused.

use std::fmt;

/// User ID, as assigned by the host application; newbee creates such IDs only for the demo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(pub i64);

impl From<i64> for UserId {
    fn from(id: i64) -> Self {
        Self(id)
    }
}

/// Award ID, from one sequence for all users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AwardId(pub i64);

impl From<i64> for AwardId {
    fn from(id: i64) -> Self {
        Self(id)
    }
}

/// An ID in the GraphQL API: typed, readable and unique across types (`user_17`, `child_9`, `award_22`).
///
/// A child and a user are separate objects in a client's cache although they are the same person: an inviter sees fewer
/// fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NodeId {
    User(UserId),
    Child(UserId),
    Award(AwardId),
}

impl NodeId {
    /// Parses an ID from a client; `None` if it is malformed. Each ID has one spelling: `user_017` and `user_+17` are
    /// rejected.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, digits) = text.split_once('_')?;
        let number = digits
            .parse::<i64>()
            .ok()
            .filter(|number| *number > 0 && number.to_string() == digits)?;
        match kind {
            "user" => Some(Self::User(UserId(number))),
            "child" => Some(Self::Child(UserId(number))),
            "award" => Some(Self::Award(AwardId(number))),
            _ => None,
        }
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(f, "user_{}", id.0),
            Self::Child(id) => write!(f, "child_{}", id.0),
            Self::Award(id) => write!(f, "award_{}", id.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_reads_back_and_has_one_spelling() {
        for text in ["user_17", "child_9", "award_22"] {
            assert_eq!(NodeId::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "user_017",
            "user_+17",
            "user_-1",
            "user_0",
            "user_",
            "17",
            "coin_1",
            "user_99999999999999999999",
        ] {
            assert_eq!(NodeId::parse(text), None, "{text}");
        }
    }
}

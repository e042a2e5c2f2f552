//! Users by the host's own number: text on the wire, as numbers of 64 bits do not fit every client.

use async_graphql::{ID, Result};

use crate::domain::id::UserId;
use crate::graphql::errors::bad_user_input;

/// The user that a client means by `"17"`, `17` or `"user_17"`.
pub(super) fn user_id(id: &ID) -> Result<UserId> {
    let digits = id.strip_prefix("user_").unwrap_or(id);
    digits
        .parse()
        .ok()
        .filter(|number| *number > 0)
        .map(UserId)
        .ok_or_else(|| {
            bad_user_input(format!(
                "{:?} is not the number of a user, such as \"17\".",
                id.as_str()
            ))
        })
}

/// The host's number as text.
pub(super) fn id_of(user: UserId) -> ID {
    ID(user.0.to_string())
}

//! User IDs in the admin API: text on the wire, because not all clients support 64-bit integers.

use async_graphql::{ID, Result};

use crate::domain::id::UserId;
use crate::graphql::errors::bad_user_input;

/// Parses a user ID: `"17"`, `17` or `"user_17"`.
///
/// # Errors
/// If the ID is not a positive number.
pub(super) fn user_id(id: &ID) -> Result<UserId> {
    let digits = id.strip_prefix("user_").unwrap_or(id);
    digits
        .parse()
        .ok()
        .filter(|number| *number > 0)
        .map(UserId)
        .ok_or_else(|| bad_user_input(format!("{:?} is not a user ID such as \"17\".", id.as_str())))
}

/// Returns the host application's user ID as text.
pub(super) fn id_of(user: UserId) -> ID {
    ID(user.0.to_string())
}

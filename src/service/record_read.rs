//! Recording of reads of personal data in the audit log.

use crate::store::bounded::PgPool;
use serde_json::json;

use super::ServiceError;
use crate::domain::audit::{Author, Change};
use crate::domain::id::UserId;
use crate::store::audit_log;

/// A read of personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PersonalRead {
    /// A user with all stored data.
    User(UserId),
    /// Users found by a search. The search text is not recorded, because it may be a name.
    Search(Vec<UserId>),
}

/// Adds one audit log entry for a read.
///
/// # Errors
/// If the database fails; the data must then not be shown.
pub async fn record_read(pool: &PgPool, read: &PersonalRead, author: &Author) -> Result<(), ServiceError> {
    let entry = match read {
        PersonalRead::User(user) => Change {
            action: "read_user",
            subject: format!("user:{}", user.0),
            user_id: Some(*user),
            reason: None,
            before: None,
            after: None,
        },
        PersonalRead::Search(found) => Change {
            action: "find_users",
            subject: "users".to_owned(),
            user_id: None,
            reason: None,
            before: None,
            after: Some(json!({ "userIds": found.iter().map(|user| user.0.to_string()).collect::<Vec<_>>() })),
        },
    };
    let mut connection = pool.acquire().await?;
    audit_log::record(&mut connection, author, &[entry]).await?;
    Ok(())
}

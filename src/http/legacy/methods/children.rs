//! `get_children`: users invited by a user.

use serde::Serialize;

use crate::http::legacy::call::{Call, CallError};
use crate::loaders::{Ask, Child, FromAnswer, Range, ServiceError};

/// Maximum number of children in a reply, the newest ones; the wire has no pagination. `count` is the total.
const MAX_CHILDREN: usize = 1_000;

/// Newest first.
#[derive(Serialize)]
pub struct Children {
    children: Vec<ChildInfo>,
    count: i64,
}

#[derive(Serialize)]
struct ChildInfo {
    user_id: String,
    user_name: Option<String>,
    #[serde(rename = "portraitUri")]
    portrait_uri: Option<String>,
}

/// Returns the users invited by the user.
///
/// # Errors
/// Status 2 or 3 without a valid session key.
pub async fn get_children(call: &Call<'_>) -> Result<Children, CallError> {
    let user = call.user().await?;
    let newest = Range {
        below: None,
        above: None,
        newest_first: true,
        limit: MAX_CHILDREN,
    };
    // One batch, so that the list and its count are consistent.
    let asks = vec![Ask::children(user, newest, false), Ask::children_total(user)];
    let mut answers = call.state.reads.ask_all(asks).await.into_iter();
    let mut next = || answers.next().unwrap_or(Err(ServiceError::LOST));
    let children = Vec::<Child>::from_answer(next()?);
    let count = i64::from_answer(next()?);
    Ok(Children {
        // The loader returns them oldest first.
        children: children.into_iter().rev().map(ChildInfo::from).collect(),
        count,
    })
}

impl From<Child> for ChildInfo {
    fn from(child: Child) -> Self {
        Self {
            user_id: child.user_id.0.to_string(),
            user_name: child.name,
            portrait_uri: child.portrait_uri,
        }
    }
}

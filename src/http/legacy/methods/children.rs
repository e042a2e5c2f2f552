//! `get_children`: users invited by a user.

use serde::Serialize;

use crate::http::legacy::call::{Call, CallError};
use crate::loaders::me::children::{Child, ReadChildren, ReadChildrenTotal};
use crate::loaders::{Range, ReadSet};

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
    let newest = ReadChildren {
        range: Range {
            below: None,
            above: None,
            newest_first: true,
            limit: MAX_CHILDREN,
        },
        with_counts: false,
        qualified_on: None,
    };
    // One statement, so that the list and its count are consistent.
    let mut reads = ReadSet::of(user, newest.clone());
    reads.add(user, ReadChildrenTotal);
    let mut reads = call.state.reads.run(reads).await;
    let children = reads.take(user, &newest)?;
    let count = reads.take(user, &ReadChildrenTotal)?;
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

//! Whose key it is.

use async_graphql::{Context, Enum, Object, SimpleObject};

use super::scope::AdminContext;
use crate::domain::api_key as domain;

#[derive(Default)]
pub(super) struct ViewerQueries;

#[Object]
impl ViewerQueries {
    /// The API key that the request carries. Needs no scope.
    async fn viewer(&self, ctx: &Context<'_>) -> Option<Viewer> {
        let caller = &AdminContext::of(ctx).caller;
        Some(Viewer {
            name: caller.name.clone(),
            scopes: caller.scopes.iter().copied().map(Scope::from).collect(),
        })
    }
}

/// An API key.
#[derive(SimpleObject)]
struct Viewer {
    /// Its name, which the audit log puts behind `key:`.
    name: String,
    /// What it may do.
    scopes: Vec<Scope>,
}

/// What a key may do.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::Scope")]
enum Scope {
    /// The host's part: users, session keys, tasks.
    Host,
    /// Looking at everything, and changing nothing.
    OpsRead,
    /// Changing rules, campaigns and awards; includes OPS_READ.
    OpsWrite,
}

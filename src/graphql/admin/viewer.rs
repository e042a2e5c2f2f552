//! The API key of the request.

use async_graphql::{Context, Enum, Object, SimpleObject};

use super::context::AdminContext;
use crate::domain::api_key as domain;

#[derive(Default)]
pub(super) struct ViewerQueries;

#[Object]
impl ViewerQueries {
    /// Returns the name and scopes of the API key that the request carries. Needs no scope.
    async fn viewer(&self, ctx: &Context<'_>) -> Option<Viewer> {
        let caller = &AdminContext::of(ctx).caller;
        Some(Viewer {
            name: caller.name.clone(),
            scopes: caller.scopes.iter().copied().map(Scope::from).collect(),
        })
    }
}

/// An API key, without its secret.
#[derive(SimpleObject)]
struct Viewer {
    /// Name of the key; the audit log records it with the prefix `key:`.
    name: String,
    /// Scopes granted to the key.
    scopes: Vec<Scope>,
}

/// Permission of an API key.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::Scope")]
enum Scope {
    /// Host application: manage users and session keys, and report tasks.
    Host,
    /// Operator: read everything, change nothing.
    OpsRead,
    /// Operator: change rules, campaigns, awards and jobs; includes OPS_READ.
    OpsWrite,
    /// Host application's bot: act for users, such as sign them in.
    Act,
    /// Operator: grant awards, and approve grants of others; includes OPS_READ.
    OpsGrant,
}

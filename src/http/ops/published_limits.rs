//! All limits of a request, by endpoint and name. `GET /` shows them, and tests check each of them at each endpoint.

use serde::Serialize;

use crate::graphql::{ADMIN_COST, CUSTOMER_COST, CostLimits};
use crate::http::graphql::errors::MAX_ENTRIES;
use crate::http::graphql::guard;
use crate::http::legacy::parameters::MAX_PARAMETERS;
use crate::http::limits::RequestLimits;
use crate::service::user_slots::UserSlotLimits;

/// Limits of a request to a GraphQL API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PublishedLimits {
    /// Size of a body, in bytes.
    pub body_bytes: usize,
    /// Values in the JSON of a body, or of a query string parameter.
    pub json_values: usize,
    /// Nesting of arrays and objects in the JSON.
    pub json_nesting: usize,
    /// Length of the query text, in bytes.
    pub query_bytes: usize,
    /// Tokens of the query text, without commas and comments.
    pub tokens: usize,
    /// Nesting of brackets of any kind in the query text.
    pub bracket_nesting: usize,
    /// Selections. This limit and the following ones, except directives, count with fragments expanded.
    pub selections: usize,
    /// Nesting of selections.
    pub selection_depth: usize,
    /// Aliased fields.
    pub aliases: usize,
    /// Directives in the query text.
    pub directives: usize,
    /// Root fields of a query.
    pub root_fields: usize,
    /// Root fields of a query sent without a key; null where a key is required.
    pub root_fields_without_key: Option<usize>,
    /// Root fields of a mutation.
    pub root_mutations: usize,
    /// Depth of fields.
    pub depth: usize,
    /// Total complexity of all fields.
    pub complexity: usize,
    /// Entries of `errors` in a reply.
    pub errors: usize,
}

impl PublishedLimits {
    /// Returns the limits of `/graphql`.
    pub fn customer() -> Self {
        Self {
            root_fields_without_key: Some(guard::MAX_ROOT_FIELDS_WITHOUT_KEY),
            ..Self::new(&RequestLimits::default(), CUSTOMER_COST)
        }
    }

    /// Returns the limits of `/admin/graphql`.
    pub fn admin() -> Self {
        Self::new(&RequestLimits::admin(), ADMIN_COST)
    }

    fn new(request: &RequestLimits, cost: CostLimits) -> Self {
        Self {
            body_bytes: request.body_bytes,
            json_values: request.json_values,
            json_nesting: guard::MAX_JSON_NESTING,
            query_bytes: guard::MAX_QUERY_BYTES,
            tokens: guard::MAX_TOKENS,
            bracket_nesting: guard::MAX_BRACKET_NESTING,
            selections: guard::MAX_SELECTIONS,
            selection_depth: guard::MAX_SELECTION_DEPTH,
            aliases: guard::MAX_ALIASES,
            directives: guard::MAX_DIRECTIVES,
            root_fields: guard::MAX_ROOT_FIELDS,
            root_fields_without_key: None,
            root_mutations: guard::MAX_ROOT_MUTATIONS,
            depth: cost.depth,
            complexity: cost.complexity,
            errors: MAX_ENTRIES,
        }
    }
}

/// Limits of a request to a legacy method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LegacyLimits {
    /// Size of a body, in bytes.
    pub body_bytes: usize,
    /// Parameters of a body.
    pub parameters: usize,
}

impl LegacyLimits {
    /// Returns the limits of `/customer/<method>`.
    pub fn get() -> Self {
        Self {
            body_bytes: RequestLimits::default().body_bytes,
            parameters: MAX_PARAMETERS,
        }
    }
}

/// Limits on the concurrent writes of one user in this process, over all customer endpoints together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserLimits {
    /// Concurrent writes.
    pub concurrent_writes: usize,
    /// Writes that may wait for a running one to end.
    pub queued_writes: usize,
    /// Time that they may wait, in seconds.
    pub queue_seconds: u64,
}

impl UserLimits {
    pub fn new(limits: &UserSlotLimits) -> Self {
        Self {
            concurrent_writes: limits.running,
            queued_writes: limits.waiting,
            queue_seconds: limits.wait.as_secs(),
        }
    }
}

//! Every bound on one request, by door and by name, in one place: `GET /` shows them, and tests try each at each door.

use serde::Serialize;

use super::errors::MOST_ENTRIES;
use super::guard;
use super::legacy::parameters::MOST_PARAMETERS;
use super::limits::RequestLimits;
use crate::graphql::{ADMIN_COST, CUSTOMER_COST, CostLimits};

/// What a request to a GraphQL API may be at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PublishedLimits {
    /// Bytes of a body.
    pub body_bytes: usize,
    /// Values in the JSON of a body, or of a parameter in an address.
    pub json_values: usize,
    /// Levels of arrays and objects in it.
    pub json_nesting: usize,
    /// Bytes of the query text.
    pub query_bytes: usize,
    /// Its tokens, without commas and comments.
    pub tokens: usize,
    /// Levels of brackets of any kind in it.
    pub bracket_nesting: usize,
    /// Selections, once fragments are put in place, as is all that follows but for directives.
    pub selections: usize,
    /// Levels of selections.
    pub selection_depth: usize,
    /// Fields with an alias.
    pub aliases: usize,
    /// Directives in the text.
    pub directives: usize,
    /// Fields at the root of a query.
    pub root_fields: usize,
    /// Fields at the root of a query without a key; null where nothing is answered without one.
    pub root_fields_without_key: Option<usize>,
    /// Fields at the root of a mutation.
    pub root_mutations: usize,
    /// Levels of fields.
    pub depth: usize,
    /// What all fields cost together.
    pub complexity: usize,
    /// Entries of `errors` in a reply.
    pub errors: usize,
}

impl PublishedLimits {
    /// Those of `/graphql`.
    pub fn of_customers() -> Self {
        Self {
            root_fields_without_key: Some(guard::MAX_ROOT_FIELDS_WITHOUT_KEY),
            ..Self::new(&RequestLimits::default(), CUSTOMER_COST)
        }
    }

    /// Those of `/admin/graphql`.
    pub fn of_admin() -> Self {
        Self::new(&RequestLimits::of_admin(), ADMIN_COST)
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
            errors: MOST_ENTRIES,
        }
    }
}

/// What a request to a legacy method may be at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LegacyLimits {
    /// Bytes of a body.
    pub body_bytes: usize,
    /// Parameters in it.
    pub parameters: usize,
}

impl LegacyLimits {
    /// Those of `/customer/<method>`.
    pub fn get() -> Self {
        Self {
            body_bytes: RequestLimits::default().body_bytes,
            parameters: MOST_PARAMETERS,
        }
    }
}

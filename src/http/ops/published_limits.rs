//! Every bound on one request, by endpoint and by name, in one place: `GET /` shows them, and tests try each at each endpoint.

use serde::Serialize;

use crate::graphql::{ADMIN_COST, CUSTOMER_COST, CostLimits};
use crate::http::graphql::errors::MAX_ENTRIES;
use crate::http::graphql::guard;
use crate::http::legacy::parameters::MAX_PARAMETERS;
use crate::http::limits::{LiveLimits, RequestLimits};
use crate::service::user_slots::UserSlotLimits;

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
    pub fn customer() -> Self {
        Self {
            root_fields_without_key: Some(guard::MAX_ROOT_FIELDS_WITHOUT_KEY),
            ..Self::new(&RequestLimits::default(), CUSTOMER_COST)
        }
    }

    /// Those of `/admin/graphql`.
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
            parameters: MAX_PARAMETERS,
        }
    }
}

/// Bounds of the work that one API takes on at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LoadLimits {
    /// Requests open at once, from their head to the end of their execution.
    pub open_requests: usize,
    /// Operations executed at once.
    pub concurrent_operations: usize,
    /// Requests that may wait for one of these places.
    pub queued_requests: usize,
    /// Seconds that they may wait.
    pub queue_seconds: u64,
    /// Seconds that an operation may take.
    pub operation_seconds: u64,
    /// Seconds that a body may take before its pace counts.
    pub body_seconds: u64,
    /// Bytes a second at which it then arrives, at least.
    pub body_bytes_per_second: u64,
    /// Bodies from one address that may arrive at once.
    pub bodies_per_address: usize,
    /// Bytes of a reply of GraphQL.
    pub reply_bytes: usize,
    /// Bytes of replies that one address has not taken.
    pub untaken_bytes_per_address: usize,
    /// The same of all addresses.
    pub untaken_bytes: usize,
}

impl LoadLimits {
    pub fn new(limits: &RequestLimits) -> Self {
        Self {
            open_requests: limits.open_requests,
            concurrent_operations: limits.concurrent_operations,
            queued_requests: limits.queued_requests,
            queue_seconds: limits.queue_timeout.as_secs(),
            operation_seconds: limits.operation_timeout.as_secs(),
            body_seconds: limits.body_grace.as_secs(),
            body_bytes_per_second: limits.body_bytes_per_second,
            bodies_per_address: limits.bodies_per_address,
            reply_bytes: limits.reply_bytes,
            untaken_bytes_per_address: limits.untaken_bytes_per_address,
            untaken_bytes: limits.untaken_bytes,
        }
    }
}

/// Bounds of the work that one user has under way in this process, over all customer endpoints together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserLimits {
    /// Writes at once.
    pub concurrent_writes: usize,
    /// Writes that may wait for one of these to end.
    pub queued_writes: usize,
    /// Seconds that they may wait.
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

/// Bounds of live updates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PublishedLiveLimits {
    /// WebSockets at once; half of them for session keys.
    pub sockets: usize,
    /// WebSockets at once from one address without a session key.
    pub visitor_sockets_per_address: usize,
    /// WebSockets at once with one session key.
    pub sockets_per_key: usize,
    /// Operations at once over one WebSocket.
    pub operations_per_socket: usize,
    /// Seconds that a WebSocket without a session key may be open without an operation.
    pub visitor_idle_seconds: u64,
    /// Seconds between two comments in a stream of events, or two pings over a WebSocket.
    pub keep_alive_seconds: u64,
}

impl PublishedLiveLimits {
    pub fn new(limits: &LiveLimits) -> Self {
        Self {
            sockets: limits.sockets,
            visitor_sockets_per_address: limits.visitor_sockets_per_address,
            sockets_per_key: limits.sockets_per_key,
            operations_per_socket: limits.operations_per_socket,
            visitor_idle_seconds: limits.visitor_idle_timeout.as_secs(),
            keep_alive_seconds: limits.keep_alive.as_secs(),
        }
    }
}

//! The HTTP endpoint: everything between a socket and the GraphQL executor, and the legacy wire beside it.
//!
//! - [`serve`](serve()) accepts connections and drains them at the end; [`router`](router()) says which path leads where.
//! - `graphql_http` is the way of one GraphQL request: read it, guard it, find its caller, execute, answer. By hand and
//!   not by async-graphql-axum's extractors, which take mutations by GET, bodies of any size, and always answer 200.
//! - `live` is what stays open: subscriptions as server-sent events, and WebSockets.
//! - `legacy` is the way of one request of the chat's old clients, `POST /customer/<method>`.
//! - [`ops_page`](ops_page()) is the page of ops.
//! - [`site`] serves the files of the pages that are part of newbee.
//! - `guard`, `query_text`, `inputs`, `media_type`, `session`, `language` and `parse_errors` are pure: no tokio, no axum state.
//! - `rates` says how often a caller may ask, by address and by key, whatever the endpoint.
//! - Whatever goes wrong before GraphQL is a [`HttpError`]; whatever goes wrong inside passes through `errors`.

pub(crate) mod auth;
pub(crate) mod error;
pub(crate) mod graphql;
pub(crate) mod headers;
pub(crate) mod legacy;
pub(crate) mod limits;
pub(crate) mod middleware;
pub(crate) mod ops;
pub(crate) mod request_id;
pub(crate) mod router;
pub(crate) mod server;
pub mod static_files;

pub use axum::Router;

pub use auth::authenticator::{AuthUnavailable, Authenticator};
pub use error::HttpError;
pub use graphql::documents::allow_list::AllowedOperations;
pub use graphql::endpoint::{GraphqlEndpoint, RequestInfo};
pub use graphql::executor::Schemas;
pub use legacy::LegacyEndpoint;
pub use limits::{LiveLimits, RequestLimits, ServeLimits};
pub use middleware::cors::share_with;
pub use middleware::host_check::{AllowedHosts, only_for_hosts};
pub use middleware::rate_limit::KeyKind;
pub use ops::health::{ReadinessCheck, ReadinessChecks};
pub use ops::metrics::metrics_router;
pub use ops::published_limits::{LegacyLimits, PublishedLimits};
pub use request_id::RequestId;
pub use router::{HttpState, graphql_route, legacy_routes, router};
pub use server::serve;
pub use static_files::{Site, site_routes};

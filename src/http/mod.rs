//! The HTTP layer: everything between a socket and the GraphQL executor, and the legacy wire.
//!
//! - `server` accepts connections and drains them on shutdown; [`router`](router()) maps paths to handlers.
//! - `middleware` wraps every request, and contains the rate limits; `auth` resolves keys to callers.
//! - `graphql` handles GraphQL requests: read, guard, find the caller, execute, answer. It replaces the extractors of
//!   async-graphql-axum, which accept mutations by GET and bodies of any size, and always answer 200. Subscriptions are
//!   served as server-sent events and over WebSockets.
//! - `legacy` handles requests of the chat's old clients, `POST /customer/<method>`.
//! - `limits` contains the limits of requests and connections; `ops` serves health, readiness and metrics.
//! - [`static_files`] serves the files of the embedded pages.
//! - Errors before GraphQL execution are [`HttpError`]s; errors of resolvers are processed in `graphql::errors`.

mod audience;
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

pub use audience::Audience;
pub use auth::authenticator::{AuthUnavailable, Authenticator};
pub use error::HttpError;
pub use graphql::documents::allow_list::AllowedOperations;
pub use graphql::endpoint::{GraphqlEndpoint, RequestInfo};
pub use graphql::errors::finish_errors;
pub use graphql::executor::Schemas;
pub use legacy::{LegacyEndpoint, METHODS as LEGACY_METHODS, SESSION_KEY, Status as LegacyReplyStatus};
pub use limits::{LiveLimits, RequestLimits, ServeLimits};
pub use middleware::host_check::{AllowedHosts, only_for_hosts};
pub use middleware::rate_limit::KeyKind;
pub use ops::health::{ReadinessCheck, ReadinessChecks};
pub use ops::metrics::metrics_router;
pub use ops::published_limits::{LegacyLimits, PublishedLimits};
pub use request_id::{REQUEST_ID_HEADER, RequestId};
pub use router::{Endpoints, HttpState, Pages, graphql_api, legacy_api, router};
pub use server::serve;
pub use static_files::Site;

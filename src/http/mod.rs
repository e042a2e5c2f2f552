//! The HTTP door: everything between a socket and the GraphQL executor, and the legacy wire beside it.
//!
//! - [`serve`](serve()) accepts connections and drains them at the end; [`router`](router()) says which path leads where.
//! - `graphql_http` is the way of one GraphQL request: read it, guard it, find its caller, execute, answer. By hand and
//!   not by async-graphql-axum's extractors, which take mutations by GET, bodies of any size, and always answer 200.
//! - `live` is what stays open: subscriptions as server-sent events, and WebSockets.
//! - `legacy` is the way of one request of the chat's old clients, `POST /customer/<method>`.
//! - [`ops_page`](ops_page()) is the page of ops.
//! - [`site`] serves the files of the pages that are part of newbee.
//! - `guard`, `query_text`, `inputs`, `media_type`, `session`, `language` and `parse_errors` are pure: no tokio, no axum state.
//! - `rates` says how often a caller may ask, by address and by key, whatever the door.
//! - Whatever goes wrong before GraphQL is a [`Refusal`]; whatever goes wrong inside passes through `errors`.

mod admission;
mod allowed_operations;
mod asker;
mod authenticator;
mod body;
mod compression;
mod cross_site;
mod document_reference;
mod documents;
mod door;
mod envelope;
mod errors;
mod executor;
mod graphql_http;
mod graphql_request;
mod graphql_response;
pub mod guard;
mod health;
mod home_page;
mod host_check;
mod host_header;
mod inputs;
mod language;
mod legacy;
mod limits;
mod live;
mod log_sampler;
mod media_type;
mod metrics;
mod operation;
mod operation_log;
mod operation_places;
mod ops_page;
mod origin;
mod parse_errors;
mod persisted;
mod playground;
mod published_limits;
mod query_text;
mod rates;
mod refusal;
mod reply_place;
mod request_id;
mod router;
mod serve;
mod session;
mod shares;
pub mod site;
mod socket_places;
mod stop;
mod text_encoding;
mod trace;

pub use axum::Router;

pub use allowed_operations::AllowedOperations;
pub use authenticator::{AuthUnavailable, Authenticator};
pub use cross_site::share_with;
pub use door::{GraphqlDoor, RequestContext};
pub use executor::Schemas;
pub use health::{ReadinessCheck, ReadinessChecks};
pub use home_page::{HomePage, greet_browsers};
pub use host_check::{AllowedHosts, only_for_hosts};
pub use legacy::LegacyDoor;
pub use limits::{LiveLimits, RequestLimits, ServeLimits};
pub use metrics::metrics_router;
pub use ops_page::ops_page;
pub use playground::{
    BUILD_COMMAND as PLAYGROUND_BUILD_COMMAND, BuildState, POLICY as PLAYGROUND_POLICY, Playground, PlaygroundBuild,
    PlaygroundUser, PublicKeys, is_built as playground_is_built, is_embedded as playground_is_embedded,
};
pub use published_limits::{LegacyLimits, PublishedLimits};
pub use rates::KeyKind;
pub use refusal::Refusal;
pub use request_id::RequestId;
pub use router::{HttpState, graphql_route, legacy_routes, playground_routes, router};
pub use serve::serve;
pub use site::{Site, site_routes};

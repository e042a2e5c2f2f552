//! Which path leads where.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Extension, Json, Router, middleware};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::admission::Admission;
use super::authenticator::Authenticator;
use super::door::GraphqlDoor;
use super::health::ReadinessChecks;
use super::legacy::LegacyDoor;
use super::limits::RequestLimits;
use super::refusal::Refusal;
use super::request_id::RequestId;
use super::{compression, envelope, graphql_http, health, legacy, trace};
use crate::domain::language::Language;

const DOORS: &str = "/graphql, /admin/graphql, /customer/<method>, /schema.graphql, /healthz and /readyz";

/// What all paths share. Cheap to clone.
#[derive(Clone)]
pub struct HttpState(Arc<Shared>);

struct Shared {
    sdl: String,
    checks: ReadinessChecks,
    draining: CancellationToken,
    admission: Admission,
}

impl HttpState {
    /// `sdl` is the customers' schema as text; `draining` is cancelled when this process is to get no new work.
    pub fn new(sdl: String, checks: ReadinessChecks, draining: CancellationToken, limits: RequestLimits) -> Self {
        Self(Arc::new(Shared {
            sdl,
            checks,
            draining,
            admission: Admission::new(limits),
        }))
    }
}

/// All paths: the APIs, each made by [`graphql_route`] or [`legacy_routes`], and what ops look at.
pub fn router(state: HttpState, apis: Router<HttpState>) -> Router {
    Router::new()
        .route("/", get(name_the_doors))
        .route("/schema.graphql", get(schema))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(ready))
        .merge(apis)
        .fallback(unknown_path)
        .method_not_allowed_fallback(unknown_method)
        .layer(compression::layer())
        .layer(middleware::from_fn(compression::take_plain_replies_for_acceptable))
        .layer(middleware::from_fn(trace::wrap))
        .layer(middleware::from_fn(envelope::wrap))
        .with_state(state)
}

/// A GraphQL API under a path of its own: within the limits that all share, or within its own.
pub fn graphql_route<A: Authenticator>(
    path: &str,
    door: Arc<GraphqlDoor<A>>,
    own_limits: Option<RequestLimits>,
) -> Router<HttpState> {
    let own_admission = own_limits.map(|limits| Arc::new(Admission::new(limits)));
    let handler = async move |State(state): State<HttpState>,
                              Extension(id): Extension<RequestId>,
                              Extension(language): Extension<Language>,
                              request: Request| {
        let admission = own_admission.as_deref().unwrap_or(&state.0.admission);
        match admission.request() {
            Ok(_place) => graphql_http::answer(&door, admission, &id, request).await,
            Err(refusal) => refusal.into_response(&id, language),
        }
    };
    Router::new().route(path, any(handler))
}

/// The legacy wire: everything under `/customer`, by whatever HTTP method, is answered in its envelope.
pub fn legacy_routes(door: LegacyDoor) -> Router<HttpState> {
    let door = Arc::new(door);
    let handler = async move |State(state): State<HttpState>, Extension(id): Extension<RequestId>, request: Request| {
        legacy::answer(&door, &state.0.admission, &id, request).await
    };
    Router::new()
        .route("/customer", any(handler.clone()))
        .route("/customer/", any(handler.clone()))
        .route("/customer/{*method}", any(handler))
}

async fn name_the_doors() -> Response {
    let doors = json!({
        "graphql": "/graphql",
        "admin": "/admin/graphql",
        "legacy": "/customer/<method>",
        "schema": "/schema.graphql",
        "alive": "/healthz",
        "ready": "/readyz",
    });
    Json(json!({ "service": "newbee", "doors": doors })).into_response()
}

async fn schema(State(state): State<HttpState>) -> Response {
    ([(CONTENT_TYPE, "text/plain; charset=utf-8")], state.0.sdl.clone()).into_response()
}

async fn ready(State(state): State<HttpState>) -> Response {
    health::ready(&state.0.checks, state.0.draining.is_cancelled()).await
}

async fn unknown_path(Extension(request_id): Extension<RequestId>) -> Response {
    let message = format!("There is nothing at this path. The doors are {DOORS}.");
    Refusal::new(StatusCode::NOT_FOUND, "NOT_FOUND", message).into_response(&request_id, Language::default())
}

async fn unknown_method(Extension(request_id): Extension<RequestId>) -> Response {
    Refusal::method_not_allowed("GET, HEAD", "This path is only for reading: send GET.")
        .into_response(&request_id, Language::default())
}

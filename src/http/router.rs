//! Routing table of all paths.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, ORIGIN, VARY};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, any, get};
use axum::{Extension, Json, Router, middleware};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::audience::Audience;
use super::auth::authenticator::Authenticator;
use super::error::HttpError;
use super::graphql::endpoint::GraphqlEndpoint;
use super::graphql::websocket::upgrade;
use super::graphql::{documents, handler};
use super::legacy;
use super::legacy::LegacyEndpoint;
use super::limits::RequestLimits;
use super::limits::admission::Admission;
use super::limits::connections::ConnectionLimits;
use super::middleware::origin::AllowedOrigins;
use super::middleware::rate_limit::{AddressLimit, Rates, TooOften};
use super::middleware::{compression, cors, language, rate_limit, request_context, trace};
use super::ops::health;
use super::ops::health::{Readiness, ReadinessChecks};
use super::ops::published_limits::{LegacyLimits, PublishedLimits, UserLimits};
use super::request_id::RequestId;
use super::static_files::{Site, site_routes};
use crate::config::{AccessSettings, Origins};
use crate::domain::language::Language;
use crate::service::user_slots::UserSlotLimits;
use crate::version::{COMMIT, VERSION};

/// Published endpoints: name in the JSON of `GET /`, path, and audience.
const PUBLISHED: [(&str, &str, Audience); 8] = [
    ("graphql", "/graphql", Audience::Customers),
    ("admin", "/admin/graphql", Audience::Operators),
    ("ops", "/ops/", Audience::Operators),
    ("legacy", "/customer/<method>", Audience::Customers),
    ("schema", "/schema.graphql", Audience::Customers),
    ("openapi", "/openapi.yaml", Audience::Customers),
    ("alive", "/healthz", Audience::Everyone),
    ("ready", "/readyz", Audience::Everyone),
];

/// OpenAPI description of the legacy methods, the probes and the metrics, which a test compares with them.
const OPENAPI: &str = include_str!("openapi.yaml");

/// Returns the published endpoints of an audience: name and path.
fn published(audience: Audience) -> impl Iterator<Item = (&'static str, &'static str)> {
    let seen = PUBLISHED.into_iter().filter(move |(.., of)| audience.sees(*of));
    seen.map(|(name, path, _)| (name, path))
}

/// APIs and pages of a process. The path of an absent one is unknown.
pub struct Endpoints {
    /// Created by [`graphql_api`].
    pub graphql: MethodRouter<Arc<HttpState>>,
    /// Created by [`graphql_api`].
    pub admin: MethodRouter<Arc<HttpState>>,
    /// Created by [`legacy_api`].
    pub legacy: MethodRouter<Arc<HttpState>>,
    pub ops: Option<Site>,
    pub graphiql: Option<Site>,
    pub admin_graphiql: Option<Site>,
}

impl Default for Endpoints {
    fn default() -> Self {
        Self {
            graphql: any(unknown_path),
            admin: any(unknown_path),
            legacy: any(unknown_path),
            ops: None,
            graphiql: None,
            admin_graphiql: None,
        }
    }
}

/// Returns the router for all paths. Pages of `origins` may call the customer APIs.
pub fn router(state: HttpState, endpoints: Endpoints, origins: &Origins) -> Router {
    let surroundings = Surroundings {
        address_limit: AddressLimit {
            rates: Arc::clone(&state.rates),
            render: render_too_often,
        },
        origins: AllowedOrigins(Arc::new(origins.clone())),
    };
    let for_customers = |handler| match state.audience.has_customers() {
        true => handler,
        false => any(unknown_path),
    };
    let router = Router::new()
        .route("/", get(list_endpoints))
        .route("/graphql", endpoints.graphql)
        .route("/admin/graphql", endpoints.admin)
        .route("/customer", endpoints.legacy.clone())
        .route("/customer/", endpoints.legacy.clone())
        .route("/customer/{*method}", endpoints.legacy)
        .route("/schema.graphql", for_customers(get(schema)))
        .route("/openapi.yaml", for_customers(get(openapi)))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(ready))
        .merge(site_routes("/ops", endpoints.ops))
        .merge(site_routes("/graphiql", endpoints.graphiql))
        .merge(site_routes("/admin/graphiql", endpoints.admin_graphiql))
        .fallback(unknown_path)
        .method_not_allowed_fallback(unknown_method)
        .layer(middleware::from_fn_with_state(surroundings, surround))
        .with_state(Arc::new(state));
    cors::share_with(origins, is_shared, router)
}

/// State of [`surround`].
#[derive(Clone)]
struct Surroundings {
    address_limit: AddressLimit,
    origins: AllowedOrigins,
}

/// Steps of every request before and after its handler. They are one layer, because each layer of axum copies all those
/// inside it for every request.
async fn surround(
    State(surroundings): State<Surroundings>,
    path: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let admit_and_run = async move |mut request: Request| {
        if request.headers().contains_key(ORIGIN) {
            request.extensions_mut().insert(surroundings.origins);
        }
        match rate_limit::by_address(&surroundings.address_limit, &mut request) {
            Ok(()) => compression::wrap(request, |request| next.run(request)).await,
            Err(refused) => *refused,
        }
    };
    request_context::wrap(request, |request| trace::wrap(path, request, admit_and_run)).await
}

/// Returns true for the customer APIs. The admin API is for servers and our own pages: no page of another site should
/// have an API key.
fn is_shared(path: &str) -> bool {
    path == "/graphql" || is_legacy(path)
}

fn is_legacy(path: &str) -> bool {
    path == "/customer" || path.starts_with("/customer/")
}

/// Pages for people who open the address of an API in a browser. They return `None` for other clients.
pub trait Pages: Send + Sync {
    /// Returns the start page.
    fn start_page(&self, request: &Request) -> Option<Response>;
    /// Returns the reply of a GraphQL endpoint to a request without a query.
    fn endpoint_page(&self, request: &Request) -> Option<Response>;
}

/// State shared by all paths.
pub struct HttpState {
    /// The customer schema as text; `None` if it is not public.
    sdl: Option<String>,
    readiness: Readiness,
    draining: CancellationToken,
    admission: Arc<Admission>,
    rates: Arc<Rates>,
    /// APIs that are published and named in errors.
    pub audience: Audience,
    /// Write limits per user; `None` if no API writes.
    pub user_writes: Option<UserSlotLimits>,
    /// Pages for browsers; without them, all clients get JSON.
    pub pages: Option<Arc<dyn Pages>>,
}

impl HttpState {
    /// Creates the state. `sdl` is the customer schema as text; `draining` is cancelled when this process must not get
    /// new work.
    pub fn new(
        sdl: String,
        checks: ReadinessChecks,
        draining: CancellationToken,
        limits: RequestLimits,
        access: &AccessSettings,
    ) -> Self {
        Self {
            sdl: access.introspection.then_some(sdl),
            readiness: Readiness::new(checks),
            draining,
            admission: Arc::new(Admission::new(limits)),
            rates: Arc::new(Rates::new(access)),
            audience: Audience::default(),
            user_writes: None,
            pages: None,
        }
    }
}

/// Returns the handler of a GraphQL API, with the shared admission limits or with its own.
pub fn graphql_api<A: Authenticator>(
    endpoint: Arc<GraphqlEndpoint<A>>,
    own_limits: Option<RequestLimits>,
) -> MethodRouter<Arc<HttpState>> {
    let own_admission = own_limits.map(|limits| Arc::new(Admission::new(limits)));
    let handler = async move |State(state): State<Arc<HttpState>>,
                              Extension(id): Extension<RequestId>,
                              Extension(language): Extension<Language>,
                              request: Request| {
        if let Some(page) = state.pages.as_ref().and_then(|pages| pages.endpoint_page(&request)) {
            return page;
        }
        let admission = own_admission.as_ref().unwrap_or(&state.admission);
        if endpoint.executor.is_live() && upgrade::is_wanted(&request) {
            let draining = state.draining.clone();
            return upgrade::answer(
                endpoint.clone(),
                Arc::clone(admission),
                draining,
                &id,
                language,
                request,
            )
            .await;
        }
        handler::answer(&endpoint, admission, &state.draining, &id, request).await
    };
    any(handler)
}

/// Returns the handler of the legacy wire, which answers any HTTP method and path in its envelope.
pub fn legacy_api(endpoint: LegacyEndpoint) -> MethodRouter<Arc<HttpState>> {
    let endpoint = Arc::new(endpoint);
    any(
        async move |State(state): State<Arc<HttpState>>, Extension(id): Extension<RequestId>, request: Request| {
            legacy::answer(&endpoint, &state.admission, &id, request).await
        },
    )
}

async fn list_endpoints(
    State(state): State<Arc<HttpState>>,
    connections: Option<Extension<ConnectionLimits>>,
    request: Request,
) -> Response {
    if let Some(page) = state.pages.as_ref().and_then(|pages| pages.start_page(&request)) {
        return page;
    }
    let customer = state.admission.limits();
    let endpoints: BTreeMap<&str, &str> = published(state.audience).collect();
    let (customers, operators) = (state.audience.has_customers(), state.audience.has_operators());
    let limits = json!({
        "graphql": customers.then(PublishedLimits::customer),
        "admin": operators.then(PublishedLimits::admin),
        "legacy": customers.then(LegacyLimits::get),
        "load": {
            "customers": customers.then_some(customer),
            "admin": operators.then(RequestLimits::admin),
        },
        "user": state.user_writes.as_ref().filter(|_| customers).map(UserLimits::new),
        "live": customers.then_some(customer.live),
        "connections": connections.map(|limits| limits.0),
    });
    let body = Json(json!({
        "service": "newbee",
        "version": VERSION,
        "commit": COMMIT,
        "endpoints": endpoints,
        "limits": limits,
    }));
    ([(VARY, "accept")], body).into_response()
}

async fn schema(State(state): State<Arc<HttpState>>, Extension(request_id): Extension<RequestId>) -> Response {
    match &state.sdl {
        Some(sdl) => ([(CONTENT_TYPE, "text/plain; charset=utf-8")], sdl.clone()).into_response(),
        None => HttpError::new(StatusCode::NOT_FOUND, "NOT_FOUND", documents::SCHEMA_IS_HIDDEN)
            .into_response(&request_id, Language::default()),
    }
}

async fn openapi() -> Response {
    ([(CONTENT_TYPE, "application/yaml")], OPENAPI).into_response()
}

async fn ready(State(state): State<Arc<HttpState>>) -> Response {
    health::ready_in_public(&state.readiness, state.draining.is_cancelled()).await
}

async fn unknown_path(State(state): State<Arc<HttpState>>, Extension(request_id): Extension<RequestId>) -> Response {
    let mut paths: Vec<&str> = published(state.audience).map(|(_, path)| path).collect();
    let last = paths.pop().unwrap_or_default();
    let message = format!("No such path. The endpoints are {} and {last}.", paths.join(", "));
    HttpError::new(StatusCode::NOT_FOUND, "NOT_FOUND", message).into_response(&request_id, Language::default())
}

async fn unknown_method(Extension(request_id): Extension<RequestId>) -> Response {
    HttpError::method_not_allowed("GET, HEAD", "This path is read-only. Send GET.")
        .into_response(&request_id, Language::default())
}

/// Renders a rate-limit error in the format of the path: the legacy envelope below `/customer`, JSON elsewhere.
fn render_too_often(request: &Request, request_id: &RequestId, too_often: TooOften) -> (Response, Vec<String>) {
    if is_legacy(request.uri().path()) {
        return legacy::refuse_asked_too_often(too_often);
    }
    let error = HttpError::from(too_often);
    let codes = vec![error.code().to_owned()];
    (
        error.into_response(request_id, language::from_headers(request.headers())),
        codes,
    )
}

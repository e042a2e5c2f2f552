//! Cross-origin resource sharing (CORS): sites whose pages may call an API from a browser.
//!
//! Keys are sent in the `Authorization` header or in a body, never in cookies, so a foreign page has no more access
//! than its own server. CORS opens the API to pages and is not an access control; credentials are therefore not
//! allowed.

use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::{self, Next};
use axum::response::Response;
use tower::{Layer, ServiceExt};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::config::Origins;
use crate::http::request_id::REQUEST_ID_HEADER;

/// Cache time of preflight results: two hours, the longest that browsers accept.
const PREFLIGHT_MAX_AGE: Duration = Duration::from_secs(2 * 60 * 60);

/// Headers sent by known GraphQL clients, besides CORS-safelisted ones. A missing header blocks the whole request; an
/// extra one has no effect.
const CLIENT_HEADERS: [&str; 10] = [
    "traceparent",
    "tracestate",
    "baggage",
    "x-requested-with",
    "apollographql-client-name",
    "apollographql-client-version",
    "x-apollo-operation-name",
    "apollo-require-preflight",
    "graphql-preflight",
    "last-event-id",
];

/// Returns true for a path that is shared.
type IsShared = fn(&str) -> bool;

/// Allows pages of these origins to call the paths that are shared, and to read all replies, including errors of any
/// layer, which contain the time to wait before a retry. It must therefore wrap the whole router.
pub fn share_with(origins: &Origins, is_shared: IsShared, router: Router) -> Router {
    let allowed = match origins {
        Origins::None => return router,
        Origins::Any => AllowOrigin::any(),
        Origins::Listed(origins) => AllowOrigin::list(
            origins
                .iter()
                .map(|origin| HeaderValue::from_str(origin).expect("an origin is visible ASCII")),
        ),
    };
    let headers = [AUTHORIZATION, CONTENT_TYPE, REQUEST_ID_HEADER];
    let cors = CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(Vec::from_iter(
            headers.into_iter().chain(CLIENT_HEADERS.map(HeaderName::from_static)),
        ))
        .expose_headers([REQUEST_ID_HEADER, RETRY_AFTER])
        .max_age(PREFLIGHT_MAX_AGE);
    router.layer(middleware::from_fn_with_state((cors, is_shared), apply_cors))
}

async fn apply_cors(State((cors, is_shared)): State<(CorsLayer, IsShared)>, request: Request, next: Next) -> Response {
    // The layer treats every OPTIONS request as a preflight. Other OPTIONS requests list the allowed methods and are
    // answered by the routes.
    let is_plain_options =
        request.method() == Method::OPTIONS && !request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    if is_plain_options || !is_shared(request.uri().path()) {
        return next.run(request).await;
    }
    let Ok(response) = cors.layer(next).oneshot(request).await;
    response
}

//! Which pages of other sites may call an API from a browser (CORS).
//!
//! Keys come in the `Authorization` header or in a body, never in cookies, so a foreign page can do nothing in a visitor's
//! name that it could not do by itself: this opens the API to pages, it guards nobody. Credentials stay off for that reason.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::{ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::{Extension, Router};
use tower::{Layer, ServiceExt};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::origin::AllowedOrigins;
use crate::config::Origins;
use crate::http::request_id::REQUEST_ID_HEADER;

/// What browsers keep an answer to a preflight for: two hours, the longest that any of them does.
const PREFLIGHT_LASTS: Duration = Duration::from_secs(2 * 60 * 60);

/// What clients of GraphQL are known to send, besides what needs no permission. A header that is missing here keeps the
/// whole request from being sent, and one that is here too much does nothing.
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

/// Lets pages of these origins call the customers' APIs, and read whatever is answered there: refusals of any layer, too, or
/// the page would not learn when to try again. Hence around a whole router.
pub fn share_with(origins: &Origins, router: Router) -> Router {
    let router = router.layer(Extension(AllowedOrigins(Arc::new(origins.clone()))));
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
        .max_age(PREFLIGHT_LASTS);
    router.layer(middleware::from_fn_with_state(cors, answer_or_pass_on))
}

/// Never the admin API: it is for servers and for our own pages, and no page of another site should have an API key to send.
fn is_shared(path: &str) -> bool {
    path == "/graphql" || path == "/customer" || path.starts_with("/customer/")
}

async fn answer_or_pass_on(State(cors): State<CorsLayer>, request: Request, next: Next) -> Response {
    // The layer takes every OPTIONS for a preflight; those that are none ask which methods there are, and routes know that.
    let is_plain_options =
        request.method() == Method::OPTIONS && !request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    if is_plain_options || !is_shared(request.uri().path()) {
        return next.run(request).await;
    }
    let Ok(response) = cors.layer(next).oneshot(request).await;
    response
}

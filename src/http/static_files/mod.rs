//! Static file server for the pages: one site per path, safe to expose and cacheable.
//!
//! - Names below `assets/` contain a hash of their content and are cached permanently; all others are revalidated each
//!   time, and answered with 304 if unchanged.
//! - If a file has a `.br` or `.gz` sibling, clients that accept it get that: nothing is compressed during a request.
//! - Only names of existing files with a restricted alphabet are served, so that no path leads out of the site.
//! - A page may not load anything from other sites, and may not be framed: see [`Site::new`].

pub mod content_type;
mod files;
mod preconditions;

use std::sync::Arc;

use axum::Extension;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, LOCATION, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;

pub use self::files::{Embedded, File, Files, InMemoryFile, Overlay};

use self::preconditions::is_known;
use super::error::HttpError;
use super::middleware::language;
use super::request_id::RequestId;
use crate::domain::language::Language;

/// Content-Security-Policy of a page that needs only its own files; everything not listed is blocked.
pub const STRICT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const INDEX: &str = "index.html";
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

/// The files of one page, with their headers.
pub struct Site {
    files: Box<dyn Files>,
    policy: HeaderValue,
    /// Page that replaces a missing `index.html`.
    placeholder: Option<Box<dyn Fn(Language) -> String + Send + Sync>>,
}

impl Site {
    /// Creates a site. `policy` is the page's Content-Security-Policy, such as [`STRICT_POLICY`].
    ///
    /// # Panics
    /// Panics if the policy is not a valid header value.
    pub fn new(files: impl Files, policy: &'static str) -> Self {
        Self {
            files: Box::new(files),
            policy: HeaderValue::from_static(policy),
            placeholder: None,
        }
    }

    /// Sets the HTML that is served with status 503 while the site has no `index.html`. It is rendered at each request.
    #[must_use]
    pub fn or_until_built(mut self, html: impl Fn(Language) -> String + Send + Sync + 'static) -> Self {
        self.placeholder = Some(Box::new(html));
        self
    }

    /// Returns the reply for the file `name`, where an empty name is the index; `None` if there is no such file.
    fn answer(&self, name: &str, request: &HeaderMap) -> Option<Response> {
        let name = if name.is_empty() { INDEX } else { name };
        let Some((file, encoding)) = self.find(name, request) else {
            let placeholder = self.placeholder.as_ref().filter(|_| name == INDEX)?;
            let html = placeholder(language::from_headers(request));
            return Some((StatusCode::SERVICE_UNAVAILABLE, self.headers_of(name), html).into_response());
        };
        let mut headers = self.headers_of(name);
        let caching = if name.starts_with("assets/") {
            IMMUTABLE
        } else {
            REVALIDATE
        };
        headers.insert(CACHE_CONTROL, caching);
        headers.insert(ETAG, file.etag.clone());
        if is_known(request, &file.etag) {
            return Some((StatusCode::NOT_MODIFIED, headers).into_response());
        }
        if let Some(encoding) = encoding {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        // For HEAD, the server sends the length of the body but not the body.
        Some((headers, Body::from(file.bytes)).into_response())
    }

    /// Returns the representation preferred by the client, with its content coding.
    fn find(&self, name: &str, request: &HeaderMap) -> Option<(File, Option<&'static str>)> {
        if !content_type::is_plain(name) {
            return None;
        }
        let compressed = preconditions::codings(request).find_map(|(coding, ending)| {
            let file = self.files.read(&format!("{name}{ending}"))?;
            Some((file, Some(coding)))
        });
        compressed.or_else(|| Some((self.files.read(name)?, None)))
    }

    /// Returns the headers common to all replies of the site.
    fn headers_of(&self, name: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let fixed = [
            (CONTENT_TYPE, content_type::content_type(name)),
            (CACHE_CONTROL, "no-store"),
            (VARY, "accept-encoding"),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (REFERRER_POLICY, "no-referrer"),
            (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
            (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        ];
        for (header, value) in fixed {
            headers.insert(header, HeaderValue::from_static(value));
        }
        headers.insert(CONTENT_SECURITY_POLICY, self.policy.clone());
        headers
    }
}

/// Routes of a site below `path`, such as `/ops`: its index is `/ops/`, and `/ops` redirects to it. There are none
/// without a site.
pub fn site_routes<S: Clone + Send + Sync + 'static>(path: &'static str, site: Option<Site>) -> Router<S> {
    let Some(site) = site.map(Arc::new) else {
        return Router::new();
    };
    let handler = async move |Extension(id): Extension<RequestId>, request: Request| {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return HttpError::method_not_allowed("GET, HEAD", "This path is read-only. Send GET.")
                .into_response(&id, Language::default());
        }
        let Some(name) = request
            .uri()
            .path()
            .strip_prefix(path)
            .and_then(|rest| rest.strip_prefix('/'))
        else {
            return redirect_to_directory(path, request.uri().query());
        };
        site.answer(name, request.headers()).unwrap_or_else(|| {
            let message = format!("There is no such file below {path}/.");
            HttpError::new(StatusCode::NOT_FOUND, "NOT_FOUND", message).into_response(&id, Language::default())
        })
    };
    Router::new()
        .route(path, any(handler.clone()))
        .route(&format!("{path}/"), any(handler.clone()))
        .route(&format!("{path}/{{*file}}"), any(handler))
}

/// The addresses in a page are relative, so its path must end with a slash. The redirect is relative as well, so that
/// it works behind a proxy that serves the site below a prefix.
fn redirect_to_directory(path: &str, query: Option<&str>) -> Response {
    let folder = path.rsplit('/').next().unwrap_or_default();
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    let location = HeaderValue::try_from(format!("{folder}/{query}"));
    let location = location.unwrap_or(HeaderValue::from_static("./"));
    (StatusCode::PERMANENT_REDIRECT, [(LOCATION, location)]).into_response()
}

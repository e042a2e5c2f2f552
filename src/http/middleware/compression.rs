//! Compression of replies with brotli or gzip, if the client accepts it.
//!
//! Compressing secrets together with attacker-controlled text can leak them by length (BREACH), but only if the
//! attacker can make the victim's browser send credentials. newbee uses no cookies, and a page without the key cannot
//! send it.

use std::convert::Infallible;
use std::future;

use axum::body::{Body, HttpBody};
use axum::extract;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderValue, Request};
use axum::response::Response;
use tower::{Layer, ServiceExt, service_fn};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{Predicate, SizeAbove};

use crate::http::headers::media_type::quality;

/// Minimum size, in bytes. Smaller replies fit into one packet uncompressed.
const MIN_BYTES: u64 = 1_024;

/// Measured on 26 KB of text: a third of the time of the default levels (0.3 ms instead of 0.9 ms), for an eighth more
/// bytes with brotli and a third more with gzip. Replies are generated per request, so the time is spent each time.
const LEVEL: CompressionLevel = CompressionLevel::Precise(1);

/// Answers a request, and compresses a text reply above the minimum size if the client accepts it. Replies with a content
/// coding, such as built pages, are left unchanged.
///
/// The layer gets replies that are ready and long enough: a reply that has passed through it holds the state of a
/// compressor, about 6 KB, which each step around it would copy.
pub async fn wrap<Answer>(mut request: extract::Request, next: impl FnOnce(extract::Request) -> Answer) -> Response
where
    Answer: Future<Output = Response>,
{
    take_plain_replies_for_acceptable(&mut request);
    let mut accepted = Request::new(());
    for value in request.headers().get_all(ACCEPT_ENCODING) {
        accepted.headers_mut().append(ACCEPT_ENCODING, value.clone());
    }
    let mut response = next(request).await;
    if response.headers().contains_key(CONTENT_ENCODING) || !is_long_text().should_compress(&response) {
        return response;
    }
    if accepted.headers().is_empty() {
        if !varies_by_coding(response.headers()) {
            response.headers_mut().append(VARY, ACCEPT_ENCODING.into());
        }
        return response;
    }
    let mut ready = Some(response);
    let reply = service_fn(move |_: Request<()>| future::ready(Ok::<_, Infallible>(ready.take().unwrap_or_default())));
    let layer = CompressionLayer::new().quality(LEVEL).compress_when(is_long_text());
    let Ok(compressed) = layer.layer(reply).oneshot(accepted).await;
    compressed.map(Body::new)
}

/// Returns true if the reply already says that it depends on the codings that the client accepts.
fn varies_by_coding(headers: &HeaderMap) -> bool {
    let lists = headers.get_all(VARY).iter().filter_map(|list| list.to_str().ok());
    lists
        .flat_map(|list| list.split(','))
        .any(|name| name.trim().eq_ignore_ascii_case(ACCEPT_ENCODING.as_str()))
}

fn is_long_text() -> impl Predicate + Send + Sync + 'static {
    SizeAbove::new(MIN_BYTES).and(Text)
}

#[derive(Clone, Copy)]
struct Text;

impl Predicate for Text {
    fn should_compress<B: HttpBody>(&self, response: &axum::http::Response<B>) -> bool {
        let content_type = response.headers().get(CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        // Events must be sent immediately, not when the compressor's block is full.
        media_type != "text/event-stream" && (media_type.starts_with("text/") || media_type.ends_with("json"))
    }
}

/// Removes the client's refusal of uncompressed replies. The layer would otherwise answer 406, but only after the
/// request, possibly a mutation, has been executed. RFC 9110 allows a server to ignore the preference.
fn take_plain_replies_for_acceptable<B>(request: &mut Request<B>) {
    if let Some(without) = without_identity_refusal(request.headers()) {
        request.headers_mut().insert(ACCEPT_ENCODING, without);
    }
}

fn without_identity_refusal(headers: &HeaderMap) -> Option<HeaderValue> {
    let lists = headers.get_all(ACCEPT_ENCODING).iter();
    let entries: Vec<&str> = lists
        .filter_map(|list| list.to_str().ok())
        .flat_map(|list| list.split(','))
        .collect();
    let kept: Vec<&str> = entries
        .iter()
        .copied()
        .filter(|entry| !refuses_identity(entry))
        .collect();
    if kept.len() == entries.len() {
        return None;
    }
    HeaderValue::from_str(&kept.join(",")).ok()
}

fn refuses_identity(entry: &str) -> bool {
    let mut parts = entry.split(';');
    let coding = parts.next().unwrap_or_default().trim();
    (coding == "*" || coding.eq_ignore_ascii_case("identity")) && quality(parts) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left_of(accept: &'static str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(accept));
        without_identity_refusal(&headers).map(|value| value.to_str().unwrap().to_owned())
    }

    fn is_compressed(content_type: &'static str, length: usize) -> bool {
        let body = Body::from("x".repeat(length));
        let response = Response::builder()
            .header(CONTENT_TYPE, content_type)
            .body(body)
            .unwrap();
        is_long_text().should_compress(&response)
    }

    #[test]
    fn long_texts_are_compressed_but_event_streams_are_not() {
        for text in [
            "application/json; charset=utf-8",
            "application/graphql-response+json; charset=utf-8",
            "text/plain; charset=utf-8",
            "text/html",
        ] {
            assert!(is_compressed(text, 1_024), "{text}");
            assert!(!is_compressed(text, 1_023), "{text}");
        }
        for other in [
            "text/event-stream",
            "text/event-stream; charset=utf-8",
            "image/png",
            "font/woff2",
            "",
        ] {
            assert!(!is_compressed(other, 100_000), "{other}");
        }
    }

    #[test]
    fn only_the_refusal_of_identity_is_removed() {
        assert_eq!(left_of("gzip, br;q=0.5, identity;q=0.1, *;q=0.2"), None);
        assert_eq!(left_of("gzip;q=0"), None);
        assert_eq!(left_of("identity;q=0").as_deref(), Some(""));
        assert_eq!(left_of("gzip, *; q=0.000, Identity;Q=0").as_deref(), Some("gzip"));
    }
}

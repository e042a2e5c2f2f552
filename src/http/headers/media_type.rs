//! Negotiation of the media type of GraphQL replies by the `Accept` header, and the check that a body is JSON.

use std::cmp::Reverse;

use axum::http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};

use super::text_encoding::{Charset, charset};
use crate::http::error::HttpError;

/// The media type of a GraphQL reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaType {
    /// `application/json`: for older clients, for `*/*`, and for requests without an `Accept` header.
    Json,
    /// `application/graphql-response+json`: its status codes distinguish request errors.
    GraphqlResponse,
}

impl MediaType {
    pub fn header_value(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json => "application/json; charset=utf-8",
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
        })
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::GraphqlResponse => "application/graphql-response+json",
        }
    }

    /// Returns the media type with the highest quality; of equal ones, the one listed first.
    ///
    /// # Errors
    /// 406 if neither is acceptable.
    pub fn negotiate(headers: &HeaderMap) -> Result<Self, HttpError> {
        let ranges = accepted_ranges(headers);
        if ranges.is_empty() {
            return Ok(Self::Json);
        }
        let (json, graphql) = (
            Self::Json.preference(&ranges),
            Self::GraphqlResponse.preference(&ranges),
        );
        match json.max(graphql).quality {
            0 => Err(not_acceptable()),
            _ if graphql > json => Ok(Self::GraphqlResponse),
            _ => Ok(Self::Json),
        }
    }

    /// Returns the preference for this type by the most specific matching range: `application/*;q=0.2, */*;q=0.8` gives
    /// it 0.2, and `*/*, application/json;q=0` refuses JSON.
    fn preference(self, ranges: &[(String, u16)]) -> Preference {
        let find = |wanted: &str| ranges.iter().position(|(range, _)| range == wanted);
        let named = find(self.name());
        let position = named.or_else(|| find("application/*")).or_else(|| find("*/*"));
        Preference {
            quality: position.map_or(0, |position| ranges[position].1),
            earliness: Reverse(named.unwrap_or(usize::MAX)),
        }
    }
}

/// Preference for a type, ordered by quality, then by position in the header. A wildcard has no position.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Preference {
    quality: u16,
    earliness: Reverse<usize>,
}

/// Returns true for browser navigation: HTML is listed with a higher preference than any listed type of programs.
/// Wildcards are ignored.
pub fn prefers_html(headers: &HeaderMap) -> bool {
    let ranges = accepted_ranges(headers);
    let preference = |names: &[&str]| {
        let named = ranges.iter().filter(|(range, _)| names.contains(&range.as_str()));
        named.map(|(_, quality)| *quality).max().unwrap_or(0)
    };
    let json = MediaType::Json.name();
    let graphql = MediaType::GraphqlResponse.name();
    preference(&["text/html", "application/xhtml+xml"])
        > preference(&[json, graphql, "application/*", "text/event-stream"])
}

/// Returns the media ranges of the `Accept` headers in order, in lowercase, each with its quality in thousandths.
pub fn accepted_ranges(headers: &HeaderMap) -> Vec<(String, u16)> {
    let ranges = weighted(headers.get_all(ACCEPT));
    ranges.filter(|(range, _)| !range.is_empty()).collect()
}

/// Returns the entries of a list header such as `Accept-Encoding` in order, in lowercase, each with its quality in
/// thousandths. Lines that are not text are ignored.
pub fn weighted<'a>(lines: impl IntoIterator<Item = &'a HeaderValue>) -> impl Iterator<Item = (String, u16)> {
    let lists = lines.into_iter().filter_map(|line| line.to_str().ok());
    lists.flat_map(|list| list.split(',')).map(|entry| {
        let mut parts = entry.split(';');
        let name = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        (name, quality(parts))
    })
}

fn not_acceptable() -> HttpError {
    HttpError::new(
        StatusCode::NOT_ACCEPTABLE,
        "NOT_ACCEPTABLE",
        "Replies are application/graphql-response+json or application/json. Name one of them in the Accept header.",
    )
}

/// Returns the `q` parameter of an entry of a list header, in thousandths; 1000 if it is missing or malformed.
pub fn quality<'a>(parameters: impl Iterator<Item = &'a str>) -> u16 {
    parameters
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"))
        .and_then(|(_, value)| value.trim().parse::<f32>().ok())
        .filter(|value| value.is_finite())
        .map_or(1_000, |value| (value.clamp(0.0, 1.0) * 1_000.0) as u16)
}

/// Requires that the body is declared as JSON. Browsers do not send that content type to another site without a CORS
/// preflight, so this check also protects against cross-site request forgery.
///
/// # Errors
/// 415 if the declared type, character set or content coding is not supported.
pub fn require_json_body(headers: &HeaderMap) -> Result<(), HttpError> {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let mut parts = content_type.split(';');
    let is_json = parts
        .next()
        .unwrap_or_default()
        .trim()
        .eq_ignore_ascii_case("application/json");
    let is_utf8 = parts
        .filter_map(|parameter| parameter.split_once('='))
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
        .map(|(_, charset)| charset.trim().trim_matches('"'))
        .all(|charset| ["utf-8", "utf8"].iter().any(|name| charset.eq_ignore_ascii_case(name)));
    if Charset::of_label(charset(content_type)) == Charset::Utf16 {
        return Err(unsupported_utf_16());
    }
    let is_plain = headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .all(|coding| coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity"));
    if is_json && is_utf8 && is_plain {
        return Ok(());
    }
    Err(HttpError::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "UNSUPPORTED_MEDIA_TYPE",
        "Send the body as UTF-8 JSON, not compressed, with the header Content-Type: application/json.",
    ))
}

/// Returns the error for a body in UTF-16 (415).
pub fn unsupported_utf_16() -> HttpError {
    HttpError::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "UNSUPPORTED_MEDIA_TYPE",
        "The body is UTF-16. Send it as UTF-8 JSON.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn negotiated(accept: &'static str) -> Option<MediaType> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        MediaType::negotiate(&headers).ok()
    }

    #[test]
    fn json_is_the_default() {
        assert_eq!(MediaType::negotiate(&HeaderMap::new()).ok(), Some(MediaType::Json));
        assert_eq!(negotiated("*/*"), Some(MediaType::Json));
        assert_eq!(negotiated("application/*"), Some(MediaType::Json));
        assert_eq!(negotiated("text/html, */*;q=0.1"), Some(MediaType::Json));
    }

    #[test]
    fn the_type_with_the_highest_quality_wins() {
        assert_eq!(
            negotiated("application/graphql-response+json, application/json"),
            Some(MediaType::GraphqlResponse)
        );
        assert_eq!(
            negotiated("application/json, application/graphql-response+json"),
            Some(MediaType::Json)
        );
        assert_eq!(
            negotiated("application/json;q=0.5, application/graphql-response+json;q=0.6"),
            Some(MediaType::GraphqlResponse)
        );
        assert_eq!(
            negotiated("Application/GraphQL-Response+JSON; charset=utf-8; q=0.9"),
            Some(MediaType::GraphqlResponse)
        );
        assert_eq!(
            negotiated("*/*, application/json;q=0"),
            Some(MediaType::GraphqlResponse)
        );
    }

    #[test]
    fn the_most_specific_range_decides() {
        assert_eq!(negotiated("application/*;q=0, */*"), None);
        assert_eq!(negotiated("*/*;q=0, application/*;q=0.1"), Some(MediaType::Json));
        assert_eq!(
            negotiated("application/*;q=0.9, application/json;q=0.5"),
            Some(MediaType::GraphqlResponse)
        );
        assert_eq!(
            negotiated("application/*;q=0, application/graphql-response+json;q=0.001"),
            Some(MediaType::GraphqlResponse)
        );
        assert_eq!(
            negotiated("*/*, application/graphql-response+json"),
            Some(MediaType::GraphqlResponse),
            "named, where JSON is not"
        );
        assert_eq!(
            negotiated("text/event-stream, application/json;q=NaN"),
            Some(MediaType::Json)
        );
    }

    #[test]
    fn nothing_acceptable_is_refused() {
        assert_eq!(negotiated("text/html"), None);
        assert_eq!(negotiated("application/json;q=0"), None);
        assert_eq!(negotiated("*/*;q=0"), None);
        assert_eq!(negotiated("*/*;q=0.0, text/html"), None);
    }

    #[test]
    fn only_browsers_prefer_html() {
        let prefers = |accept: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
            prefers_html(&headers)
        };
        assert!(prefers(
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
        ));
        assert!(prefers("text/html"));
        for program in [
            "*/*",
            "application/json",
            "text/html;q=0",
            "application/json, text/html;q=0.9",
            "application/json, text/html",
            "application/graphql-response+json, text/html;q=0.5, */*",
            "text/event-stream, text/html;q=0.1",
            "text/*",
        ] {
            assert!(!prefers(program), "{program}");
        }
        assert!(!prefers_html(&HeaderMap::new()));
    }

    #[test]
    fn only_json_bodies_pass() {
        let passes = |content_type: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
            require_json_body(&headers).is_ok()
        };
        assert!(passes("application/json"));
        assert!(passes("Application/JSON; charset=\"UTF-8\""));
        for refused in [
            "text/plain",
            "application/jsonx",
            "application/json; charset=latin1",
            "multipart/form-data; boundary=x",
        ] {
            assert!(!passes(refused), "{refused}");
        }
        assert!(require_json_body(&HeaderMap::new()).is_err());
    }
}

//! Content negotiation and cache validation headers.

use std::cmp::Reverse;

use axum::http::header::{ACCEPT_ENCODING, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue};

use crate::http::headers::media_type::weighted;

/// Content codings that site files may have siblings for, smallest first, with the file extension.
const CODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// Returns the codings that the client accepts, in order of preference.
pub fn codings(request: &HeaderMap) -> impl Iterator<Item = (&'static str, &'static str)> {
    let taken: Vec<(String, u16)> = weighted(request.get_all(ACCEPT_ENCODING)).collect();
    let liking = |coding: &str| {
        let named = |wanted: &str| taken.iter().find(|(name, _)| name == wanted);
        named(coding).or_else(|| named("*")).map_or(0, |(_, quality)| *quality)
    };
    let mut liked: Vec<_> = CODINGS
        .into_iter()
        .map(|(coding, ending)| (liking(coding), (coding, ending)))
        .filter(|(quality, _)| *quality > 0)
        .collect();
    // Stable sort: of equal preferences, the smaller representation stays first.
    liked.sort_by_key(|(quality, _)| Reverse(*quality));
    liked.into_iter().map(|(_, coding)| coding)
}

/// Returns true if the client already has this representation. Entity tags are compared weakly, as RFC 9110 requires: a
/// proxy may have weakened them.
pub fn is_known(request: &HeaderMap, etag: &HeaderValue) -> bool {
    let Ok(etag) = etag.to_str() else { return false };
    let lists = request.get_all(IF_NONE_MATCH).into_iter();
    lists
        .filter_map(|list| list.to_str().ok())
        .flat_map(|list| list.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.trim_start_matches("W/") == etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(accept: &'static str) -> Vec<&'static str> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(accept));
        codings(&headers).map(|(coding, _)| coding).collect()
    }

    #[test]
    fn codings_are_ordered_by_quality_without_refused_ones() {
        assert_eq!(taken("gzip, deflate, br, zstd"), ["br", "gzip"]);
        assert_eq!(taken("br;q=0.5, GZIP"), ["gzip", "br"]);
        assert_eq!(taken("*"), ["br", "gzip"]);
        assert_eq!(taken("*;q=0.1, br;q=0"), ["gzip"]);
        assert!(taken("identity").is_empty());
        assert_eq!(codings(&HeaderMap::new()).count(), 0);
    }

    #[test]
    fn a_copy_is_recognised_by_its_tag_in_any_list() {
        let knows = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(IF_NONE_MATCH, HeaderValue::from_static(value));
            is_known(&headers, &HeaderValue::from_static("\"abc\""))
        };
        assert!(knows("\"abc\"") && knows("W/\"abc\"") && knows("\"x\", \"abc\"") && knows("*"));
        assert!(!knows("\"abcd\"") && !knows("abc"));
    }
}

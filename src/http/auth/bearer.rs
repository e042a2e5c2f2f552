//! Strict parsing of `Authorization: Bearer <key>`. A request without the header is anonymous.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

use crate::domain::session::SessionKey;
use crate::http::error::HttpError;
use crate::messages::Message;

/// Returns the key of the request, if any.
///
/// # Errors
/// A 401 if the header is malformed.
pub fn bearer_key(headers: &HeaderMap) -> Result<Option<&str>, HttpError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let key = value.to_str().ok().and_then(key_of).filter(|_| values.next().is_none());
    key.map(Some)
        .ok_or_else(|| HttpError::unauthenticated(Message::AuthorizationMalformed))
}

/// Returns the key in the value of an `Authorization` header.
pub fn key_of(header: &str) -> Option<&str> {
    let (scheme, rest) = header.split_once(' ')?;
    let key = rest.trim_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && SessionKey::is_well_formed(key)).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_is_case_insensitive() {
        assert_eq!(key_of("bearer abc"), Some("abc"));
        assert_eq!(key_of("Bearer  abc"), Some("abc"));
    }

    #[test]
    fn malformed_headers_have_no_key() {
        let long = format!("Bearer {}", "k".repeat(56));
        for header in ["", "Bearer", "Bearer ", "abc", "Basic abc", "Bearer a b", &long] {
            assert_eq!(key_of(header), None, "{header:?}");
        }
    }

    #[test]
    fn a_key_of_55_characters_is_the_longest() {
        assert!(key_of(&format!("Bearer {}", "k".repeat(55))).is_some());
    }
}

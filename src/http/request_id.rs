//! Request ID, which links the report of a user to log lines.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use uuid::{Builder, Uuid};

pub const REQUEST_ID_HEADER: HeaderName = HeaderName::from_static("x-request-id");

const MAX_LENGTH: usize = 64;

/// Seeds of the new IDs of this process.
static SEEDS: LazyLock<[RandomState; 2]> = LazyLock::new(|| [RandomState::new(), RandomState::new()]);
/// Number of new IDs so far.
static COUNT: AtomicU64 = AtomicU64::new(0);

/// Request ID of 1–64 characters of `[A-Za-z0-9._-]`, safe in headers, JSON and log lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// Returns the client's `x-request-id` if it is valid, else a new random ID.
    pub fn from_headers(headers: &HeaderMap) -> Self {
        headers
            .get(REQUEST_ID_HEADER)
            .and_then(|value| value.to_str().ok())
            .filter(|text| is_valid(text))
            .map_or_else(Self::random, |text| Self(text.into()))
    }

    /// Returns a new random ID. It is unique, but not a secret: bytes from the operating system would cost a system
    /// call per request.
    pub fn random() -> Self {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let [high, low] = SEEDS.each_ref().map(|seed| u128::from(seed.hash_one(number)));
        let id = Builder::from_random_bytes(((high << 64) | low).to_ne_bytes()).into_uuid();
        let mut text = Uuid::encode_buffer();
        Self((&*id.hyphenated().encode_lower(&mut text)).into())
    }

    /// Returns the ID as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn header_value(&self) -> HeaderValue {
        HeaderValue::from_str(&self.0).expect("both ways of making a request id allow only visible ASCII")
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn is_valid(text: &str) -> bool {
    (1..=MAX_LENGTH).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_for(incoming: &str) -> RequestId {
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_ID_HEADER, HeaderValue::from_str(incoming).unwrap());
        RequestId::from_headers(&headers)
    }

    #[test]
    fn new_ids_are_different_and_of_version_4() {
        let ids: Vec<String> = (0..1_000).map(|_| RequestId::random().to_string()).collect();
        let distinct: std::collections::HashSet<&String> = ids.iter().collect();
        assert_eq!(distinct.len(), ids.len());
        assert_eq!(ids[0].parse::<Uuid>().unwrap().get_version_num(), 4);
    }

    #[test]
    fn a_valid_id_is_kept() {
        assert_eq!(id_for("trace-7.a_B").as_str(), "trace-7.a_B");
    }

    #[test]
    fn anything_else_is_replaced() {
        for bad in ["", "with space", "semi;colon", &"x".repeat(65)] {
            assert_ne!(id_for(bad).as_str(), bad);
        }
    }
}

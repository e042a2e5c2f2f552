//! Origin check for WebSocket handshakes, by the `Origin` header that browsers send.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, StatusCode};

use super::rate_limit::ClientQuota;
use crate::config::Origins;
use crate::http::error::HttpError;

/// Origins whose pages may call the customer APIs. Stored in the extensions of requests with an
/// `Origin` header.
#[derive(Clone)]
pub struct AllowedOrigins(pub Arc<Origins>);

/// Rejects a handshake from a page whose origin is neither newbee's own nor allow-listed. Clients other than browsers
/// send no origin.
///
/// # Errors
/// 403 for such a page.
pub fn check(request: &Request) -> Result<(), HttpError> {
    let Some(origin) = request.headers().get(ORIGIN) else {
        return Ok(());
    };
    let origins = request.extensions().get::<AllowedOrigins>();
    let origins = origins.map_or(&Origins::None, |origins| &origins.0);
    let is_behind_proxy = ClientQuota::of(request).is_behind_proxy();
    let is_allowed = origin.to_str().is_ok_and(|origin| {
        permits(
            origins,
            &origin.to_ascii_lowercase(),
            request.headers(),
            is_behind_proxy,
        )
    });
    is_allowed.then_some(()).ok_or_else(|| {
        HttpError::new(
            StatusCode::FORBIDDEN,
            "ORIGIN_NOT_ALLOWED",
            "Pages of this origin may not connect. List the origin in NEWBEE_CORS_ORIGINS (or --cors-origins).",
        )
    })
}

fn permits(origins: &Origins, origin: &str, headers: &HeaderMap, is_behind_proxy: bool) -> bool {
    match origins {
        Origins::Any => true,
        Origins::Listed(listed) if listed.iter().any(|listed| listed == origin) => true,
        Origins::Listed(_) | Origins::None => {
            let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
            // The own origin is that of the `Host` header, or of the host reported by a proxy.
            let forwarded = text("x-forwarded-host").filter(|_| is_behind_proxy);
            forwarded
                .or_else(|| text(HOST.as_str()))
                .is_some_and(|host| is_same(origin, host))
        }
    }
}

/// Returns true if an origin matches a host. The scheme is unknown, because a proxy may have terminated TLS.
fn is_same(origin: &str, host: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else {
        return false;
    };
    let usual_port = if scheme == "https" { ":443" } else { ":80" };
    let bare = |text: &str| {
        let text = text.trim().to_ascii_lowercase();
        text.strip_suffix(usual_port).map(str::to_owned).unwrap_or(text)
    };
    bare(authority) == bare(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(origins: &Origins, origin: &str, host: &'static str, forwarded: Option<&'static str>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        if let Some(forwarded) = forwarded {
            headers.insert("x-forwarded-host", forwarded.parse().unwrap());
        }
        permits(origins, origin, &headers, forwarded.is_some())
    }

    #[test]
    fn pages_of_the_own_origin_and_of_listed_ones_may_connect() {
        let own = Origins::None;
        assert!(allowed(&own, "http://127.0.0.1:8080", "127.0.0.1:8080", None));
        assert!(allowed(&own, "https://chat.example", "Chat.example:443", None));
        assert!(allowed(
            &own,
            "https://chat.example",
            "10.0.0.7:8080",
            Some("chat.example")
        ));
        assert!(!allowed(&own, "https://evil.example", "chat.example", None));
        assert!(!allowed(&own, "http://127.0.0.1:9090", "127.0.0.1:8080", None));
        assert!(!allowed(&own, "null", "chat.example", None));
        let listed = Origins::Listed(vec!["https://app.example".to_owned()]);
        assert!(allowed(&listed, "https://app.example", "api.example", None));
        assert!(!allowed(
            &listed,
            "https://app.example.evil.example",
            "api.example",
            None
        ));
        assert!(allowed(&Origins::Any, "null", "api.example", None));
    }
}

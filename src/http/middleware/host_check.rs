//! `Host` header check for services reachable only from this machine.
//!
//! A page of another site can resolve its own name to 127.0.0.1 (DNS rebinding) and then call a local service as
//! same-origin. The `Host` header of such a request still contains the name of that site.

use std::net::IpAddr;

use axum::Router;
use axum::extract::Request;
use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::middleware::{Next, from_fn};
use axum::response::Response;

use super::language;
use crate::http::error::HttpError;
use crate::http::request_id::{REQUEST_ID_HEADER, RequestId};

/// Hosts whose requests are answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AllowedHosts {
    /// Any host: a proxy in front passes on the public name.
    #[default]
    Any,
    /// `localhost`, its subdomains, and loopback addresses.
    Loopback,
}

const REFUSAL: &str = "This demo answers only requests for localhost, 127.0.0.1 or [::1], because its keys are public. Use one of \
    these in the address, or start the demo with --open-to-network.";

/// Rejects requests for other hosts with status 421, on every path of the router.
pub fn only_for_hosts(hosts: AllowedHosts, router: Router) -> Router {
    match hosts {
        AllowedHosts::Any => router,
        AllowedHosts::Loopback => router.layer(from_fn(check)),
    }
}

async fn check(request: Request, next: Next) -> Response {
    if is_for_loopback(request.uri(), request.headers()) {
        return next.run(request).await;
    }
    let id = RequestId::from_headers(request.headers());
    let language = language::from_headers(request.headers());
    let refusal = HttpError::new(StatusCode::MISDIRECTED_REQUEST, "HOST_NOT_ALLOWED", REFUSAL);
    let mut response = refusal.into_response(&id, language);
    response.headers_mut().insert(REQUEST_ID_HEADER, id.header_value());
    response
}

/// Returns true if the request names a host, and every host it names is a loopback host. In HTTP/2 the URI contains it.
fn is_for_loopback(uri: &Uri, headers: &HeaderMap) -> bool {
    let mut hosts = headers
        .get_all(HOST)
        .iter()
        .map(|value| Authority::try_from(value.as_bytes()).ok());
    let in_headers = headers.contains_key(HOST);
    let is_loopback = |authority: &Authority| !authority.as_str().contains('@') && is_loopback_host(authority.host());
    hosts.all(|host| host.as_ref().is_some_and(is_loopback)) && uri.authority().map_or(in_headers, is_loopback)
}

fn is_loopback_host(host: &str) -> bool {
    let address = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(host);
    if let Ok(address) = address.parse::<IpAddr>() {
        return address.to_canonical().is_loopback();
    }
    let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn passes(uri: &str, hosts: &[&'static str]) -> bool {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(HOST, HeaderValue::from_static(host));
        }
        is_for_loopback(&uri.parse().expect("a URI"), &headers)
    }

    #[test]
    fn only_loopback_hosts_are_accepted() {
        for host in [
            "localhost",
            "LOCALHOST:8080",
            "localhost.:8080",
            "newbee.localhost:8080",
            "127.0.0.1:8080",
            "127.8.9.1",
            "[::1]:8080",
            "[::ffff:127.0.0.1]",
        ] {
            assert!(passes("/graphql", &[host]), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:8080",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "evillocalhost",
            "192.168.1.5:8080",
            "[2001:db8::1]:8080",
            "localhost@evil.example",
            "evil.example@localhost",
            "",
        ] {
            assert!(!passes("/graphql", &[host]), "{host:?}");
        }
    }

    #[test]
    fn every_host_of_a_request_counts() {
        assert!(!passes("/graphql", &[]), "no host");
        assert!(!passes("/graphql", &["localhost", "evil.example"]));
        assert!(!passes("http://evil.example/graphql", &["localhost"]));
        assert!(!passes("http://localhost/graphql", &["evil.example"]));
        assert!(passes("http://localhost:8080/graphql", &["localhost:8080"]));
        assert!(passes("http://localhost:8080/graphql", &[]), "HTTP/2");
    }
}

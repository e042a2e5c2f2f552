//! Validation of the `Host` header, as required by RFC 9112 and RFC 9113.

use axum::http::header::HOST;
use axum::http::{Request, Version};
use axum::response::Response;

use crate::http::error::HttpError;
use crate::http::middleware::language;
use crate::http::request_id::{REQUEST_ID_HEADER, RequestId};

/// Returns an error reply if the request does not name exactly one host; `None` if it is valid.
pub fn refuse<B>(request: &Request<B>) -> Option<Response> {
    let refusal = check(request).err()?;
    let request_id = RequestId::from_headers(request.headers());
    let mut response = refusal.into_response(&request_id, language::from_headers(request.headers()));
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID_HEADER, request_id.header_value());
    Some(response)
}

fn check<B>(request: &Request<B>) -> Result<(), HttpError> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let (first, second) = (hosts.next(), hosts.next());
    if second.is_some() {
        return Err(HttpError::bad_request(
            "The header Host is sent more than once. Send it once.",
        ));
    }
    let authority = request.uri().authority();
    match (request.version(), first, authority) {
        // Health check tools send HTTP/1.0 requests without it; from HTTP/1.1 on it is required.
        (Version::HTTP_09 | Version::HTTP_10, None, _) => Ok(()),
        (Version::HTTP_2, None, Some(_)) => Ok(()),
        (_, None, _) => Err(HttpError::bad_request("The header Host is missing. Send it once.")),
        (Version::HTTP_2, Some(host), Some(authority))
            if !host.as_bytes().eq_ignore_ascii_case(authority.as_str().as_bytes()) =>
        {
            Err(HttpError::bad_request(
                "The header Host and the pseudo-header :authority differ. Send one of them.",
            ))
        }
        (_, Some(_), _) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_valid(version: Version, uri: &str, hosts: &[&str]) -> bool {
        let mut request = Request::builder().version(version).uri(uri);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        refuse(&request.body(()).unwrap()).is_none()
    }

    #[test]
    fn a_request_names_one_host() {
        assert!(is_valid(Version::HTTP_11, "/", &["newbee.example"]));
        assert!(!is_valid(Version::HTTP_11, "/", &[]));
        assert!(!is_valid(Version::HTTP_11, "/", &["a.example", "a.example"]));
        assert!(!is_valid(Version::HTTP_11, "http://a.example/", &[]));
        assert!(is_valid(Version::HTTP_10, "/", &[]));
        assert!(is_valid(Version::HTTP_2, "http://a.example/", &[]));
        assert!(is_valid(Version::HTTP_2, "http://a.example/", &["A.example"]));
        assert!(!is_valid(Version::HTTP_2, "http://a.example/", &["b.example"]));
        assert!(!is_valid(Version::HTTP_2, "/", &[]));
    }
}

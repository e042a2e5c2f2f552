//! HTTP client of webhooks: one request to a checked address.
//!
//! The address that is connected to is the one that was checked, and redirects are not followed: the owner of a URL cannot
//! lead requests into the installation's own network. No proxy of the environment is used, for the same reason.

use std::future::poll_fn;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use futures_util::TryFutureExt;
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

use crate::causes::one_line;
use crate::domain::endpoint::{EndpointRejection, is_public};
use crate::version::VERSION;

/// Time limit of one request, from the lookup of the host to the status.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
/// Time for which the body of a reply is read and dropped, after the status.
const TAKES_REPLY: Duration = Duration::from_secs(1);
/// Maximum length of a body that is read: the connection is closed within a longer one.
const MAX_REPLY_BYTES: usize = 64 * 1024;
/// Time limit of a connection to one address.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Maximum length of a URL.
const MAX_URL: usize = 2_000;

/// Trusts the certificate authorities of Mozilla's list, like the connections to Postgres.
static TLS: LazyLock<TlsConnector> =
    LazyLock::new(|| trusting(webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect()));

fn trusting(roots: RootCertStore) -> TlsConnector {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider supports the default versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

/// Reason why a request got no status.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    #[error("the host leads to a private address")]
    PrivateAddress,
    #[error("the host {0} cannot be found: {1}")]
    UnknownHost(String, std::io::Error),
    #[error("no connection: {0}")]
    NoConnection(std::io::Error),
    #[error("no TLS connection: {0}")]
    NoTls(std::io::Error),
    #[error("no reply: {0}")]
    NoReply(String),
    #[error("no reply within {} seconds", REQUEST_TIMEOUT.as_secs())]
    Late,
    #[error("the stored URL is not valid")]
    InvalidUrl,
}

/// Parsed URL of an endpoint.
#[derive(Clone, Debug)]
pub struct Target {
    uri: Uri,
    host: String,
    port: u16,
    is_https: bool,
    allows_private: bool,
}

impl Target {
    /// Parses a URL. `http` and private addresses must be allowed explicitly.
    ///
    /// # Errors
    /// If the URL is not valid for an endpoint.
    pub fn parse(url: &str, allows_private: bool) -> Result<Self, EndpointRejection> {
        let url = url.trim();
        let parsed = (url.len() <= MAX_URL && !url.contains('#'))
            .then(|| url.parse::<Uri>().ok())
            .flatten();
        let uri = parsed.ok_or(EndpointRejection::UrlInvalid)?;
        let authority = uri.authority().ok_or(EndpointRejection::UrlInvalid)?;
        let is_https = match uri.scheme_str() {
            Some("https") => true,
            Some("http") if allows_private => false,
            _ => return Err(EndpointRejection::UrlInvalid),
        };
        let host = authority
            .host()
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        if authority.as_str().contains('@') || host.is_empty() {
            return Err(EndpointRejection::UrlInvalid);
        }
        let port = match authority.port_u16() {
            Some(0) => return Err(EndpointRejection::UrlInvalid),
            Some(port) => port,
            None if authority.as_str().len() > authority.host().len() => return Err(EndpointRejection::UrlInvalid),
            None if is_https => 443,
            None => 80,
        };
        Ok(Self {
            host,
            port,
            is_https,
            allows_private,
            uri,
        })
    }

    /// Looks the host up, and returns its addresses that may be connected to.
    ///
    /// # Errors
    /// If it has none.
    pub async fn addresses(&self) -> Result<Vec<SocketAddr>, SendError> {
        let unknown = |error| SendError::UnknownHost(self.host.clone(), error);
        let found: Vec<SocketAddr> = match self.host.parse::<IpAddr>() {
            Ok(address) => vec![SocketAddr::new(address, self.port)],
            Err(_) => lookup_host((self.host.as_str(), self.port))
                .await
                .map_err(unknown)?
                .collect(),
        };
        if found.is_empty() {
            return Err(unknown(std::io::ErrorKind::NotFound.into()));
        }
        let usable: Vec<_> = found
            .into_iter()
            .filter(|address| self.allows_private || is_public(address.ip()))
            .collect();
        match usable.is_empty() {
            true => Err(SendError::PrivateAddress),
            false => Ok(usable),
        }
    }

    /// Posts a JSON body and returns the HTTP status of the reply. Ignores the body of the reply.
    ///
    /// # Errors
    /// If there is no reply in time.
    pub async fn post(&self, headers: &[(&'static str, String)], body: String) -> Result<u16, SendError> {
        self.post_over(&TLS, headers, body).await
    }

    async fn post_over(
        &self,
        tls: &TlsConnector,
        headers: &[(&'static str, String)],
        body: String,
    ) -> Result<u16, SendError> {
        let deadline = Instant::now() + REQUEST_TIMEOUT;
        let request = self.request(headers, body).ok_or(SendError::InvalidUrl)?;
        let stream = before(deadline, self.connect()).await?;
        if !self.is_https {
            return exchange(stream, request, deadline).await;
        }
        let name = ServerName::try_from(self.host.clone()).map_err(|_| SendError::InvalidUrl)?;
        let stream = before(deadline, tls.connect(name, stream).map_err(SendError::NoTls)).await?;
        exchange(stream, request, deadline).await
    }

    fn request(&self, headers: &[(&'static str, String)], body: String) -> Option<Request<String>> {
        let path = self.uri.path_and_query().map_or("/", |path| path.as_str());
        let mut request = Request::post(path)
            .header(HOST, self.uri.authority()?.as_str())
            .header(CONNECTION, "close")
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, format!("newbee/{VERSION}"));
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        request.body(body).ok()
    }

    async fn connect(&self) -> Result<TcpStream, SendError> {
        let mut last = std::io::Error::from(std::io::ErrorKind::NotConnected);
        for address in self.addresses().await? {
            match timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => last = error,
                Err(_) => last = std::io::ErrorKind::TimedOut.into(),
            }
        }
        Err(SendError::NoConnection(last))
    }
}

async fn before<T>(deadline: Instant, step: impl Future<Output = Result<T, SendError>>) -> Result<T, SendError> {
    timeout_at(deadline, step).await.unwrap_or(Err(SendError::Late))
}

/// Sends a request and returns the status of the reply.
async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<String>,
    deadline: Instant,
) -> Result<u16, SendError> {
    let failed = |error: hyper::Error| SendError::NoReply(one_line(&error.into()));
    let handshake = http1::handshake(TokioIo::new(stream)).map_err(failed);
    let (mut sender, connection) = before(deadline, handshake).await?;
    let mut replied = pin!(async {
        let reply = before(deadline, sender.send_request(request).map_err(failed)).await?;
        let status = reply.status().as_u16();
        // A reply that is not taken may be an error at the other end. It cannot fail the request any more.
        let _ = timeout(TAKES_REPLY, take(reply.into_body())).await;
        Ok(status)
    });
    tokio::select! {
        biased;
        replied = &mut replied => replied,
        _ = connection => replied.await,
    }
}

/// Reads a body up to a maximum length, and drops it.
async fn take(mut body: Incoming) {
    let mut length = 0;
    while let Some(Ok(frame)) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        length += frame.data_ref().map_or(0, |data| data.len());
        if length > MAX_REPLY_BYTES {
            break;
        }
    }
}

#[cfg(test)]
mod tests;

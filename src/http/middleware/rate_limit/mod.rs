//! Rate limits: per address before anything is read, per key before the database is queried.
//!
//! - An address has a rate for all its requests, and a tenth of it for unknown keys. Unknown keys are counted after the
//!   lookup: valid keys from the same address are served however many unknown ones are sent from there.
//! - A key that proved valid has its own rate. Other keys have none, so that invented keys take no memory.
//!
//! All state is in the memory of this process: with several replicas behind a load balancer, rates multiply by their
//! number.

mod limiter;

use std::hash::Hash;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::response::Response;
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};

use self::limiter::Limiter;
use super::access_log::AccessLog;
use super::log_sampler::LogSampler;
use crate::config::{AccessSettings, Rate};
use crate::http::error::HttpError;
pub use crate::http::limits::client_address::{ClientAddress, TrustedProxies};
pub use crate::http::limits::socket_places::KeyHash;
use crate::http::request_id::RequestId;
use crate::metrics;
use crate::metrics::RateKind;

/// Maximum number of keys of one kind remembered as valid.
const MAX_GOOD_KEYS: usize = 50_000;
/// Divisor of an address's rate that gives its rate of unknown keys.
const UNKNOWN_KEYS_PART: u32 = 10;
/// Ratio of the rate of an API key to that of a session: a host application sends requests for all of its users.
const API_KEY_FACTOR: u32 = 10;

/// Additional cost of each root field of a mutation by a session, in requests: writes contend for locks, and one
/// request may contain many.
const SESSION_MUTATION_COST: u32 = 4;
/// The same for an API key, whose single mutation may write thousands of rows.
const API_KEY_MUTATION_COST: u32 = 1;

/// Peer address of a connection. The server stores it in the extensions of each request.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// Kinds of keys, each with its own rate. A session is counted over all endpoints together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    Session,
    ApiKey,
}

impl KeyKind {
    fn rate(self) -> RateKind {
        match self {
            Self::Session => RateKind::Session,
            Self::ApiKey => RateKind::ApiKey,
        }
    }
}

/// Rate limits of one process.
pub struct Rates {
    proxies: TrustedProxies,
    addresses: Option<Limiter>,
    unknown_keys: Option<Limiter>,
    sessions: KeyRates,
    api_keys: KeyRates,
    log_sampler: Arc<LogSampler>,
}

struct KeyRates {
    limiter: Option<Limiter>,
    good: Cache<KeyHash, ()>,
}

impl Rates {
    pub fn new(settings: &AccessSettings) -> Self {
        let (session, address) = (settings.session_rate, settings.address_rate);
        Self {
            proxies: TrustedProxies::new(settings.trusted_proxies.clone()),
            addresses: address.map(Limiter::without_bursts),
            unknown_keys: address.map(|rate| Limiter::new(part(rate, UNKNOWN_KEYS_PART))),
            sessions: KeyRates::new(session),
            api_keys: KeyRates::new(session.map(|rate| times(rate, API_KEY_FACTOR))),
            log_sampler: Arc::new(LogSampler::new()),
        }
    }

    fn of(&self, kind: KeyKind) -> &KeyRates {
        match kind {
            KeyKind::Session => &self.sessions,
            KeyKind::ApiKey => &self.api_keys,
        }
    }
}

impl KeyRates {
    fn new(rate: Option<Rate>) -> Self {
        Self {
            limiter: rate.map(Limiter::new),
            good: Cache::new(MAX_GOOD_KEYS),
        }
    }
}

fn part(rate: Rate, divisor: u32) -> Rate {
    let requests = NonZeroU32::new(rate.requests.get() / divisor).unwrap_or(NonZeroU32::MIN);
    Rate { requests, ..rate }
}

fn times(rate: Rate, factor: u32) -> Rate {
    let requests = rate
        .requests
        .saturating_mul(NonZeroU32::new(factor).unwrap_or(NonZeroU32::MIN));
    Rate { requests, ..rate }
}

/// The rate limit is exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooOften {
    /// Whole seconds, at least one, until the next request is allowed.
    pub retry_after: u64,
}

impl TooOften {
    /// Creates the error and increments the metric.
    fn of(kind: RateKind, wait: Duration) -> Self {
        metrics::rate_limited(kind);
        let whole = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Self {
            retry_after: whole.max(1),
        }
    }
}

/// Counts one request of a client, if there is a limit.
fn take(limiter: Option<&Limiter>, client: &impl Hash, kind: RateKind) -> Result<(), TooOften> {
    let taken = limiter.map_or(Ok(()), |limiter| limiter.take(client));
    taken.map_err(|wait| TooOften::of(kind, wait))
}

impl From<TooOften> for HttpError {
    fn from(too_often: TooOften) -> Self {
        HttpError::rate_limited(too_often.retry_after)
    }
}

/// Rate-limit key of a client by address, and the limits that count it. Stored in the extensions of every request.
#[derive(Clone)]
pub struct ClientQuota {
    rates: Arc<Rates>,
    address: ClientAddress,
    is_behind_proxy: bool,
}

impl ClientQuota {
    /// Returns the value that [`by_address`] stored.
    ///
    /// # Panics
    /// Panics if the request did not pass [`by_address`].
    pub fn of(request: &Request) -> Self {
        let found = request.extensions().get::<Self>();
        found.expect("the router lets every request pass by_address").clone()
    }

    /// Returns the client address.
    pub fn address(&self) -> ClientAddress {
        self.address
    }

    /// Counts an additional request of the address, on a connection that is already open.
    ///
    /// # Errors
    /// [`TooOften`] if the rate of the address is exceeded.
    pub fn admit_address(&self) -> Result<(), TooOften> {
        take(self.rates.addresses.as_ref(), &self.address, RateKind::Address)
    }

    /// Returns the sampler for log lines about rejected requests.
    pub fn log_sampler(&self) -> Arc<LogSampler> {
        Arc::clone(&self.rates.log_sampler)
    }

    /// Returns true if a trusted proxy forwarded the request.
    pub fn is_behind_proxy(&self) -> bool {
        self.is_behind_proxy
    }

    /// Admits a key for lookup; call it before querying the database. Report the result of the lookup to
    /// [`AdmittedKey::record_key_result`].
    ///
    /// # Errors
    /// [`TooOften`] if the key is known to be valid and has exceeded its rate.
    pub fn admit_key(&self, kind: KeyKind, key: &str) -> Result<AdmittedKey, TooOften> {
        let hash: KeyHash = Sha256::digest(key.as_bytes()).into();
        let rates = self.rates.of(kind);
        let known = rates.good.get(&hash).is_some();
        if known {
            take(rates.limiter.as_ref(), &hash, kind.rate())?;
        }
        Ok(AdmittedKey {
            rates: Arc::clone(&self.rates),
            address: self.address,
            kind,
            hash,
            known,
        })
    }
}

/// A key admitted for lookup.
pub struct AdmittedKey {
    rates: Arc<Rates>,
    address: ClientAddress,
    kind: KeyKind,
    hash: KeyHash,
    known: bool,
}

impl AdmittedKey {
    /// Charges the root fields of a mutation to the rate of a valid key.
    ///
    /// # Errors
    /// [`TooOften`] if the rate of the key is exceeded.
    pub fn charge_mutations(&self, root_fields: u32) -> Result<(), TooOften> {
        let Some(limiter) = &self.rates.of(self.kind).limiter else {
            return Ok(());
        };
        let cost = match self.kind {
            KeyKind::Session => SESSION_MUTATION_COST,
            KeyKind::ApiKey => API_KEY_MUTATION_COST,
        };
        let taken = limiter.take_more(&self.hash, root_fields.saturating_mul(cost));
        taken.map_err(|wait| TooOften::of(self.kind.rate(), wait))
    }

    /// Returns true if this process has found the key valid before.
    pub fn is_known(&self) -> bool {
        self.known
    }

    /// Returns the hash of the key.
    pub fn hash(&self) -> KeyHash {
        self.hash
    }

    /// Records whether the key is valid. A valid key counts by its own rate from now on.
    ///
    /// # Errors
    /// [`TooOften`] if its address has sent too many invalid keys.
    pub fn record_key_result(&self, is_good: bool) -> Result<(), TooOften> {
        let rates = self.rates.of(self.kind);
        if is_good && !self.known {
            rates.good.insert(self.hash, ());
            if let Some(limiter) = &rates.limiter {
                // The first request is counted as well, but never rejected.
                let _ = limiter.take(&self.hash);
            }
        }
        if is_good {
            return Ok(());
        }
        if self.known {
            rates.good.remove(&self.hash);
        }
        take(self.rates.unknown_keys.as_ref(), &self.address, RateKind::NewKey)
    }
}

/// Renders the rejection of a request, and returns its error codes for the log.
pub type RenderRefusal = fn(&Request, &RequestId, TooOften) -> (Response, Vec<String>);

/// State of [`by_address`].
#[derive(Clone)]
pub struct AddressLimit {
    pub rates: Arc<Rates>,
    pub render: RenderRefusal,
}

/// Determines the [`ClientQuota`] of every request, and rejects requests of an address that exceeds its rate. Health
/// probes are exempt, because a load balancer would take a busy process for a dead one.
///
/// # Errors
/// The reply to a rejected request.
pub fn by_address(limit: &AddressLimit, request: &mut Request) -> Result<(), Box<Response>> {
    let rates = &limit.rates;
    let peer = request
        .extensions()
        .get::<Peer>()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
    let quota = ClientQuota {
        rates: Arc::clone(rates),
        address: ClientAddress::from(rates.proxies.client(peer, request.headers())),
        is_behind_proxy: rates.proxies.include(peer.to_canonical()),
    };
    if !is_probe(request.uri().path())
        && let Err(too_often) = quota.admit_address()
    {
        return Err(Box::new(refuse(request, too_often, limit)));
    }
    request.extensions_mut().insert(quota);
    Ok(())
}

/// Returns true if a path is a health probe.
pub fn is_probe(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz")
}

/// Renders a rejection in the format of the path, and logs it.
fn refuse(request: &Request, too_often: TooOften, limit: &AddressLimit) -> Response {
    let request_id = request
        .extensions()
        .get::<RequestId>()
        .cloned()
        .unwrap_or_else(RequestId::random);
    let mut log = AccessLog::start(&request_id, Arc::clone(&limit.rates.log_sampler));
    let (response, codes) = (limit.render)(request, &request_id, too_often);
    log.answered(response.status(), &codes);
    response
}

#[cfg(test)]
mod tests;

//! How often a caller may ask: by address before anything is read, by key before the database is asked.
//!
//! - An address has a rate for whatever it asks, and a tenth of it for keys that turn out to be unknown. Those are counted
//!   after they were looked up: good keys from the same address are served however many others are sent from there.
//! - A key that proved good has a rate of its own. Keys that did not have none, so that nobody fills memory by inventing some.
//!
//! All of it is in this process's memory: behind a balancer, rates multiply by the number of replicas.

mod limiter;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
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

/// Keys of one kind that are remembered as good.
const MAX_GOOD_KEYS: usize = 50_000;
/// Divisor of an address's rate that gives its rate of unknown keys.
const UNKNOWN_KEYS_PART: u32 = 10;
/// How much more often than a session an API key may ask: a host asks for all of its users.
const API_KEY_FACTOR: u32 = 10;

/// What each root field of a mutation costs, in requests, beyond the request itself: writes wait for each other's locks, and many
/// fit into one request.
const SESSION_MUTATION_COST: u32 = 4;
/// The same by an API key, whose one mutation may write thousands of rows in any case.
const API_KEY_MUTATION_COST: u32 = 1;

/// The other end of a request's connection; whatever serves puts it into the request's extensions.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// The kinds of keys, each with a rate of its own. A session counts at every endpoint together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    Session,
    ApiKey,
}

/// The rates of one process.
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

/// A caller asked too often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooOften {
    /// Whole seconds, at least one, until the next request will do.
    pub retry_after: u64,
}

impl TooOften {
    /// Counts it, too.
    fn of(kind: RateKind, wait: Duration) -> Self {
        metrics::rate_limited(kind);
        let whole = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Self {
            retry_after: whole.max(1),
        }
    }
}

impl From<TooOften> for HttpError {
    fn from(too_often: TooOften) -> Self {
        HttpError::rate_limited(too_often.retry_after)
    }
}

/// Who asks, as far as addresses tell, and the rates that count it. Every request has one in its extensions.
#[derive(Clone)]
pub struct ClientQuota {
    rates: Arc<Rates>,
    address: ClientAddress,
    is_behind_proxy: bool,
}

impl ClientQuota {
    /// The one that [`by_address`] found.
    pub fn of(request: &Request) -> Self {
        let found = request.extensions().get::<Self>();
        found.expect("the router lets every request pass by_address").clone()
    }

    /// The address that it asks from.
    pub fn address(&self) -> ClientAddress {
        self.address
    }

    /// Counts one more that its address asks, beyond the request itself.
    ///
    /// # Errors
    /// When the address asked too often.
    pub fn admit_address(&self) -> Result<(), TooOften> {
        match &self.rates.addresses {
            Some(addresses) => addresses
                .take(&self.address)
                .map_err(|wait| TooOften::of(RateKind::Address, wait)),
            None => Ok(()),
        }
    }

    /// The sampler of the log lines about refused requests.
    pub fn log_sampler(&self) -> Arc<LogSampler> {
        Arc::clone(&self.rates.log_sampler)
    }

    /// Whether a trusted proxy passed the request on.
    pub fn is_behind_proxy(&self) -> bool {
        self.is_behind_proxy
    }

    /// Lets a key through to be looked up; to be asked before the database is. What came of it is then to be reported to
    /// [`AdmittedKey::judge`].
    ///
    /// # Errors
    /// When a key that is known to be good asked too often.
    pub fn admit_key(&self, kind: KeyKind, key: &str) -> Result<AdmittedKey, TooOften> {
        let hash: KeyHash = Sha256::digest(key.as_bytes()).into();
        let rates = self.rates.of(kind);
        let known = rates.good.get(&hash).is_some();
        if known && let Some(limiter) = &rates.limiter {
            let rate = match kind {
                KeyKind::Session => RateKind::Session,
                KeyKind::ApiKey => RateKind::ApiKey,
            };
            limiter.take(&hash).map_err(|wait| TooOften::of(rate, wait))?;
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

/// A key that may be looked up.
pub struct AdmittedKey {
    rates: Arc<Rates>,
    address: ClientAddress,
    kind: KeyKind,
    hash: KeyHash,
    known: bool,
}

impl AdmittedKey {
    /// Takes what root fields of a mutation cost off the rate of a key that is good.
    ///
    /// # Errors
    /// When the key asked too often.
    pub fn charge_mutations(&self, root_fields: u32) -> Result<(), TooOften> {
        let (cost, rate) = match self.kind {
            KeyKind::Session => (SESSION_MUTATION_COST, RateKind::Session),
            KeyKind::ApiKey => (API_KEY_MUTATION_COST, RateKind::ApiKey),
        };
        match &self.rates.of(self.kind).limiter {
            Some(limiter) => limiter
                .take_more(&self.hash, root_fields.saturating_mul(cost))
                .map_err(|wait| TooOften::of(rate, wait)),
            None => Ok(()),
        }
    }

    /// Whether this process has found the key good before.
    pub fn is_known(&self) -> bool {
        self.known
    }

    /// The hash of the key.
    pub fn hash(&self) -> KeyHash {
        self.hash
    }

    /// Records whether the key is good. One that is counts by its own rate from now on.
    ///
    /// # Errors
    /// When its address sent too many keys that are not.
    pub fn record_key_result(&self, is_good: bool) -> Result<(), TooOften> {
        let rates = self.rates.of(self.kind);
        if is_good && !self.known {
            rates.good.insert(self.hash, ());
            if let Some(limiter) = &rates.limiter {
                // This first request counts as well; it is let through in any case.
                let _ = limiter.take(&self.hash);
            }
        }
        if is_good {
            return Ok(());
        }
        if self.known {
            rates.good.remove(&self.hash);
        }
        match &self.rates.unknown_keys {
            Some(limiter) => limiter
                .take(&self.address)
                .map_err(|wait| TooOften::of(RateKind::NewKey, wait)),
            None => Ok(()),
        }
    }
}

/// Renders the refusal of a request, and returns the error codes in it for the log.
pub type RenderRefusal = fn(&Request, &RequestId, TooOften) -> (Response, Vec<String>);

/// State of [`by_address`].
#[derive(Clone)]
pub struct AddressLimit {
    pub rates: Arc<Rates>,
    pub render: RenderRefusal,
}

/// Around every request: finds its [`ClientQuota`], and refuses whose address asked too often. Probes of health are answered in
/// any case: a balancer would take a busy process for a dead one.
pub async fn by_address(State(limit): State<AddressLimit>, mut request: Request, next: Next) -> Response {
    let rates = &limit.rates;
    let peer = request
        .extensions()
        .get::<Peer>()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
    let address = ClientAddress::from(rates.proxies.client(peer, request.headers()));
    let path = request.uri().path();
    if let Some(addresses) = &rates.addresses
        && !is_probe(path)
        && let Err(wait) = addresses.take(&address)
    {
        return refuse(&request, TooOften::of(RateKind::Address, wait), &limit);
    }
    let is_behind_proxy = rates.proxies.include(peer.to_canonical());
    request.extensions_mut().insert(ClientQuota {
        rates: Arc::clone(rates),
        address,
        is_behind_proxy,
    });
    next.run(request).await
}

/// Whether a path is one of the probes of health.
pub fn is_probe(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz")
}

/// Renders a refusal in the format of the path, and logs it.
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

//! How often a caller may ask: by address before anything is read, by key before the database is asked.
//!
//! - An address has a rate for whatever it asks, and a tenth of it for keys that are new to this process. Whoever guesses
//!   keys uses that up, and whoever has a good one does so once.
//! - A key that proved good has a rate of its own. Keys that did not have none, so that nobody fills memory by inventing some.
//!
//! All of it is in this process's memory: behind a balancer, rates multiply by the number of replicas.

mod client_address;
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

pub(super) use self::client_address::ClientAddress;
use self::client_address::TrustedProxies;
use self::limiter::Limiter;
use super::language;
use super::legacy;
use super::operation_log::OperationLog;
use super::refusal::Refusal;
use super::request_id::RequestId;
use crate::config::{DoorSettings, Rate};
use crate::metrics::{self, RateKind};

/// Keys of one kind that are remembered as good.
const MOST_GOOD_KEYS: usize = 50_000;
/// What part of an address's rate may be by keys that are new here.
const NEW_KEYS_PART: u32 = 10;
/// How much more often than a session an API key may ask: a host asks for all of its users.
const API_KEY_FACTOR: u32 = 10;

/// What each root field of a mutation costs, in requests, beyond the request itself: writes wait for each other's locks, and many
/// fit into one request.
const SESSION_MUTATION_COST: u32 = 4;
/// The same by an API key, whose one mutation may write thousands of rows in any case.
const API_KEY_MUTATION_COST: u32 = 1;

/// The other end of a request's connection; whatever serves puts it into the request's extensions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) SocketAddr);

/// The kinds of keys, each with a rate of its own. A session counts at every door together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    Session,
    ApiKey,
}

/// The rates of one process.
pub(super) struct Rates {
    proxies: TrustedProxies,
    addresses: Option<Limiter>,
    new_keys: Option<Limiter>,
    sessions: KeyRates,
    api_keys: KeyRates,
}

struct KeyRates {
    limiter: Option<Limiter>,
    good: Cache<KeyHash, ()>,
}

type KeyHash = [u8; 32];

impl Rates {
    pub(super) fn new(settings: &DoorSettings) -> Self {
        let (session, address) = (settings.session_rate, settings.address_rate);
        Self {
            proxies: TrustedProxies::new(settings.trusted_proxies.clone()),
            addresses: address.map(Limiter::without_bursts),
            new_keys: address.map(|rate| Limiter::new(part(rate, NEW_KEYS_PART))),
            sessions: KeyRates::new(session),
            api_keys: KeyRates::new(session.map(|rate| times(rate, API_KEY_FACTOR))),
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
            good: Cache::new(MOST_GOOD_KEYS),
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
pub(super) struct TooOften {
    /// Whole seconds, at least one, until the next request will do.
    pub(super) retry_after: u64,
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

impl From<TooOften> for Refusal {
    fn from(too_often: TooOften) -> Self {
        Refusal::rate_limited(too_often.retry_after)
    }
}

/// Who asks, as far as addresses tell, and the rates that count it. Every request has one in its extensions.
#[derive(Clone)]
pub(super) struct Caller {
    rates: Arc<Rates>,
    address: ClientAddress,
}

impl Caller {
    /// The one that [`by_address`] found.
    pub(super) fn of(request: &Request) -> Self {
        let found = request.extensions().get::<Self>();
        found.expect("the router lets every request pass by_address").clone()
    }

    /// The address that it asks from.
    pub(super) fn address(&self) -> ClientAddress {
        self.address
    }

    /// Counts one more that its address asks, beyond the request itself.
    ///
    /// # Errors
    /// When the address asked too often.
    pub(super) fn admit_address(&self) -> Result<(), TooOften> {
        match &self.rates.addresses {
            Some(addresses) => addresses
                .take(&self.address)
                .map_err(|wait| TooOften::of(RateKind::Address, wait)),
            None => Ok(()),
        }
    }

    /// Lets a key through to be looked up; to be asked before the database is. What came of it is then to be told.
    ///
    /// # Errors
    /// When the key, or its address by keys that are new here, asked too often.
    pub(super) fn admit_key(&self, kind: KeyKind, key: &str) -> Result<AdmittedKey, TooOften> {
        let hash: KeyHash = Sha256::digest(key.as_bytes()).into();
        let rates = self.rates.of(kind);
        let known = rates.good.get(&hash).is_some();
        let (limiter, rate) = match (known, kind) {
            (true, KeyKind::Session) => (&rates.limiter, RateKind::Session),
            (true, KeyKind::ApiKey) => (&rates.limiter, RateKind::ApiKey),
            (false, _) => (&self.rates.new_keys, RateKind::NewKey),
        };
        if let Some(limiter) = limiter {
            let taken = if known {
                limiter.take(&hash)
            } else {
                limiter.take(&self.address)
            };
            taken.map_err(|wait| TooOften::of(rate, wait))?;
        }
        Ok(AdmittedKey {
            rates: Arc::clone(&self.rates),
            kind,
            hash,
            known,
        })
    }
}

/// A key that may be looked up.
pub(super) struct AdmittedKey {
    rates: Arc<Rates>,
    kind: KeyKind,
    hash: KeyHash,
    known: bool,
}

impl AdmittedKey {
    /// Takes what root fields of a mutation cost off the rate of a key that is good.
    ///
    /// # Errors
    /// When the key asked too often.
    pub(super) fn charge_mutations(&self, root_fields: u32) -> Result<(), TooOften> {
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

    /// Tells whether the key is good. One that is counts by its own rate from now on.
    pub(super) fn judge(&self, is_good: bool) {
        let rates = self.rates.of(self.kind);
        match (self.known, is_good) {
            (false, true) => {
                rates.good.insert(self.hash, ());
                if let Some(limiter) = &rates.limiter {
                    // This first request counts as well; it is let through in any case.
                    let _ = limiter.take(&self.hash);
                }
            }
            (true, false) => {
                rates.good.remove(&self.hash);
            }
            _ => {}
        }
    }
}

/// Around every request: finds its [`Caller`], and refuses whose address asked too often. Probes of health are answered in
/// any case: a balancer would take a busy process for a dead one.
pub(super) async fn by_address(State(rates): State<Arc<Rates>>, mut request: Request, next: Next) -> Response {
    let peer = request
        .extensions()
        .get::<Peer>()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
    let address = ClientAddress::from(rates.proxies.client(peer, request.headers()));
    let path = request.uri().path();
    if let Some(addresses) = &rates.addresses
        && !matches!(path, "/healthz" | "/readyz")
        && let Err(wait) = addresses.take(&address)
    {
        return refuse(&request, TooOften::of(RateKind::Address, wait));
    }
    request.extensions_mut().insert(Caller { rates, address });
    next.run(request).await
}

fn is_legacy(path: &str) -> bool {
    path == "/customer" || path.starts_with("/customer/")
}

/// In the words of the door that was asked, and with its line in the log.
fn refuse(request: &Request, too_often: TooOften) -> Response {
    let request_id = request
        .extensions()
        .get::<RequestId>()
        .cloned()
        .unwrap_or_else(RequestId::random);
    let mut log = OperationLog::start(&request_id);
    if is_legacy(request.uri().path()) {
        let (response, codes) = legacy::refuse_asked_too_often(too_often);
        log.answered(response.status(), &codes);
        return response;
    }
    let refusal = Refusal::from(too_often);
    let codes = [refusal.code().to_owned()];
    let response = refusal.into_response(&request_id, language::from_headers(request.headers()));
    log.answered(response.status(), &codes);
    response
}

#[cfg(test)]
mod tests;

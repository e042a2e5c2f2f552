//! Sender of a request: its key, which is rate-limited before it is looked up, and the data that replies need.

use std::sync::Arc;

use super::authenticator::{AuthUnavailable, Authenticator};
use crate::domain::language::Language;
use crate::http::error::HttpError;
use crate::http::limits::admission::Admission;
use crate::http::middleware::log_sampler::LogSampler;
use crate::http::middleware::rate_limit::{AdmittedKey, ClientAddress, ClientQuota, KeyHash, TooOften};
use crate::http::request_id::RequestId;
use crate::messages::Message;

/// Sender of a request, before its key is looked up.
#[derive(Clone)]
pub struct Requester {
    key: Option<Key>,
    rates: ClientQuota,
    pub request_id: RequestId,
    pub language: Language,
}

/// A key that passed the rate limit and may be looked up.
#[derive(Clone)]
struct Key {
    text: String,
    admitted: Arc<AdmittedKey>,
}

impl Requester {
    /// Creates an anonymous requester; [`Self::take_key`] adds a key.
    pub fn new(rates: ClientQuota, request_id: RequestId, language: Language) -> Self {
        Self {
            key: None,
            rates,
            request_id,
            language,
        }
    }

    /// Sets the key of the requester and counts the request against the key's rate.
    ///
    /// # Errors
    /// [`TooOften`] if the rate of the key or of the client address is exceeded.
    pub fn take_key<A: Authenticator>(&mut self, key: &str) -> Result<(), TooOften> {
        let admitted = self.rates.admit_key(A::KEYS, key)?;
        self.key = Some(Key {
            text: key.to_owned(),
            admitted: Arc::new(admitted),
        });
        Ok(())
    }

    /// Counts a message on an open connection as a request.
    ///
    /// # Errors
    /// [`TooOften`] if the rate is exceeded.
    pub fn admit_message(&self) -> Result<(), TooOften> {
        self.rates.admit_address()
    }

    /// Returns the requester for another operation on the same connection, and counts it against the rate of the key.
    ///
    /// # Errors
    /// [`TooOften`] if the rate is exceeded.
    pub fn for_next_operation<A: Authenticator>(&self) -> Result<Self, TooOften> {
        let mut again = Self::new(self.rates.clone(), RequestId::random(), self.language);
        if let Some(key) = self.key() {
            again.take_key::<A>(key)?;
        }
        Ok(again)
    }

    /// Charges the root fields of a mutation to the rate of the key, which must have been found valid.
    ///
    /// # Errors
    /// [`TooOften`] if the rate of the key is exceeded.
    pub fn charge_mutations(&self, root_fields: u32) -> Result<(), TooOften> {
        match &self.key {
            Some(key) => key.admitted.charge_mutations(root_fields),
            None => Ok(()),
        }
    }

    /// Returns true if this process has found the key valid before.
    pub fn is_known(&self) -> bool {
        self.key.as_ref().is_some_and(|key| key.admitted.is_known())
    }

    /// Returns the key, if one was sent.
    pub fn key(&self) -> Option<&str> {
        self.key.as_ref().map(|key| key.text.as_str())
    }

    /// Returns the address of a client that sent no key.
    pub fn visitor(&self) -> Option<ClientAddress> {
        self.key.is_none().then(|| self.rates.address())
    }

    /// Returns the hash of the key, if one was sent.
    pub fn key_hash(&self) -> Option<KeyHash> {
        self.key.as_ref().map(|key| key.admitted.hash())
    }

    /// Returns the sampler for log lines about rejected requests.
    pub fn log_sampler(&self) -> Arc<LogSampler> {
        self.rates.log_sampler()
    }

    /// Returns the client address that requests are counted for.
    pub fn address(&self) -> ClientAddress {
        self.rates.address()
    }

    /// Resolves the caller before any other work for the request. Keys not known to be valid wait for one of a few
    /// places, so that lookups of invented keys cannot starve valid ones.
    ///
    /// # Errors
    /// As [`Self::find_caller`], and a 503 if no place becomes free in time.
    pub async fn find_caller_first<A: Authenticator>(
        &self,
        authenticator: &A,
        admission: &Admission,
    ) -> Result<Option<A::Caller>, HttpError> {
        let _lookup = match self.is_known() {
            true => None,
            false => Some(admission.key_lookup(self.address()).await?),
        };
        self.find_caller(authenticator).await
    }

    /// Returns the caller that the key identifies; `None` if no key was sent.
    ///
    /// # Errors
    /// A 401 if the key is invalid, a 429 if the client sends too many invalid keys, a 503 if the lookup failed.
    pub async fn find_caller<A: Authenticator>(&self, authenticator: &A) -> Result<Option<A::Caller>, HttpError> {
        let Some(key) = &self.key else { return Ok(None) };
        let found = authenticator.authenticate(&key.text).await;
        self.conclude::<A, _>(key, found).map(Some)
    }

    /// Returns the caller of a query, whose key [`Self::check_deferred`] must check before the reply; `None` if the key
    /// must be looked up first.
    pub fn defer<A: Authenticator>(&self, authenticator: &A) -> Option<A::Caller> {
        authenticator.defer(self.key()?)
    }

    /// Checks the key of a caller from [`Self::defer`].
    ///
    /// # Errors
    /// As [`Self::find_caller`].
    pub async fn check_deferred<A: Authenticator>(
        &self,
        authenticator: &A,
        caller: &A::Caller,
    ) -> Result<(), HttpError> {
        let Some(key) = &self.key else { return Ok(()) };
        let is_good = authenticator.check(caller).await;
        self.conclude::<A, _>(key, is_good.map(|is_good| is_good.then_some(())))
    }

    fn conclude<A: Authenticator, T>(
        &self,
        key: &Key,
        found: Result<Option<T>, AuthUnavailable>,
    ) -> Result<T, HttpError> {
        match found {
            Ok(found) => {
                key.admitted.record_key_result(found.is_some())?;
                found.ok_or_else(|| HttpError::unauthenticated(A::UNKNOWN_KEY))
            }
            Err(unavailable) => {
                tracing::error!(request_id = %self.request_id, cause = %unavailable, "failed to look up a caller");
                Err(HttpError::try_again(Message::KeysNotChecked))
            }
        }
    }
}

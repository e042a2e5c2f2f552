//! Who asks: the key that came along, counted by the rates before anything is looked up, and what replies need to know.

use std::sync::Arc;

use super::authenticator::Authenticator;
use crate::domain::language::Language;
use crate::http::error::HttpError;
use crate::http::limits::admission::Admission;
use crate::http::middleware::log_sampler::LogSampler;
use crate::http::middleware::rate_limit::{AdmittedKey, ClientAddress, ClientQuota, KeyHash, TooOften};
use crate::http::request_id::RequestId;
use crate::messages::Message;

/// Who asks, as far as the request says.
#[derive(Clone)]
pub struct Requester {
    key: Option<Key>,
    rates: ClientQuota,
    pub request_id: RequestId,
    pub language: Language,
}

/// A key that may be looked up.
#[derive(Clone)]
struct Key {
    text: String,
    admitted: Arc<AdmittedKey>,
}

impl Requester {
    /// A visitor, until a key is taken.
    pub fn new(rates: ClientQuota, request_id: RequestId, language: Language) -> Self {
        Self {
            key: None,
            rates,
            request_id,
            language,
        }
    }

    /// Asks by a key from now on. What came with a request counts as one more of that key.
    pub fn take_key<A: Authenticator>(&mut self, key: &str) -> Result<(), TooOften> {
        let admitted = self.rates.admit_key(A::KEYS, key)?;
        self.key = Some(Key {
            text: key.to_owned(),
            admitted: Arc::new(admitted),
        });
        Ok(())
    }

    /// Counts a message over a connection that is open, as if it were a request.
    pub fn admit_message(&self) -> Result<(), TooOften> {
        self.rates.admit_address()
    }

    /// The same client with something more to ask over the connection that it has: one more of its key.
    pub fn for_next_operation<A: Authenticator>(&self) -> Result<Self, TooOften> {
        let mut again = Self::new(self.rates.clone(), RequestId::random(), self.language);
        if let Some(key) = self.key() {
            again.take_key::<A>(key)?;
        }
        Ok(again)
    }

    /// Takes what root fields of a mutation cost off the rate of the key, which was found good.
    ///
    /// # Errors
    /// When the key asked too often.
    pub fn charge_mutations(&self, root_fields: u32) -> Result<(), TooOften> {
        match &self.key {
            Some(key) => key.admitted.charge_mutations(root_fields),
            None => Ok(()),
        }
    }

    /// The key, if one was sent.
    pub fn key(&self) -> Option<&str> {
        self.key.as_ref().map(|key| key.text.as_str())
    }

    /// The address of a client that sent no key.
    pub fn visitor(&self) -> Option<ClientAddress> {
        self.key.is_none().then(|| self.rates.address())
    }

    /// The hash of the key, if one was sent.
    pub fn key_hash(&self) -> Option<KeyHash> {
        self.key.as_ref().map(|key| key.admitted.hash())
    }

    /// The sampler of the log lines about refused requests.
    pub fn log_sampler(&self) -> Arc<LogSampler> {
        self.rates.log_sampler()
    }

    /// The address that this counts for.
    pub fn address(&self) -> ClientAddress {
        self.rates.address()
    }

    /// Finds the caller before anything else is done for the request. Keys that are not known to be good wait for one of few
    /// places, so that invented ones cannot keep the database from those that are.
    pub async fn find_caller_first<A: Authenticator>(
        &self,
        authenticator: &A,
        admission: &Admission,
    ) -> Result<Option<A::Caller>, HttpError> {
        let is_known = self.key.as_ref().is_some_and(|key| key.admitted.is_known());
        let _lookup = match is_known {
            true => None,
            false => Some(admission.key_lookup(self.address()).await?),
        };
        self.find_caller(authenticator).await
    }

    /// Whom the key stands for, if one was sent; a refusal when it is no good, or cannot be looked up.
    pub async fn find_caller<A: Authenticator>(&self, authenticator: &A) -> Result<Option<A::Caller>, HttpError> {
        let Some(key) = &self.key else { return Ok(None) };
        match authenticator.authenticate(&key.text).await {
            Ok(found) => {
                key.admitted.record_key_result(found.is_some())?;
                found
                    .map(Some)
                    .ok_or_else(|| HttpError::unauthenticated(A::UNKNOWN_KEY))
            }
            Err(unavailable) => {
                tracing::error!(request_id = %self.request_id, cause = %unavailable, "a caller could not be looked up");
                Err(HttpError::try_again(Message::KeysNotChecked))
            }
        }
    }
}

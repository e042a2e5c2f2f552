//! Interface between the GraphQL endpoints and the lookup of session and API keys.

use std::future::Future;
use std::sync::Arc;

use crate::http::middleware::rate_limit::KeyKind;
use crate::messages::Message;

/// Resolves keys to callers. Implemented by the session batcher; tests use a fake.
pub trait Authenticator: Send + Sync + 'static {
    /// The caller that a valid key identifies.
    type Caller: Clone + Send + Sync + 'static;

    /// The kind of key, which selects its rate limit.
    const KEYS: KeyKind = KeyKind::Session;
    /// Message for a request without a key, if a key is required; `None` if anonymous requests are allowed.
    const MISSING_KEY: Option<Message> = None;
    /// Message for an unknown key. It does not reveal whether the key was ever valid.
    const UNKNOWN_KEY: Message = Message::SessionKeyUnknown;

    /// Looks up a key of 1–55 visible ASCII characters. Returns `None` if it is unknown, expired or revoked.
    ///
    /// # Errors
    /// [`AuthUnavailable`] if the lookup failed.
    fn authenticate(&self, key: &str) -> impl Future<Output = Result<Option<Self::Caller>, AuthUnavailable>> + Send;

    /// Returns a caller whose key is looked up while its query is executed, at the latest by [`Self::check`]; `None` if
    /// the key must be looked up first.
    fn defer(&self, _key: &str) -> Option<Self::Caller> {
        None
    }

    /// Returns true if the key of a caller from [`Self::defer`] is valid.
    ///
    /// # Errors
    /// [`AuthUnavailable`] if the lookup failed.
    fn check(&self, _caller: &Self::Caller) -> impl Future<Output = Result<bool, AuthUnavailable>> + Send {
        std::future::ready(Ok(true))
    }
}

impl<A: Authenticator> Authenticator for Arc<A> {
    type Caller = A::Caller;

    const KEYS: KeyKind = A::KEYS;
    const MISSING_KEY: Option<Message> = A::MISSING_KEY;
    const UNKNOWN_KEY: Message = A::UNKNOWN_KEY;

    fn authenticate(&self, key: &str) -> impl Future<Output = Result<Option<Self::Caller>, AuthUnavailable>> + Send {
        A::authenticate(self, key)
    }

    fn defer(&self, key: &str) -> Option<Self::Caller> {
        A::defer(self, key)
    }

    fn check(&self, caller: &Self::Caller) -> impl Future<Output = Result<bool, AuthUnavailable>> + Send {
        A::check(self, caller)
    }
}

/// The key lookup failed. The text is logged and never sent to the client.
#[derive(Clone, Debug, thiserror::Error)]
#[error("session lookup failed: {0}")]
pub struct AuthUnavailable(pub String);

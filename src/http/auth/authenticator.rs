//! Who calls: what the endpoint asks of the module that knows session keys.

use std::future::Future;
use std::sync::Arc;

use crate::http::middleware::rate_limit::KeyKind;
use crate::messages::Message;

/// What the endpoint needs to know of a caller. The batcher of sessions implements it; tests use a fake.
pub trait Authenticator: Send + Sync + 'static {
    /// Whom a good key stands for.
    type Caller: Send + 'static;

    /// By which rate its keys count.
    const KEYS: KeyKind = KeyKind::Session;
    /// What is said where a key is needed and none was sent; `None` where visitors are welcome.
    const MISSING_KEY: Option<Message> = None;
    /// What is said of a key that stands for nobody: no word on whether it ever did.
    const UNKNOWN_KEY: Message = Message::SessionKeyUnknown;

    /// Looks a key up; `None` for one that is unknown, expired or revoked. The key is 1 to 55 visible ASCII characters.
    fn authenticate(&self, key: &str) -> impl Future<Output = Result<Option<Self::Caller>, AuthUnavailable>> + Send;
}

impl<A: Authenticator> Authenticator for Arc<A> {
    type Caller = A::Caller;

    const KEYS: KeyKind = A::KEYS;
    const MISSING_KEY: Option<Message> = A::MISSING_KEY;
    const UNKNOWN_KEY: Message = A::UNKNOWN_KEY;

    fn authenticate(&self, key: &str) -> impl Future<Output = Result<Option<Self::Caller>, AuthUnavailable>> + Send {
        A::authenticate(self, key)
    }
}

/// Keys cannot be looked up at the moment. The text goes into the log, never to the caller.
#[derive(Clone, Debug, thiserror::Error)]
#[error("sessions cannot be looked up: {0}")]
pub struct AuthUnavailable(pub String);

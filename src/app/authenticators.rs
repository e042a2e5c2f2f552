//! Authentication of users by session key, and of API callers by API key.

use std::sync::Arc;

use super::DemoKeys;
use crate::domain::api_key::ApiKey;
use crate::domain::id::UserId;
use crate::domain::session::SessionKey;
use crate::graphql::ApiCaller;
use crate::http::{AuthUnavailable, Authenticator, KeyKind};
use crate::loaders::Viewer;
use crate::messages::Message;
use crate::state::AppState;
use crate::store::api_keys;
use crate::store::transaction::retrying_idempotent;

/// Authenticates users by session key.
pub struct SessionKeys {
    pub state: AppState,
    pub demo_keys: DemoKeys,
}

impl SessionKeys {
    /// Returns a key that can be valid in this process.
    fn parse(&self, key: &str) -> Option<SessionKey> {
        SessionKey::parse(key).filter(|key| !key.is_public_demo_key() || self.demo_keys == DemoKeys::Taken)
    }
}

impl Authenticator for SessionKeys {
    type Caller = UserId;

    async fn authenticate(&self, key: &str) -> Result<Option<UserId>, AuthUnavailable> {
        let Some(key) = self.parse(key) else {
            return Ok(None);
        };
        let found = self
            .state
            .sessions
            .authenticate(key.hash(), self.state.clock.now())
            .await;
        found.map_err(|error| AuthUnavailable(error.to_string()))
    }
}

/// Authenticates the viewers of the customer API: keys of queries are looked up by the first read of the viewer.
pub struct Viewers(pub Arc<SessionKeys>);

impl Authenticator for Viewers {
    type Caller = Viewer;

    async fn authenticate(&self, key: &str) -> Result<Option<Viewer>, AuthUnavailable> {
        let found = self.0.authenticate(key).await?;
        Ok(found.map(Viewer::known))
    }

    fn defer(&self, key: &str) -> Option<Viewer> {
        let key = self.0.parse(key)?;
        let state = &self.0.state;
        Some(Viewer::of_key(key.hash(), state.clock.now(), state.sessions.clone()))
    }

    async fn check(&self, viewer: &Viewer) -> Result<bool, AuthUnavailable> {
        let found = viewer.user().await;
        found
            .map(|user| user.is_some())
            .map_err(|error| AuthUnavailable(error.to_string()))
    }
}

/// Authenticates callers by API key: queries the database each time, so that revocation is effective immediately.
pub struct ApiKeys {
    pub state: AppState,
    pub demo_keys: DemoKeys,
}

impl Authenticator for ApiKeys {
    type Caller = ApiCaller;

    const KEYS: KeyKind = KeyKind::ApiKey;
    const MISSING_KEY: Option<Message> = Some(Message::ApiKeyNeeded);
    const UNKNOWN_KEY: Message = Message::ApiKeyUnknown;

    async fn authenticate(&self, key: &str) -> Result<Option<ApiCaller>, AuthUnavailable> {
        let Some(key) = ApiKey::parse(key) else {
            return Ok(None);
        };
        if key.is_public_demo_key() && self.demo_keys == DemoKeys::Refused {
            return Ok(None);
        }
        let found = retrying_idempotent!(api_keys::find_live(&self.state.pools.admin, key.hash()));
        let found = found.map_err(|error| AuthUnavailable(error.to_string()))?;
        Ok(found.map(|key| ApiCaller::with_key(key.name, key.scopes)))
    }
}

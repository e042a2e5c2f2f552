//! Creating and revoking API keys.

use crate::store::bounded::{PgPool, PgTransaction};
use serde_json::json;

use super::{Failure, ServiceError, random_bytes};
use crate::domain::api_key::{ApiKey, Scope, is_valid_key_name};
use crate::domain::audit::{Author, Change};
use crate::domain::rejection::Rejection;
use crate::store::{api_keys, audit_log};

pub use crate::store::api_keys::ApiKeyRecord;

/// Reason why a key was not created or revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiKeyRejection {
    #[error(
        "A key's name is 1–40 characters: lowercase letters, digits, hyphens or underscores, starting with a letter."
    )]
    NameInvalid,
    #[error("The name is or was used by another key and appears in the audit log. Choose another name.")]
    NameTaken,
    #[error("A key needs at least one scope: host, ops-read, ops-write, ops-grant or act.")]
    NoScope,
    #[error("No key has this name. To list the keys: newbee key list")]
    NameUnknown,
}

impl Rejection for ApiKeyRejection {}

/// A new key that is not stored yet. [`NewApiKey::keep`] stores it; a key that is dropped without that call is never
/// stored. So the key can be shown first, and no unusable key is left behind if showing it fails.
pub struct NewApiKey {
    pub key: ApiKey,
    transaction: PgTransaction<'static>,
}

impl NewApiKey {
    /// Stores the key and returns it.
    ///
    /// # Errors
    /// If the database fails; the key is then not stored.
    pub async fn keep(self) -> Result<ApiKey, ServiceError> {
        self.transaction.commit().await?;
        Ok(self.key)
    }
}

/// Creates and stores a key. Its clear text is available only in the result.
///
/// # Errors
/// If the request is rejected, or the database fails.
pub async fn make_api_key(
    pool: &PgPool,
    name: &str,
    scopes: &[Scope],
    author: &Author,
) -> Result<ApiKey, Failure<ApiKeyRejection>> {
    let new = prepare_api_key(pool, name, scopes, author).await?;
    Ok(new.keep().await?)
}

/// Creates a key that is not stored yet.
///
/// # Errors
/// If the request is rejected, or the database fails.
pub async fn prepare_api_key(
    pool: &PgPool,
    name: &str,
    scopes: &[Scope],
    author: &Author,
) -> Result<NewApiKey, Failure<ApiKeyRejection>> {
    if !is_valid_key_name(name) {
        return Err(ApiKeyRejection::NameInvalid.into());
    }
    let mut scopes = scopes.to_vec();
    scopes.sort_unstable();
    scopes.dedup();
    if scopes.is_empty() {
        return Err(ApiKeyRejection::NoScope.into());
    }
    let key = ApiKey::from_random(random_bytes());
    let mut transaction = pool.begin().await?;
    if !api_keys::insert(&mut *transaction, name, key.hash(), &scopes, &author.name, author.at).await? {
        return Err(ApiKeyRejection::NameTaken.into());
    }
    let scopes: Vec<_> = scopes.iter().map(|scope| scope.name()).collect();
    let made = Change {
        action: "make_api_key",
        subject: format!("api_key:{name}"),
        user_id: None,
        reason: None,
        before: None,
        after: Some(json!({ "scopes": scopes })),
    };
    audit_log::record(&mut transaction, author, &[made]).await?;
    Ok(NewApiKey { key, transaction })
}

/// Revokes a key with immediate effect. Returns true if the key was valid until now.
///
/// # Errors
/// If the request is rejected, or the database fails.
pub async fn revoke_api_key(pool: &PgPool, name: &str, author: &Author) -> Result<bool, Failure<ApiKeyRejection>> {
    let mut transaction = pool.begin().await?;
    let Some(key) = api_keys::lock(&mut *transaction, name).await? else {
        return Err(ApiKeyRejection::NameUnknown.into());
    };
    if key.revoked_at.is_some() {
        return Ok(false);
    }
    api_keys::revoke(&mut *transaction, name, &author.name, author.at).await?;
    let revoked = Change {
        action: "revoke_api_key",
        subject: format!("api_key:{name}"),
        user_id: None,
        reason: None,
        before: Some(json!({ "revokedAt": null })),
        after: Some(json!({ "revokedAt": author.at })),
    };
    audit_log::record(&mut transaction, author, &[revoked]).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Returns true if the key with a name is not revoked. Names are never used again.
///
/// # Errors
/// If the database fails.
pub async fn has_live_key(pool: &PgPool, name: &str) -> Result<bool, ServiceError> {
    Ok(api_keys::is_live(pool, name).await?)
}

/// Returns all keys, oldest first.
///
/// # Errors
/// If the database fails.
pub async fn list_api_keys(pool: &PgPool) -> Result<Vec<ApiKeyRecord>, ServiceError> {
    Ok(api_keys::list(pool).await?)
}

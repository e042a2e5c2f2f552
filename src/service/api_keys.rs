//! Making and revoking API keys.

use crate::store::bounded::PgPool;
use serde_json::json;

use super::{ServiceError, random_bytes};
use crate::domain::api_key::{ApiKey, Scope, is_key_name};
use crate::domain::audit::{Author, Change};
use crate::store::{api_keys, audit_log};

pub use crate::store::api_keys::ApiKeyRecord;

/// Why a key was not made or revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiKeyRefusal {
    #[error("A key's name has small letters, digits, hyphens and underscores, at most 40, and begins with a letter.")]
    NameInvalid,
    #[error("There is or was a key of this name, and the audit log knows it by that. Choose another name.")]
    NameTaken,
    #[error("A key needs at least one scope: host, ops-read or ops-write.")]
    NoScope,
    #[error("There is no key of this name. See: newbee key list")]
    NameUnknown,
}

/// Makes a key. The only time that it is seen in clear is in this answer.
pub async fn make_api_key(
    pool: &PgPool,
    name: &str,
    scopes: &[Scope],
    author: &Author,
) -> Result<Result<ApiKey, ApiKeyRefusal>, ServiceError> {
    if !is_key_name(name) {
        return Ok(Err(ApiKeyRefusal::NameInvalid));
    }
    let mut scopes = scopes.to_vec();
    scopes.sort_unstable();
    scopes.dedup();
    if scopes.is_empty() {
        return Ok(Err(ApiKeyRefusal::NoScope));
    }
    let key = ApiKey::from_random(random_bytes());
    let mut transaction = pool.begin().await?;
    if !api_keys::insert(&mut *transaction, name, key.hash(), &scopes, &author.name, author.at).await? {
        return Ok(Err(ApiKeyRefusal::NameTaken));
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
    transaction.commit().await?;
    Ok(Ok(key))
}

/// Ends a key at once; whether it was still good.
pub async fn revoke_api_key(
    pool: &PgPool,
    name: &str,
    author: &Author,
) -> Result<Result<bool, ApiKeyRefusal>, ServiceError> {
    let mut transaction = pool.begin().await?;
    let Some(key) = api_keys::lock(&mut *transaction, name).await? else {
        return Ok(Err(ApiKeyRefusal::NameUnknown));
    };
    if key.revoked_at.is_some() {
        return Ok(Ok(false));
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
    Ok(Ok(true))
}

/// All keys, the oldest first.
pub async fn list_api_keys(pool: &PgPool) -> Result<Vec<ApiKeyRecord>, ServiceError> {
    Ok(api_keys::list(pool).await?)
}

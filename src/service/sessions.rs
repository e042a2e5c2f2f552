//! Issuing, registering and revoking session keys.

use chrono::TimeDelta;
use sqlx::PgPool;

use super::{ServiceError, random_bytes};
use crate::domain::business_day::Moment;
use crate::domain::id::UserId;
use crate::domain::session::{MAX_KEY_LENGTH, MIN_REGISTERED_KEY_LENGTH, SessionKey};
use crate::store::sessions::{self, NewSession, SessionOrigin};
use crate::store::users;

/// Why a key was not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SessionRefusal {
    #[error("There is no user of this id. Register the user first: newbee user add")]
    UserUnknown,
    #[error(
        "A key of the host has {MIN_REGISTERED_KEY_LENGTH} to {MAX_KEY_LENGTH} visible ASCII characters, without spaces."
    )]
    KeyInvalid,
    #[error("This key is registered already. A key is registered once, for one user.")]
    KeyTaken,
    #[error("This is one of the demo's public keys: everybody knows it. Choose a key that is hard to guess.")]
    KeyPublic,
}

/// Makes a new key for a user. The only time that it is seen in clear is in this answer.
pub async fn issue(
    pool: &PgPool,
    user: UserId,
    moment: Moment,
    lifetime: TimeDelta,
) -> Result<Result<SessionKey, SessionRefusal>, ServiceError> {
    let key = SessionKey::from_random(random_bytes());
    Ok(keep(pool, user, &key, SessionOrigin::Issued, moment, lifetime)
        .await?
        .map(|()| key))
}

/// Keeps a key that the host made.
pub async fn register(
    pool: &PgPool,
    user: UserId,
    key: &str,
    moment: Moment,
    lifetime: TimeDelta,
) -> Result<Result<(), SessionRefusal>, ServiceError> {
    let Some(key) = SessionKey::parse(key).filter(|key| key.reveal().len() >= MIN_REGISTERED_KEY_LENGTH) else {
        return Ok(Err(SessionRefusal::KeyInvalid));
    };
    if key.is_public_demo_key() {
        return Ok(Err(SessionRefusal::KeyPublic));
    }
    keep(pool, user, &key, SessionOrigin::Registered, moment, lifetime).await
}

async fn keep(
    pool: &PgPool,
    user_id: UserId,
    key: &SessionKey,
    origin: SessionOrigin,
    moment: Moment,
    lifetime: TimeDelta,
) -> Result<Result<(), SessionRefusal>, ServiceError> {
    if !users::exists(pool, user_id).await? {
        return Ok(Err(SessionRefusal::UserUnknown));
    }
    let session = NewSession {
        key_hash: key.hash(),
        user_id,
        origin,
        created_at: moment.at,
        expires_at: moment.at + lifetime,
    };
    let kept = sessions::insert(pool, session).await?;
    Ok(if kept { Ok(()) } else { Err(SessionRefusal::KeyTaken) })
}

/// Ends one key; `None` when it is unknown, else whether it was still good.
pub async fn revoke(pool: &PgPool, key: &SessionKey, moment: Moment) -> Result<Option<bool>, ServiceError> {
    Ok(sessions::revoke(pool, key.hash(), moment.at).await?)
}

/// Ends every key of a user; how many were still good.
pub async fn revoke_all_of(pool: &PgPool, user: UserId, moment: Moment) -> Result<u64, ServiceError> {
    Ok(sessions::revoke_all_of(pool, user, moment.at).await?)
}

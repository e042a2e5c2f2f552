//! Issuing, registering and revoking session keys.

use crate::store::bounded::{PgConnection, PgPool, PgTransaction};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::{Failure, ServiceError, random_bytes};
use crate::domain::audit::{Author, Change};
use crate::domain::id::UserId;
use crate::domain::session::{SessionKey, SessionRejection, is_valid_lifetime};
use crate::domain::task::MAX_IDEMPOTENCY_KEY_LENGTH;
use crate::domain::user::UnknownUser;
use crate::store::sessions::{self, NewSession, SessionOrigin};
use crate::store::{audit_log, users};

/// A new key in clear text, which is available only here.
#[derive(Clone, Debug)]
pub struct IssuedSession {
    pub key: SessionKey,
    pub expires_at: DateTime<Utc>,
}

/// Outcome of registering a key of the host application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegisteredSession {
    pub expires_at: DateTime<Utc>,
    /// True if it was registered before for this user and is still valid: nothing was changed.
    pub repeated: bool,
}

/// A new key that is not stored yet. [`UnstoredSession::keep`] stores it; a key that is dropped without that call is
/// never stored. So the key can be shown first, and no unusable key is left behind if showing it fails.
pub struct UnstoredSession {
    pub issued: IssuedSession,
    transaction: PgTransaction<'static>,
}

impl UnstoredSession {
    /// Stores the key and returns it.
    ///
    /// # Errors
    /// If the database fails; the key is then not stored.
    pub async fn keep(self) -> Result<IssuedSession, ServiceError> {
        self.transaction.commit().await?;
        Ok(self.issued)
    }
}

/// Creates a key like [`prepare`] and stores it.
///
/// # Errors
/// Like [`prepare`].
pub async fn issue(
    pool: &PgPool,
    user_id: UserId,
    lifetime: TimeDelta,
    request_key: Option<&str>,
    author: &Author,
) -> Result<IssuedSession, Failure<SessionRejection>> {
    let unstored = prepare(pool, user_id, lifetime, request_key, author).await?;
    Ok(unstored.keep().await?)
}

/// Creates a key for a user that is not stored yet. A repeated `request_key` ends the key created before and creates
/// another one: a key cannot be shown twice, and a lost reply leaves no unused valid key behind.
///
/// # Errors
/// If the request is rejected, or the database fails.
pub async fn prepare(
    pool: &PgPool,
    user_id: UserId,
    lifetime: TimeDelta,
    request_key: Option<&str>,
    author: &Author,
) -> Result<UnstoredSession, Failure<SessionRejection>> {
    if !is_valid_lifetime(lifetime) {
        return Err(SessionRejection::LifetimeInvalid.into());
    }
    if request_key.is_some_and(|key| {
        !(1..=MAX_IDEMPOTENCY_KEY_LENGTH).contains(&key.chars().count()) || key.contains(char::is_control)
    }) {
        return Err(SessionRejection::RequestKeyInvalid.into());
    }
    let key = SessionKey::from_random(random_bytes());
    let session = NewSession {
        key_hash: key.hash(),
        user_id,
        origin: SessionOrigin::Issued,
        created_at: author.at,
        expires_at: author.at + lifetime,
        request_key,
    };
    let mut transaction = pool.begin().await?;
    // Locks the user, so that two requests with one key are processed in sequence.
    if !users::lock(&mut *transaction, user_id).await? {
        return Err(SessionRejection::from(UnknownUser::Unknown).into());
    }
    if let Some(request_key) = request_key {
        sessions::revoke_of_request(&mut *transaction, user_id, request_key, author.at).await?;
    }
    if !sessions::insert(&mut *transaction, session).await? {
        return Err(ServiceError::InconsistentData("a random key already exists").into());
    }
    record_change(
        &mut transaction,
        author,
        "issue_session",
        user_id,
        Some(session.expires_at),
    )
    .await?;
    let issued = IssuedSession {
        key,
        expires_at: session.expires_at,
    };
    Ok(UnstoredSession { issued, transaction })
}

/// Registers a key created by the host application. The same key for the same user changes nothing.
///
/// # Errors
/// If the request is rejected, or the database fails.
pub async fn register(
    pool: &PgPool,
    user_id: UserId,
    key: &str,
    lifetime: TimeDelta,
    author: &Author,
) -> Result<RegisteredSession, Failure<SessionRejection>> {
    let Some(key) = SessionKey::parse(key) else {
        return Err(SessionRejection::KeyInvalid.into());
    };
    if key.is_public_demo_key() {
        return Err(SessionRejection::KeyPublic.into());
    }
    if !key.may_be_registered() {
        return Err(SessionRejection::KeyInvalid.into());
    }
    if !is_valid_lifetime(lifetime) {
        return Err(SessionRejection::LifetimeInvalid.into());
    }
    let session = NewSession {
        key_hash: key.hash(),
        user_id,
        origin: SessionOrigin::Registered,
        created_at: author.at,
        expires_at: author.at + lifetime,
        request_key: None,
    };
    let mut transaction = pool.begin().await?;
    if !users::lock(&mut *transaction, user_id).await? {
        return Err(SessionRejection::from(UnknownUser::Unknown).into());
    }
    if sessions::insert(&mut *transaction, session).await? {
        // Checked after the insert, which waits for a concurrent deletion whose hash becomes visible only then.
        if sessions::has_ended(&mut *transaction, session.key_hash).await? {
            transaction.rollback().await?;
            return Err(SessionRejection::KeyEnded.into());
        }
        record_change(
            &mut transaction,
            author,
            "register_session",
            user_id,
            Some(session.expires_at),
        )
        .await?;
        transaction.commit().await?;
        return Ok(RegisteredSession {
            expires_at: session.expires_at,
            repeated: false,
        });
    }
    let kept = sessions::find(&mut *transaction, key.hash()).await?;
    let kept = kept.ok_or(ServiceError::InconsistentData("a registered key has no row"))?;
    if kept.user_id != user_id.0 {
        return Err(SessionRejection::KeyTaken.into());
    }
    if kept.revoked_at.is_some() || kept.expires_at <= author.at {
        return Err(SessionRejection::KeyEnded.into());
    }
    Ok(RegisteredSession {
        expires_at: kept.expires_at,
        repeated: true,
    })
}

/// Ends one key. Returns `None` if it is unknown, otherwise true if it was still valid.
///
/// # Errors
/// If the database fails.
pub async fn revoke(pool: &PgPool, key: &SessionKey, author: &Author) -> Result<Option<bool>, ServiceError> {
    let mut transaction = pool.begin().await?;
    let revoked = sessions::revoke(&mut *transaction, key.hash(), author.at).await?;
    if let Some((user, true)) = revoked {
        record_change(&mut transaction, author, "revoke_session", user, None).await?;
    }
    transaction.commit().await?;
    Ok(revoked.map(|(_, was_good)| was_good))
}

/// Ends all keys of a user. Returns the number of keys that were still valid.
///
/// # Errors
/// If the database fails.
pub async fn revoke_all_of(pool: &PgPool, user: UserId, author: &Author) -> Result<u64, ServiceError> {
    let mut transaction = pool.begin().await?;
    let revoked = sessions::revoke_all_of(&mut *transaction, user, author.at).await?;
    if revoked > 0 {
        record_change(&mut transaction, author, "revoke_sessions", user, None).await?;
    }
    transaction.commit().await?;
    Ok(revoked)
}

/// Records the owner and the end of a key. The key itself is not recorded, not even as a hash.
async fn record_change(
    connection: &mut PgConnection,
    author: &Author,
    action: &'static str,
    user: UserId,
    expires_at: Option<DateTime<Utc>>,
) -> sqlx::Result<()> {
    let change = Change {
        action,
        subject: format!("user:{}", user.0),
        user_id: Some(user),
        reason: None,
        before: None,
        after: expires_at.map(|expires_at| json!({ "expiresAt": expires_at })),
    };
    audit_log::record(connection, author, &[change]).await
}

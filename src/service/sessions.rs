//! Issuing, registering and revoking session keys.

use crate::store::bounded::{PgConnection, PgPool, PgTransaction};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::{ServiceError, random_bytes};
use crate::domain::audit::{Author, Change};
use crate::domain::id::UserId;
use crate::domain::session::{SessionKey, SessionRejection, is_valid_lifetime};
use crate::domain::task::MAX_IDEMPOTENCY_KEY_LENGTH;
use crate::store::sessions::{self, NewSession, SessionOrigin};
use crate::store::{audit_log, users};

/// A new key. The only time that it is seen in clear is in this answer.
#[derive(Clone, Debug)]
pub struct IssuedSession {
    pub key: SessionKey,
    pub expires_at: DateTime<Utc>,
}

/// What became of a key of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegisteredSession {
    pub expires_at: DateTime<Utc>,
    /// It was registered before, for this user, and is still good: nothing was changed.
    pub repeated: bool,
}

/// A new key that is not stored yet: [`UnstoredSession::keep`] stores it, and dropped without that it never existed. So a key
/// can be shown first, and none is left behind that could not be.
pub struct UnstoredSession {
    pub issued: IssuedSession,
    transaction: PgTransaction<'static>,
}

impl UnstoredSession {
    /// Stores the key and returns it.
    ///
    /// # Errors
    /// The database's; then there is no such key.
    pub async fn keep(self) -> Result<IssuedSession, ServiceError> {
        self.transaction.commit().await?;
        Ok(self.issued)
    }
}

/// Creates a key like [`prepare`] and stores it.
///
/// # Errors
/// Those of [`prepare`].
pub async fn issue(
    pool: &PgPool,
    user_id: UserId,
    lifetime: TimeDelta,
    request_key: Option<&str>,
    author: &Author,
) -> Result<Result<IssuedSession, SessionRejection>, ServiceError> {
    match prepare(pool, user_id, lifetime, request_key, author).await? {
        Ok(unstored) => Ok(Ok(unstored.keep().await?)),
        Err(refusal) => Ok(Err(refusal)),
    }
}

/// Creates a key for a user that is not stored yet. With the same `request_key` again, the key that was created before ends
/// and another is created: a key cannot be shown twice, and a lost reply leaves no key behind that nobody knows.
///
/// # Errors
/// The database's.
pub async fn prepare(
    pool: &PgPool,
    user_id: UserId,
    lifetime: TimeDelta,
    request_key: Option<&str>,
    author: &Author,
) -> Result<Result<UnstoredSession, SessionRejection>, ServiceError> {
    if !is_valid_lifetime(lifetime) {
        return Ok(Err(SessionRejection::LifetimeInvalid));
    }
    if request_key.is_some_and(|key| {
        !(1..=MAX_IDEMPOTENCY_KEY_LENGTH).contains(&key.chars().count()) || key.contains(char::is_control)
    }) {
        return Ok(Err(SessionRejection::RequestKeyInvalid));
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
    // Holds the user, so that two requests with one key follow each other.
    if !users::lock(&mut *transaction, user_id).await? {
        return Ok(Err(SessionRejection::UserUnknown));
    }
    if let Some(request_key) = request_key {
        sessions::revoke_of_request(&mut *transaction, user_id, request_key, author.at).await?;
    }
    if !sessions::insert(&mut *transaction, session).await? {
        return Err(ServiceError::InconsistentData("a random key was there before"));
    }
    tell(
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
    Ok(Ok(UnstoredSession { issued, transaction }))
}

/// Keeps a key that the host made. The same key again, for the same user, changes nothing.
pub async fn register(
    pool: &PgPool,
    user_id: UserId,
    key: &str,
    lifetime: TimeDelta,
    author: &Author,
) -> Result<Result<RegisteredSession, SessionRejection>, ServiceError> {
    let Some(key) = SessionKey::parse(key) else {
        return Ok(Err(SessionRejection::KeyInvalid));
    };
    if key.is_public_demo_key() {
        return Ok(Err(SessionRejection::KeyPublic));
    }
    if !key.may_be_registered() {
        return Ok(Err(SessionRejection::KeyInvalid));
    }
    if !is_valid_lifetime(lifetime) {
        return Ok(Err(SessionRejection::LifetimeInvalid));
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
        return Ok(Err(SessionRejection::UserUnknown));
    }
    if sessions::insert(&mut *transaction, session).await? {
        // Asked after the insert: it waits for a deletion that is under way, whose hash is visible only then.
        if sessions::has_ended(&mut *transaction, session.key_hash).await? {
            transaction.rollback().await?;
            return Ok(Err(SessionRejection::KeyEnded));
        }
        tell(
            &mut transaction,
            author,
            "register_session",
            user_id,
            Some(session.expires_at),
        )
        .await?;
        transaction.commit().await?;
        return Ok(Ok(RegisteredSession {
            expires_at: session.expires_at,
            repeated: false,
        }));
    }
    let kept = sessions::find(&mut *transaction, key.hash()).await?;
    let kept = kept.ok_or(ServiceError::InconsistentData("a key that is kept and not there"))?;
    Ok(if kept.user_id != user_id.0 {
        Err(SessionRejection::KeyTaken)
    } else if kept.revoked_at.is_some() || kept.expires_at <= author.at {
        Err(SessionRejection::KeyEnded)
    } else {
        Ok(RegisteredSession {
            expires_at: kept.expires_at,
            repeated: true,
        })
    })
}

/// Ends one key; `None` when it is unknown, else whether it was still good.
pub async fn revoke(pool: &PgPool, key: &SessionKey, author: &Author) -> Result<Option<bool>, ServiceError> {
    let mut transaction = pool.begin().await?;
    let revoked = sessions::revoke(&mut *transaction, key.hash(), author.at).await?;
    if let Some((user, true)) = revoked {
        tell(&mut transaction, author, "revoke_session", user, None).await?;
    }
    transaction.commit().await?;
    Ok(revoked.map(|(_, was_good)| was_good))
}

/// Ends every key of a user; how many were still good.
pub async fn revoke_all_of(pool: &PgPool, user: UserId, author: &Author) -> Result<u64, ServiceError> {
    let mut transaction = pool.begin().await?;
    let revoked = sessions::revoke_all_of(&mut *transaction, user, author.at).await?;
    if revoked > 0 {
        tell(&mut transaction, author, "revoke_sessions", user, None).await?;
    }
    transaction.commit().await?;
    Ok(revoked)
}

/// The key itself is nobody's business, not even as a hash: the log says whose it is and when it ends.
async fn tell(
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
